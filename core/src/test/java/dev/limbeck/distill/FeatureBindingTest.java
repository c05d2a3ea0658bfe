package dev.limbeck.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.ClosedForm;
import dev.limbeck.distill.loss.FeatureLoss;
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
                    FeaturePair.of("a", "b").adapter(adapter),
                    List.of(FeatureForm.of(ours)),
                    List.of(FeatureForm.of(theirs)),
                    new int[4]);
            pair.modules().values().forEach(module -> module.to(DType.FLOAT64));
            Tensor target = ClosedForm.float64(k -> Math.cos(0.3 * k), rows(theirs));
            LossProof.finiteDifferences(
                    x -> pair.rows(
                                    List.of(x[0]),
                                    List.of(target),
                                    Tensors.of(new long[4], 4),
                                    new int[] {0, 1, 2, 3},
                                    FeatureBinding.Masks.NONE)
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
                                    FeatureBinding.Masks.NONE)
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
                    List.of(FeatureForm.of(3, 2, 2)),
                    List.of(FeatureForm.of(5, 3)),
                    new int[4]);
            Tensor value = pair.rows(
                    List.of(map), List.of(all), Tensors.of(new long[4], 4), new int[4], FeatureBinding.Masks.NONE);
            assertThat(Tensors.toDoubles(value)).containsOnly(0);
        }
    }

    /** Lengths whose tokens form a square are no exception, and student and teacher may read different tokens. */
    @ParameterizedTest
    @CsvSource({"12, 12", "16, 16", "12, 16", "16, 10", "9, 11"})
    void tokensOfTextsAreAveragedWithoutPadding(int own, int other) {
        try (Scope scope = Scope.open()) {
            FeatureBinding pair = new FeatureBinding(
                    FeaturePair.of("a", "b").adapter(Adapter.NONE).loss(new Vectors()),
                    List.of(new FeatureForm(new long[] {8, 3}, true)),
                    List.of(new FeatureForm(new long[] {8, 5}, true)),
                    new int[2]);
            assertThat(pair.plan()).containsExactly("pair a/b: tokens×3 → tokens×5 by Vectors");
            assertThat(pair.readsTokens()).isTrue();
            for (double filling : new double[] {0, 7, Double.NaN}) {
                Tensor ours = tokens(own, 3, filling);
                ours.set_requires_grad(true);
                Tensor theirs = tokens(other, 5, filling);
                FeatureBinding.Masks masks = new FeatureBinding.Masks(mask(own), mask(other));
                Tensor both = pair.rows(List.of(ours), List.of(theirs), Tensors.of(new long[2], 2), new int[2], masks);
                double[] found = Tensors.toDoubles(both);
                for (int row = 0; row < 2; row++) {
                    for (int c = 0; c < 8; c++) {
                        int width = c < 3 ? 3 : 5;
                        int length = c < 3 ? own : other;
                        assertThat(found[8 * row + c])
                                .isEqualTo(mean(length, width, row, c < 3 ? c : c - 3), within(1e-12));
                    }
                }
                both.sum().backward();
                double[] gradient = Tensors.toDoubles(ours.grad());
                for (int i = 0; i < gradient.length; i++) {
                    int count = count(own, i / (3 * own));
                    boolean padding = i / 3 % own >= count;
                    assertThat(gradient[i]).isEqualTo(padding ? 0 : 1.0 / count, within(1e-12));
                }
            }
        }
    }

    /** Return the features themselves, as rows. */
    private static final class Vectors implements FeatureLoss {
        @Override
        public Needs needs() {
            return Needs.NOTHING;
        }

        @Override
        public Bound bind(Shapes shapes) {
            return features ->
                    Ops.cat(1, features.student().get(0), features.teacher().get(0));
        }
    }

    /** Return how many tokens a row has: the first all, the second five fewer. */
    private static int count(int length, int row) {
        return length - 5 * row;
    }

    private static Tensor mask(int length) {
        long[] seen = new long[2 * length];
        for (int i = 0; i < seen.length; i++) seen[i] = i % length < count(length, i / length) ? 1 : 0;
        return Ops.ne(Tensors.of(seen, 2, length), 0);
    }

    private static Tensor tokens(int length, int width, double filling) {
        double[] values = new double[2 * length * width];
        for (int i = 0; i < values.length; i++) {
            boolean padding = i / width % length >= count(length, i / width / length);
            values[i] = padding ? filling : Math.sin(i);
        }
        return Tensors.of(values, 2, length, width);
    }

    private static double mean(int length, int width, int row, int channel) {
        double sum = 0;
        for (int token = 0; token < count(length, row); token++) {
            sum += Math.sin((row * length + token) * width + channel);
        }
        return sum / count(length, row);
    }

    @Test
    void theLargerMapIsPooledToTheSmaller() {
        FeatureBinding pair = new FeatureBinding(
                FeaturePair.of("a", "b").loss(new NeuronSelectivity()),
                List.of(FeatureForm.of(3, 8, 2)),
                List.of(FeatureForm.of(5, 4, 6)),
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
