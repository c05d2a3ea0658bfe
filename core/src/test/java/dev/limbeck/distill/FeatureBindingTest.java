package dev.limbeck.distill;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbeck.ClosedForm;
import dev.limbeck.distill.loss.FitNet;
import dev.limbeck.distill.loss.NeuronSelectivity;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Test how features of two networks are brought to the same shape. */
class FeatureBindingTest {
    @ParameterizedTest
    @CsvSource({
        "CONV1X1, 3x4x4, 5x2x2",
        "REGRESSOR, 3x2x2, 5x4x4",
        "AUTO, 3x4x4, 5x4x4",
        "LINEAR, 6, 4",
        "REGRESSOR, 6, 4",
        // tokens with one and with two extra tokens in front
        "AUTO, 5x3, 4x2x2",
        "AUTO, 6x3, 4x2x2",
        "AUTO, 7x3, 4"
    })
    void gradientsThroughAdaptersEqualFiniteDifferences(Adapter adapter, String student, String teacher) {
        try (Scope scope = Scope.open()) {
            Tensors.seed(4);
            long[] ours = shape(student);
            long[] theirs = shape(teacher);
            FeatureBinding pair = new FeatureBinding(
                    FeaturePair.of("a", "b").adapter(adapter), List.of(ours), List.of(theirs), new int[4]);
            pair.modules().values().forEach(module -> module.to(DType.FLOAT64));
            Tensor target = ClosedForm.float64(k -> Math.cos(0.3 * k), rows(theirs));
            LossProof.finiteDifferences(
                    x -> pair.rows(
                                    List.of(x[0]),
                                    List.of(target),
                                    Tensors.of(new long[4], 4),
                                    new int[] {0, 1, 2, 3},
                                    null)
                            .mean(),
                    ClosedForm.float64(k -> Math.sin(0.7 * k + 0.2), rows(ours)));
            Tensor input = ClosedForm.float64(k -> Math.sin(0.7 * k + 0.2), rows(ours));
            Module made = pair.modules().get("adapter0");
            assertThat(made.parameters()).isNotEmpty();
            LossProof.finiteDifferences(
                    made.parameters(),
                    () -> pair.rows(
                                    List.of(input),
                                    List.of(target),
                                    Tensors.of(new long[4], 4),
                                    new int[] {0, 1, 2, 3},
                                    null)
                            .mean());
        }
    }

    @Test
    void tokensBecomeTheMapThatTheyAre() {
        try (Scope scope = Scope.open()) {
            // One class token, then 2×2 patches of 3 channels: the difference from the same feature map is 0.
            Tensor map = ClosedForm.float64(k -> Math.sin(k), 4, 3, 2, 2);
            Tensor tokens = map.flatten(2, -1).transpose(1, 2);
            Tensor extra = ClosedForm.float64(k -> 9, 4, 1, 3);
            Tensor all = Ops.cat(1, extra, tokens);
            FeatureBinding pair = new FeatureBinding(
                    FeaturePair.of("a", "b").loss(new FitNet()),
                    List.of(new long[] {3, 2, 2}),
                    List.of(new long[] {5, 3}),
                    new int[4]);
            Tensor value = pair.rows(List.of(map), List.of(all), Tensors.of(new long[4], 4), new int[4], null);
            assertThat(Tensors.toDoubles(value)).containsOnly(0);
        }
    }

    @Test
    void theLargerMapIsPooledToTheSmaller() {
        FeatureBinding pair = new FeatureBinding(
                FeaturePair.of("a", "b").loss(new NeuronSelectivity()),
                List.of(new long[] {3, 8, 2}),
                List.of(new long[] {5, 4, 6}),
                new int[4]);
        assertThat(pair.plan()).containsExactly("pair a/b: 3×8×2 → 5×4×6 by NeuronSelectivity at 4×2");
    }

    private static long[] shape(String text) {
        return Arrays.stream(text.split("x")).mapToLong(Long::parseLong).toArray();
    }

    private static long[] rows(long[] shape) {
        long[] all = new long[shape.length + 1];
        all[0] = 4;
        System.arraycopy(shape, 0, all, 1, shape.length);
        return all;
    }
}
