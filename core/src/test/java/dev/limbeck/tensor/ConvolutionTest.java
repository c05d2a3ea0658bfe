package dev.limbeck.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The engine's own convolutions give wrong numbers for most of these shapes in some layout; ours must not. */
class ConvolutionTest {
    private static final String[] NAMES = {"output", "gradient of the input", "gradient of the weight"};

    @ParameterizedTest
    @CsvSource({
        "3, 4, 3, 8, 1",
        "3, 64, 7, 16, 1",
        "1, 6, 3, 8, 1",
        "5, 7, 3, 9, 1",
        "8, 8, 3, 8, 1",
        "64, 5, 1, 8, 1",
        "64, 64, 3, 1, 1",
        "16, 1, 1, 4, 1",
        "16, 16, 3, 8, 16",
        "17, 17, 3, 8, 17",
        "4, 4, 3, 1, 1",
        "6, 9, 1, 2, 3",
        "24, 40, 3, 8, 1",
        "58, 58, 3, 8, 1",
        "24, 24, 3, 1, 1",
        "1, 17, 3, 1, 1",
        "2, 4, 5, 8, 2",
        "32, 32, 3, 8, 8",
        "8, 16, 3, 8, 8",
        "32, 64, 3, 9, 32",
        "24, 48, 3, 8, 3",
        "48, 96, 3, 1, 2",
        "17, 3, 3, 8, 1",
        "256, 512, 1, 4, 1",
        "64, 40, 1, 7, 1",
        "96, 112, 1, 2, 1",
        "64, 512, 3, 2, 1"
    })
    void isThatOfDoublePrecisionInAnyLayout(long in, long out, long kernel, long size, long groups) {
        for (boolean last : new boolean[] {false, true}) {
            try (Scope scope = Scope.open()) {
                Tensors.seed(1);
                Tensor x = Tensors.randn(4, in, size, size);
                if (last) x = Tensors.channelsLast(x);
                Tensor weight = Tensors.randn(out, in / groups, kernel, kernel);
                double[][] expected = convolved(
                        Precision.FP32, Tensors.to(x, DType.FLOAT64), Tensors.to(weight, DType.FLOAT64), groups);
                compare(convolved(Precision.FP32, x, weight, groups), expected, 1e-5);
                compare(convolved(Precision.BF16, x, weight, groups), expected, 0.03);
            }
        }
    }

    private static void compare(double[][] found, double[][] expected, double allowed) {
        for (int i = 0; i < expected.length; i++) {
            double greatest = 0;
            double difference = 0;
            for (int k = 0; k < expected[i].length; k++) {
                greatest = Math.max(greatest, Math.abs(expected[i][k]));
                difference = Math.max(difference, Math.abs(expected[i][k] - found[i][k]));
            }
            assertThat(difference).as(NAMES[i]).isLessThan(allowed * greatest);
        }
    }

    private static double[][] convolved(Precision precision, Tensor input, Tensor kernel, long groups) {
        Tensor x = input.detach().clone();
        Tensor weight = kernel.detach().clone();
        x.set_requires_grad(true);
        weight.set_requires_grad(true);
        Tensor y = Autocast.apply(precision, i -> Ops.conv2d(i, weight, null, 1, kernel.size(2) / 2, 1, groups), x);
        double[] pattern = new double[(int) y.numel()];
        for (int i = 0; i < pattern.length; i++) pattern[i] = Math.sin(i);
        y.mul(Tensors.to(Tensors.of(pattern, y.shape()), DType.of(y))).sum().backward();
        return new double[][] {Tensors.toDoubles(y), Tensors.toDoubles(x.grad()), Tensors.toDoubles(weight.grad())};
    }
}
