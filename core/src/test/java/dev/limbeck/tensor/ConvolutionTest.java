package dev.limbeck.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.bytedeco.pytorch.Tensor;

/** The engine's own convolutions give wrong numbers for most of these shapes in some layout; ours must not. */
class ConvolutionTest {
    private static final String[] NAMES = {"output", "gradient of the input", "gradient of the weight"};

    @HardShapes
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
            assertThat(HardShapes.Difference.of(found[i], expected[i]))
                    .as(NAMES[i])
                    .isLessThan(allowed);
        }
    }

    private static double[][] convolved(Precision precision, Tensor input, Tensor kernel, long groups) {
        Tensor x = input.detach().clone();
        Tensor weight = kernel.detach().clone();
        x.set_requires_grad(true);
        weight.set_requires_grad(true);
        Tensor y = Autocast.apply(
                precision, i -> Ops.conv2d(i.only(), weight, null, 1, kernel.size(2) / 2, 1, groups), Inputs.of(x));
        double[] pattern = new double[(int) y.numel()];
        for (int i = 0; i < pattern.length; i++) pattern[i] = Math.sin(i);
        y.mul(Tensors.to(Tensors.of(pattern, y.shape()), DType.of(y))).sum().backward();
        return new double[][] {Tensors.toDoubles(y), Tensors.toDoubles(x.grad()), Tensors.toDoubles(weight.grad())};
    }
}
