package dev.limbeck.export;

import dev.limbeck.tensor.ScriptGraph;
import dev.limbeck.tensor.ScriptGraph.Node;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Convert convolutions and poolings. */
abstract class OnnxWindows extends OnnxRecurrence {
    OnnxWindows(OnnxBuilder onnx) {
        super(onnx);
    }

    final Value convolution(Node node, int groups) {
        Value x = value(node, 0);
        if (!(any(node, 1) instanceof Tensor weight)) throw new Unsupported("its weight is computed");
        List<String> inputs = new ArrayList<>(List.of(x.name(), weight(weight)));
        if (any(node, 2) instanceof Tensor bias) inputs.add(weight(bias));
        else if (any(node, 2) != ScriptGraph.NONE) throw new Unsupported("its bias is computed");
        if (weight.dim() == 3) return steps(node, inputs, weight.size(2), integer(node, groups));
        long[] kernel = {weight.size(2), weight.size(3)};
        Window window = new Window(kernel, sides(node, 3), sides(node, 4), sides(node, 5));
        List<Object> attributes = window.attributes(0, 0);
        attributes.addAll(List.of("dilations", window.dilation, "group", integer(node, groups)));
        return window.moved(x, onnx.node("Conv", inputs, attributes.toArray()), false);
    }

    /** Convolve N×in×length. */
    private Value steps(Node node, List<String> inputs, long kernel, long groups) {
        long[] padding = longs(node, 4);
        String name = onnx.node(
                "Conv",
                inputs,
                "kernel_shape",
                new long[] {kernel},
                "strides",
                longs(node, 3),
                "pads",
                new long[] {padding[0], padding[0]},
                "dilations",
                longs(node, 5),
                "group",
                groups);
        return new Value(name, 3, -1, -1);
    }

    final Value pool(Node node, String op, int dilationAt, boolean ceil) {
        Value x = value(node, 0);
        long[] kernel = sides(node, 1);
        long[] stride = list(node, 2).isEmpty() ? kernel : sides(node, 2);
        long[] dilation = dilationAt < 0 ? new long[] {1, 1} : sides(node, dilationAt);
        Window window = new Window(kernel, stride, sides(node, 3), dilation);
        if (dilationAt < 0) return averages(node, x, window, ceil);
        List<Object> attributes = window.attributes(0, 0);
        attributes.addAll(List.of("ceil_mode", ceil ? 1L : 0L, "dilations", dilation));
        return window.moved(x, onnx.node(op, List.of(x.name()), attributes.toArray()), ceil);
    }

    private Value averages(Node node, Value x, Window window, boolean ceil) {
        if (any(node, 6) != ScriptGraph.NONE) throw new Unsupported("it has a divisor of its own");
        boolean isPadded = window.padding[0] + window.padding[1] > 0;
        if (ceil && (flag(node, 5) || !isPadded)) {
            if (x.height() >= 0 && x.width() >= 0) return clipped(x, window);
            if (isPadded) {
                throw new Unsupported("it counts its padding in mode ceil, where its input's height and width are not "
                        + "known before it runs; set count_include_pad=False or ceil_mode=False");
            }
        }
        List<Object> attributes = window.attributes(0, 0);
        attributes.addAll(List.of("ceil_mode", ceil ? 1L : 0L, "count_include_pad", flag(node, 5) && !ceil ? 1L : 0L));
        return window.moved(x, onnx.node("AveragePool", List.of(x.name()), attributes.toArray()), ceil);
    }

    /**
     * Average windows of which the last ones reach beyond the padding, and count only what they have before its end. In this opset, ONNX
     * Runtime counts all of a window, also where it has fused an earlier padding.
     */
    private Value clipped(Value x, Window window) {
        long[] rows = window.counts(x.height(), 0);
        long[] columns = window.counts(x.width(), 1);
        long[] kernel = window.kernel;
        long below = kernel[0] - rows[rows.length - 1];
        long behind = kernel[1] - columns[columns.length - 1];
        List<Object> attributes = window.attributes(below, behind);
        attributes.addAll(List.of("count_include_pad", 1L));
        String name = onnx.node("AveragePool", List.of(x.name()), attributes.toArray());
        if (below + behind > 0) {
            float[] factors = new float[rows.length * columns.length];
            for (int i = 0; i < factors.length; i++) {
                long count = rows[i / columns.length] * columns[i % columns.length];
                factors[i] = (float) (kernel[0] * kernel[1]) / count;
            }
            name = onnx.node("Mul", List.of(name, onnx.floats(factors, 1, 1, rows.length, columns.length)));
        }
        return new Value(name, 4, rows.length, columns.length);
    }

    final Value adaptivePool(Node node) {
        Value x = value(node, 0);
        long[] size = sides(node, 1);
        if (size[0] == 1 && size[1] == 1) {
            return new Value(onnx.node("GlobalAveragePool", List.of(x.name())), 4, 1, 1);
        }
        if (x.height() < 0 || x.width() < 0) {
            throw new Unsupported("its input's height and width are not known before it runs; pool to 1×1, or pool "
                    + "before operations that hide them, such as reshape");
        }
        if (x.height() % size[0] != 0 || x.width() % size[1] != 0) {
            throw new Unsupported("pooling " + x.height() + "×" + x.width() + " to " + size[0] + "×" + size[1]
                    + " has no equal parts; use another image size");
        }
        long[] kernel = {x.height() / size[0], x.width() / size[1]};
        if (kernel[0] == 1 && kernel[1] == 1) return x;
        return new Value(
                onnx.node("AveragePool", List.of(x.name()), "kernel_shape", kernel, "strides", kernel),
                4,
                size[0],
                size[1]);
    }

    /** What a convolution or a pooling moves over height and width. */
    private record Window(long[] kernel, long[] stride, long[] padding, long[] dilation) {
        /** Name them, with more padding below and behind the map. */
        List<Object> attributes(long below, long behind) {
            long[] pads = {padding[0], padding[1], padding[0] + below, padding[1] + behind};
            return new ArrayList<>(List.of("kernel_shape", kernel, "strides", stride, "pads", pads));
        }

        Value moved(Value x, String name, boolean ceil) {
            return new Value(name, 4, moved(x.height(), 0, ceil), moved(x.width(), 1, ceil));
        }

        private long moved(long size, int side, boolean ceil) {
            if (size < 0) return -1;
            long room = size + 2 * padding[side] - dilation[side] * (kernel[side] - 1) - 1;
            long moves = (ceil ? room + stride[side] - 1 : room) / stride[side];
            // The last window starts inside the map or the padding before it.
            return moves * stride[side] < size + padding[side] ? moves + 1 : moves;
        }

        /** Return how many places each window of mode ceil has before the end of the padding. */
        long[] counts(long size, int side) {
            long[] counts = new long[Math.toIntExact(moved(size, side, true))];
            long end = size + 2 * padding[side];
            for (int i = 0; i < counts.length; i++) counts[i] = Math.min(kernel[side], end - i * stride[side]);
            return counts;
        }
    }
}
