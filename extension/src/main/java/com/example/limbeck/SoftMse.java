package com.example.limbeck;

import dev.limbeck.distill.loss.LogitLoss;
import dev.limbeck.distill.loss.LogitLossType;
import dev.limbeck.distill.loss.LossSetting;
import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compute a power of the difference of the softened probabilities, reduced over the classes. Takes N×classes logits.
 *
 * @param temperature positive
 * @param power even, at least 2
 * @param over {@code sum} or {@code mean} over the classes
 * @param scaled whether the value is multiplied by T²
 */
public record SoftMse(double temperature, int power, String over, boolean scaled) implements LogitLoss {
    private static final LossSetting<Double> TEMPERATURE = LossSetting.temperature(2);
    private static final LossSetting<Integer> POWER = LossSetting.whole("power", 2, "power of the difference")
            .within("an even number of at least 2", value -> value >= 2 && value % 2 == 0);
    private static final LossSetting<String> OVER =
            LossSetting.word("over", "sum", "what is taken over the classes", "sum", "mean");
    private static final LossSetting<Boolean> SCALED =
            LossSetting.flag("scaled", true, "whether the value is multiplied by T²");

    public SoftMse {
        TEMPERATURE.check(temperature);
        POWER.check(power);
        OVER.check(over);
    }

    @Override
    public Tensor rows(Tensor student, Tensor teacher, Tensor labels) {
        Tensor ours = Ops.softmax(Ops.div(student, temperature), 1);
        Tensor theirs = Ops.softmax(Ops.div(teacher, temperature), 1);
        Tensor powers = Ops.pow(ours.sub(theirs), power);
        Tensor rows = over.equals("sum") ? Ops.sum(powers, 1) : powers.mean(1);
        return scaled ? Ops.mul(rows, temperature * temperature) : rows;
    }

    @Override
    public SoftMse withTemperature(double other) {
        return new SoftMse(other, power, over, scaled);
    }

    /** Register the loss by name. */
    public static final class Type extends LogitLossType {
        public Type() {
            super(
                    "soft-mse",
                    "difference of the softened probabilities",
                    values -> new SoftMse(
                            values.get(TEMPERATURE), values.get(POWER), values.get(OVER), values.get(SCALED)),
                    TEMPERATURE,
                    POWER,
                    OVER,
                    SCALED);
        }
    }
}
