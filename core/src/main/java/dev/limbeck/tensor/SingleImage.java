package dev.limbeck.tensor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Graph;
import org.bytedeco.pytorch.JitNode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.Value;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * Compute one image through a network of plain convolutions, such as a ResNet, whose large products are divided between two threads. The
 * script's interpreter computes each product on one: the threads of the library for products wait for each other for whole time slices
 * beside a busy neighbor, see {@code docs/performance.md}. The result is equal within rounding, and the same to the bit whichever thread
 * computes a half.
 */
final class SingleImage implements AutoCloseable {
    /** The product from which waking a thread pays off, in multiplications: some 0.1 ms on one thread. */
    private static final long LEAST_PRODUCT = 2_000_000;

    /** Compute the value of a node from those before it. */
    private interface Step {
        Tensor apply(Tensor[] values);
    }

    private final List<Step> steps = new ArrayList<>();
    private final List<Tensor> weights = new ArrayList<>();
    /** Places of values by the graph's own numbers; the image is at 0, the value of each step behind it. */
    private final Map<Long, Integer> places = new HashMap<>();

    private SingleImage() {}

    /** Return the network of a graph that takes only an image; null if it has other operations, or this processor has a faster way. */
    static @Nullable SingleImage of(Graph graph) {
        // With AVX-512, oneDNN is faster, see Convolution. Other processors were not measured.
        if (!Engine.cpuCapability().equals("AVX2")) return null;
        SingleImage network = new SingleImage();
        if (network.reads(graph)) return network;
        network.close();
        return null;
    }

    private boolean reads(Graph graph) {
        // The first input is the module.
        if (graph.inputs().size() != 2) return false;
        places.put(graph.inputs().get(1).unique(), 0);
        JitNode stop = graph.return_node();
        for (JitNode node = graph.nodes().front(); !node.equals(stop); node = node.next()) {
            String kind = node.kind().toQualString().getString();
            if (kind.equals("prim::Constant")) continue;
            Integer x = places.get(node.input(0).unique());
            Step step = x == null ? null : step(kind, node, x);
            if (step == null) return false;
            steps.add(step);
            places.put(node.output().unique(), steps.size());
        }
        Integer last = places.get(stop.input(0).unique());
        return last != null && last == steps.size();
    }

    private @Nullable Step step(String kind, JitNode node, int x) {
        return switch (kind) {
            case "aten::relu" -> values -> torch.relu(values[x]);
            case "aten::relu_" -> values -> Ops.relu_(values[x]);
            case "aten::add" -> sum(node, x, Tensor::add);
            case "aten::add_" -> sum(node, x, Tensor::add_);
            case "aten::max_pool2d" -> maxPool(node, x);
            case "aten::adaptive_avg_pool2d" -> {
                long[] size = GraphConstants.numbers(node.input(1));
                yield size.length == 2 ? values -> torch.adaptive_avg_pool2d(values[x], size) : null;
            }
            case "aten::flatten" -> {
                boolean isUsual = GraphConstants.whole(node.input(1)) == 1;
                yield isUsual ? values -> torch.flatten(values[x], 1, -1) : null;
            }
            case "aten::linear" -> linear(node, x);
            case "aten::conv2d" -> convolution(node, x, 6);
            // Of a trace. The sixth argument is "transposed".
            case "aten::_convolution" -> GraphConstants.whole(node.input(6)) == 0 ? convolution(node, x, 8) : null;
            default -> null;
        };
    }

    private @Nullable Step sum(JitNode node, int x, BinaryOperator<Tensor> add) {
        Integer y = places.get(node.input(1).unique());
        if (y == null || GraphConstants.whole(node.input(2)) != 1) return null;
        return values -> add.apply(values[x], values[y]);
    }

    private static @Nullable Step maxPool(JitNode node, int x) {
        long[][] how = IntStream.rangeClosed(1, 4)
                .mapToObj(i -> GraphConstants.numbers(node.input(i)))
                .toArray(long[][]::new);
        boolean roundsUp = GraphConstants.whole(node.input(5)) == 1;
        return Arrays.stream(how).allMatch(pair -> pair.length == 2)
                ? values -> torch.max_pool2d(values[x], how[0], how[1], how[2], how[3], roundsUp)
                : null;
    }

