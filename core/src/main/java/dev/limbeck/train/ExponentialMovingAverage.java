package dev.limbeck.train;

import dev.limbeck.Settings;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Maintain an exponential moving average of weights and statistics: average ← d·average + (1 − d)·current after each
 * step (Polyak and Juditsky, 1992). The decay warms up as d = min(decay, (1 + n)/(10 + n)) at step n, as in TensorFlow.
 * Validation uses the average. After the fit, the model holds the average.
 */
public final class ExponentialMovingAverage implements Callback {
    private final double decay;
    private @Nullable StateDict average;
    private @Nullable StateDict training;
    private long steps;

    /**
     * Average with a decay.
     *
     * @param decay d, in [0, 1); 0.999 suits some thousand steps
     */
    public ExponentialMovingAverage(double decay) {
        this.decay = Settings.inHalfOpenUnit("decay", decay);
    }

    /** Run last: callbacks after validation still see the average. */
    @Override
    public int order() {
        return Integer.MAX_VALUE;
    }

    @Override
    public void beforeFit(TrainingContext fit) {
        average = fit.model().stateDict();
        steps = 0;
    }

    @Override
    public void afterStep(TrainStep step) {
        StateDict kept = average;
        if (kept == null) return;
        double d = Math.min(decay, (1.0 + steps) / (10.0 + steps));
        steps++;
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on();
                StateDict now = step.fit().model().stateDict()) {
            for (String name : kept.names()) {
                Tensor old = kept.get(name);
                if (DType.of(old).isFloatingPoint()) {
                    Ops.addScaled_(Ops.mul_(old, d), now.get(name), 1 - d);
                } else {
                    old.copy_(now.get(name));
                }
            }
        }
    }

    /**
     * Compute something with the average in the model, then give the model its weights and statistics back.
     *
     * @throws IllegalStateException if the average takes no part in a fit
     */
    public <T> T compute(TrainingContext fit, Supplier<T> what) {
        StateDict kept = average;
        if (kept == null) throw new IllegalStateException("the average takes part in a fit only; add it to the fit");
        try (StateDict now = fit.model().stateDict()) {
            fit.model().load(kept);
            try {
                return what.get();
            } finally {
                fit.model().load(now);
            }
        }
    }

    @Override
    public void beforeValidate(TrainingContext fit) {
        if (average == null) return;
        training = fit.model().stateDict();
        fit.model().load(average);
    }

    @Override
    public void afterValidate(TrainingContext fit) {
        StateDict raw = training;
        training = null;
        if (raw == null) return;
        try (raw) {
            fit.model().load(raw);
        }
    }

    @Override
    public String stateName() {
        return "WeightAverage";
    }

    @Override
    public StateDict state() {
        StateDict kept = average;
        if (kept == null) return new StateDict();
        StateDict state = kept.copy();
        state.metadata().put("steps", Long.toString(steps));
        return state;
    }

    @Override
    public void restore(StateDict state) {
        StateDict kept = average;
        if (kept == null) throw new IllegalStateException("the average is restored in a fit only, after beforeFit");
        steps = Long.parseLong(state.metadata().get("steps"));
        // The file was read to the CPU; the average stays where the model is.
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            kept.tensors().forEach((name, tensor) -> tensor.copy_(state.get(name)));
        }
    }

    @Override
    public void afterFit(TrainingContext fit) {
        // A fit that failed during validation leaves the average in the model.
        if (training != null) afterValidate(fit);
        StateDict last = average;
        average = null;
        if (last == null) return;
        try (last) {
            if (steps > 0) fit.model().load(last);
        }
    }
}
