package dev.limbeck.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Test shapes for which the engine's own convolutions are mostly wrong in some layout; Limbeck's must be right. */
class ConvolutionTest {
    private static final String[] NAMES = {
        "output", "gradient of the input", "gradient of the weight", "gradient of the bias"
    };

    @HardShapes
    void isThatOfDoublePrecisionInAnyLayout(long in, long out, long kernel, long size, long groups) {
        isThatOfDoublePrecision(in, out, kernel, size, 1, 1, groups);
    }

    /**
     * Weight gradients of these are wrong in the engine's bfloat16, with AMX or without, or, for 1×1 kernels, in float32 on AVX2.
     * The first 1×1 kernel ends the process in bfloat16 without AMX.
     */
    @ParameterizedTest
    @CsvSource({
        "60, 552, 3, 1, 2, 1, 1",
        "24, 184, 7, 1, 2, 1, 8",
        "8, 8, 7, 32, 1, 2, 8",
        "29, 58, 3, 32, 1, 2, 29",
        "24, 24, 3, 9, 2, 2, 24",
        "120, 32, 3, 32, 1, 2, 1",
        "177, 3, 3, 32, 1, 2, 1",
        "8, 6, 1, 16, 2, 1, 1",
        "3, 40, 1, 28, 2, 1, 1",
        "3, 408, 1, 32, 2, 1, 1",
        "5, 40, 1, 9, 2, 1, 1"
    })
    void isThatOfDoublePrecisionWithStrideAndDilation(
            long in, long out, long kernel, long size, long stride, long dilation, long groups) {
        isThatOfDoublePrecision(in, out, kernel, size, stride, dilation, groups);
    }

    /** Many channels on few pixels are products. */
    @ParameterizedTest
    @CsvSource({
        "256, 40, 1, 1, 4, 1, 1, true",
        "256, 40, 1, 1, 1, 1, 1, true",
        "256, 40, 1, 1, 3, 1, 2, true",
        "256, 40, 1, 1, 3, 2, 1, true",
        "512, 20, 2, 2, 33, 1, 1, true",
        "256, 40, 2, 2, 33, 2, 1, true",
        "256, 40, 2, 2, 32, 1, 2, true",
        "256, 41, 1, 4, 33, 1, 1, true",
        "300, 40, 4, 1, 32, 3, 1, true",
        "256, 40, 1, 3, 32, 1, 1, true",
        "256, 40, 2, 2, 4, 1, 1, false",
        "256, 40, 4, 4, 4, 2, 1, false",
        "256, 40, 4, 3, 4, 1, 0, false",
    })
    void manyChannelsOnFewPixels(
            long in, long out, long height, long width, long images, long stride, long padding, boolean byPlaces) {
        Tensors.seed(1);
        for (boolean last : new boolean[] {false, true}) {
            try (Scope scope = Scope.open()) {
                Tensor x = Tensors.randn(images, in, height, width);
                Tensor weight = Tensors.randn(out, in, 3, 3);
                assertThat(Kn2row.isFaster(x, weight, padding, 1, 1)).isEqualTo(byPlaces);
                isThatOfDoublePrecision(
                        last ? Tensors.channelsLast(x) : x,
                        last ? Tensors.channelsLast(weight) : weight,
                        stride,
                        padding,
                        1,
                        1);
            }
        }
    }

    /** There would be no product to join. */
    @ParameterizedTest
    @CsvSource({"0, 1", "2, 3"})
    void whereNoPixelIsReadTheEngineConvolves(long images, long padding) {
        try (Scope scope = Scope.open()) {
            Tensor x = Tensors.randn(images, 256, 1, 1);
            Tensor weight = Tensors.randn(8, 256, 3, 3);
            assertThat(Kn2row.isFaster(x, weight, padding, 1, 1)).isFalse();
            Tensor y = LayerOps.conv2d(x, weight, Tensors.full(0.5, DType.FLOAT32, 8), 4, padding, 1, 1);
            assertThat(y.shape()).isEqualTo(new long[] {images, 8, images == 0 ? 1 : 2, images == 0 ? 1 : 2});
            for (float value : Tensors.toFloats(y)) assertThat(value).isEqualTo(0.5f);
        }
    }

    private static void isThatOfDoublePrecision(
            long in, long out, long kernel, long size, long stride, long dilation, long groups) {
        for (boolean last : new boolean[] {false, true}) {
            try (Scope scope = Scope.open()) {
                Tensors.seed(1);
                Tensor x = Tensors.randn(4, in, size, size);
                if (last) x = Tensors.channelsLast(x);
                Tensor weight = Tensors.randn(out, in / groups, kernel, kernel);
                isThatOfDoublePrecision(x, weight, stride, kernel / 2 * dilation, dilation, groups);
            }
        }
    }

    /** Compare results for an input and a weight; the form is stride, padding, dilation and groups. */
    private static void isThatOfDoublePrecision(Tensor x, Tensor weight, long... form) {
        double[][] expected =
                convolved(Precision.FP32, Tensors.to(x, DType.FLOAT64), Tensors.to(weight, DType.FLOAT64), form);
        compare(convolved(Precision.FP32, x, weight, form), expected, 1e-5);
        compare(convolved(Precision.BF16, x, weight, form), expected, 0.03);
    }

    private static void compare(double[][] found, double[][] expected, double allowed) {
        for (int i = 0; i < expected.length; i++) {
            assertThat(HardShapes.Difference.of(found[i], expected[i]))
                    .as(NAMES[i])
                    .isLessThan(allowed);
        }
    }

    /** Return the output and gradients of a biased convolution with the given stride, padding, dilation and groups. */
    private static double[][] convolved(Precision precision, Tensor input, Tensor kernel, long... form) {
        Tensor x = input.detach().clone();
        Tensor weight = kernel.detach().clone();
        Tensor bias = Tensors.full(0.5, DType.of(kernel), kernel.size(0));
        x.set_requires_grad(true);
        weight.set_requires_grad(true);
        bias.set_requires_grad(true);
        Tensor y = Autocast.apply(
                precision,
                i -> LayerOps.conv2d(i.only(), weight, bias, form[0], form[1], form[2], form[3]),
                Inputs.of(x));
        double[] pattern = new double[(int) y.numel()];
        for (int i = 0; i < pattern.length; i++) pattern[i] = 1 + Math.sin(i);
        y.mul(Tensors.to(Tensors.of(pattern, y.shape()), DType.of(y))).sum().backward();
        return new double[][] {
            Tensors.toDoubles(y),
            Tensors.toDoubles(x.grad()),
            Tensors.toDoubles(weight.grad()),
            Tensors.toDoubles(bias.grad())
        };
    }
}