    private @Nullable Step linear(JitNode node, int x) {
        Tensor weight = kept(node.input(1));
        if (weight == null) return null;
        Tensor bias = kept(node.input(2));
        return values -> LayerOps.linear(values[x], weight, bias);
    }

    private @Nullable Step convolution(JitNode node, int x, int groupsAt) {
        Tensor weight = kept(node.input(1));
        Tensor bias = kept(node.input(2));
        long[] stride = GraphConstants.numbers(node.input(3));
        long[] padding = GraphConstants.numbers(node.input(4));
        long[] dilation = GraphConstants.numbers(node.input(5));
        long groups = GraphConstants.whole(node.input(groupsAt));
        if (weight == null || weight.dim() != 4 || weight.is_cuda() || bias == null || groups < 1) return null;
        if (stride.length != 2 || padding.length != 2 || dilation.length != 2) return null;
        boolean isPlain = groups == 1
                && stride[0] == stride[1]
                && padding[0] == padding[1]
                && dilation[0] == 1
                && dilation[1] == 1;
        long[] kernel = {weight.size(2), weight.size(3)};
        long multiplications = weight.numel();
        return values -> {
            Tensor given = values[x];
            long height = Im2col.side(given.size(2), kernel[0], stride[0], padding[0]);
            long width = Im2col.side(given.size(3), kernel[1], stride[1], padding[1]);
            return isPlain && height > 0 && width > 0 && height * width * multiplications >= LEAST_PRODUCT
                    ? product(given, weight, bias, stride[0], padding[0], height, width)
                    : torch.conv2d(given, weight, Ops.optional(bias), stride, padding, dilation, groups);
        };
    }

    /** Convolve one image by a product of the pixels under the kernel and the weight, each thread for half of the outputs. */
    private static Tensor product(
            Tensor image, Tensor weight, Tensor bias, long stride, long padding, long height, long width) {
        Tensor pixels = image.permute(0, 2, 3, 1);
        if (padding > 0) {
            long[] sides = {0, 0, padding, padding, padding, padding};
            pixels = torch.constant_pad_nd(pixels, sides, new Scalar(0));
        }
        pixels = pixels.contiguous();
        long channels = pixels.size(3);
        long row = pixels.size(2) * channels;
        long[] windows = {height, width, weight.size(2), weight.size(3), channels};
        Tensor patches = pixels.as_strided(windows, stride * row, stride * channels, row, channels, 1)
                .reshape(height * width, -1);
        Tensor matrix = weight.permute(0, 2, 3, 1).flatten(1, -1);
        long outputs = weight.size(0);
        Tensor result = bias.expand(height * width, outputs).contiguous();
        long half = outputs / 2;
        TwoThreads.run(
                () -> addProduct(result, patches, matrix, 0, half),
                () -> addProduct(result, patches, matrix, half, outputs - half));
        return result.view(1, height, width, outputs).permute(0, 3, 1, 2);
    }

    private static void addProduct(Tensor result, Tensor patches, Tensor matrix, long from, long number) {
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            result.narrow(1, from, number)
                    .addmm_(patches, matrix.narrow(0, from, number).t());
        }
    }

    /** Return whether inputs are one image, and another thread may help. */
    boolean takes(Inputs inputs) {
        if (inputs.tensors().size() != 1 || Engine.threads() == 1) return false;
        Tensor image = inputs.only();
        return image.dim() == 4 && image.size(0) == 1 && !image.is_cuda() && DType.of(image) == DType.FLOAT32;
    }

    /** Compute the output in the caller's scope, which has switched gradients off. */
    Tensor forward(Tensor image) {
        Tensor[] values = new Tensor[steps.size() + 1];
        values[0] = image;
        for (int i = 0; i < steps.size(); i++) values[i + 1] = steps.get(i).apply(values);
        return values[steps.size()];
    }

    private @Nullable Tensor kept(Value value) {
        Tensor constant = GraphConstants.tensor(value);
        if (constant == null) return null;
        Tensor own = Scope.own(constant);
        weights.add(own);
        return own;
    }

    @Override
    public void close() {
        weights.forEach(Tensor::close);
    }
}
