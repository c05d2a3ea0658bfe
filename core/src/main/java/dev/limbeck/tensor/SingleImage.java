package dev.limbeck.tensor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Block;
import org.bytedeco.pytorch.Graph;
import org.bytedeco.pytorch.JitNode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.Value;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compute one image through a network of plain convolutions, such as a ResNet, whose large products are divided between two threads. The
 * script's interpreter computes each product on one: the threads of the library for products wait for each other for whole time slices
 * beside a busy neighbor, see {@code docs/performance.md}. The result is equal within rounding, and the same to the bit whichever thread
 * computes a half.
 */
final class SingleImage implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SingleImage.class);
    /** The product from which waking a thread pays off, in multiplications: some 0.3 ms on one thread. */
    private static final long LEAST_PRODUCT = 8_000_000;

    /** To read a weight from memory takes as long as this many multiplications. */
    private static final long READING = 10;

    /**
     * Compute the value of a node from one or two before it.
     *
     * @param x place of the first
     * @param y place of the second; that of the first if there is only one
     * @param resize of the first to the result
     * @param weights of a product that can be divided; 0 if it is none
     */
    private record Step(int x, int y, BinaryOperator<Tensor> operation, UnaryOperator<Size> resize, long weights) {
        Step(int x, int y, BinaryOperator<Tensor> operation) {
            this(x, y, operation, UnaryOperator.identity(), 0);
        }

        static Step of(int x, UnaryOperator<Tensor> operation) {
            return new Step(x, x, (value, same) -> operation.apply(value));
        }

        /** Change the first value in place. The result is a handle of its own, because the first is closed after its last use. */
        static Step inPlace(int x, int y, BiConsumer<Tensor, Tensor> operation) {
            return new Step(x, y, (value, other) -> {
                operation.accept(value, other);
                return value.detach();
            });
        }

        Step to(UnaryOperator<Size> other) {
            return new Step(x, y, operation, other, weights);
        }
    }

    /** Height and width of an image; 0 or less if a kernel is larger than the image before it. */
    private record Size(long height, long width) {
        /** Return whether the product with so many weights pays off in two halves. */
        boolean isLargeFor(long weights) {
            return height > 0 && width > 0 && weights * (height * width + READING) >= LEAST_PRODUCT;
        }

        static Size of(Tensor image) {
            return new Size(image.size(2), image.size(3));
        }

        /** Return what a window makes of a size; each argument is the height's and the width's. */
        static UnaryOperator<Size> window(long[] kernel, long[] stride, long[] padding, long[] dilation) {
            return size -> new Size(
                    Im2col.side(size.height, (kernel[0] - 1) * dilation[0] + 1, stride[0], padding[0]),
                    Im2col.side(size.width, (kernel[1] - 1) * dilation[1] + 1, stride[1], padding[1]));
        }
    }

    /** Operations without effects whose results are no images. */
    private static final Set<String> NUMBERS = Set.of("prim::Constant", "aten::size", "aten::len", "aten::gt");

    private final List<Step> steps = new ArrayList<>();
    private final List<Tensor> weights = new ArrayList<>();
    /** Places of values by the graph's own numbers; the image is at 0, the value of each step behind it. */
    private final Map<Long, Integer> places = new HashMap<>();
    /** Whether a value with fewer dimensions than an image was read. */
    private boolean flat;
    /** For each place, the last step that reads it; −1 for none. */
    private int[] lastReader = {};

    private SingleImage() {}

    /** Return the network of a graph that takes only an image; null if it has other operations, or this processor has a faster way. */
    static @Nullable SingleImage of(Graph graph) {
        // With AVX-512, oneDNN is faster, see Convolution and docs/performance.md. Other processors were not measured.
        if (!Engine.cpuCapability().equals("AVX2")) return null;
        SingleImage network = new SingleImage();
        try {
            if (network.reads(graph)) return network;
        } catch (RuntimeException e) {
            // The script computes everything.
            LOG.debug("single images run as scripts", e);
        }
        network.close();
        return null;
    }

    private boolean reads(Graph graph) {
        // The first input is the module.
        if (graph.inputs().size() != 2) return false;
        places.put(graph.inputs().get(1).unique(), 0);
        for (JitNode node : GraphNodes.nodes(graph)) {
            String kind = GraphNodes.kind(node);
            if (NUMBERS.contains(kind) || isRankCheck(node)) continue;
            Integer x =
                    node.inputs().size() == 0 ? null : places.get(node.input(0).unique());
            Step step = x == null ? null : step(kind, node, x);
            if (step == null) return false;
            steps.add(step);
            places.put(node.output().unique(), steps.size());
        }
        lastReader = new int[steps.size() + 1];
        Arrays.fill(lastReader, -1);
        for (int i = 0; i < steps.size(); i++) {
            lastReader[steps.get(i).x()] = i;
            lastReader[steps.get(i).y()] = i;
        }
        Integer result = places.get(graph.return_node().input(0).unique());
        return result != null && result == steps.size();
    }

    /** Return whether a node asserts a least number of dimensions that an image has, as scripted pooling does. */
    private boolean isRankCheck(JitNode node) {
        if (!isKind(node, "prim::If") || node.outputs().size() > 0 || flat) return false;
        Block holds = node.blocks().at(0);
        JitNode greater = node.input(0).node();
        if (!isKind(greater, "aten::gt") || !holds.nodes().front().equals(holds.return_node())) return false;
        long least = GraphNodes.whole(greater.input(1));
        JitNode length = greater.input(0).node();
        if (!isKind(length, "aten::len") || least < 0 || least > 3) return false;
        JitNode size = length.input(0).node();
        return isKind(size, "aten::size")
                && size.inputs().size() == 1
                && places.containsKey(size.input(0).unique());
    }

    private static boolean isKind(JitNode node, String kind) {
        return GraphNodes.kind(node).equals(kind);
    }

    private @Nullable Step step(String kind, JitNode node, int x) {
        return switch (kind) {
            case "aten::relu" -> Step.of(x, torch::relu);
            case "aten::relu_" -> Step.inPlace(x, x, (value, same) -> Ops.relu_(value));
            case "aten::add" -> isSum(node) ? new Step(x, other(node), Tensor::add) : null;
            case "aten::add_" -> isSum(node) ? Step.inPlace(x, other(node), Ops::add_) : null;
            case "aten::max_pool2d" -> maxPool(node, x);
            case "aten::adaptive_avg_pool2d" -> {
                long[] size = GraphNodes.numbers(node.input(1));
                if (size.length != 2) yield null;
                yield Step.of(x, value -> torch.adaptive_avg_pool2d(value, size))
                        .to(before -> new Size(size[0], size[1]));
            }
            case "aten::flatten" -> {
                boolean isWhole = GraphNodes.is(node.input(1), 1) && GraphNodes.is(node.input(2), -1);
                flat = true;
                yield isWhole ? Step.of(x, value -> torch.flatten(value, 1, -1)) : null;
            }
            case "aten::linear" -> linear(node, x);
            case "aten::conv2d" -> convolution(node, x, 6);
            // Of a trace. The sixth argument is "transposed".
            case "aten::_convolution" -> GraphNodes.is(node.input(6), 0) ? convolution(node, x, 8) : null;
            default -> null;
        };
    }

    /** Return whether a node adds two values of the network, unscaled. */
    private boolean isSum(JitNode node) {
        return places.containsKey(node.input(1).unique()) && GraphNodes.is(node.input(2), 1);
    }

    private int other(JitNode node) {
        return places.get(node.input(1).unique());
    }

    private static @Nullable Step maxPool(JitNode node, int x) {
        long[][] how = IntStream.rangeClosed(1, 4)
                .mapToObj(i -> GraphNodes.numbers(node.input(i)))
                .toArray(long[][]::new);
        boolean roundsUp = GraphNodes.is(node.input(5), 1);
        if (!roundsUp && !GraphNodes.is(node.input(5), 0)) return null;
        if (!Arrays.stream(how).allMatch(pair -> pair.length == 2) || Math.min(how[1][0], how[1][1]) < 1) return null;
        // Where sizes are rounded up, there may be a row or column more.
        return Step.of(x, value -> torch.max_pool2d(value, how[0], how[1], how[2], how[3], roundsUp))
                .to(Size.window(how[0], how[1], how[2], how[3]));
    }

    private @Nullable Step linear(JitNode node, int x) {
        Tensor weight = kept(node.input(1));
        Tensor bias = kept(node.input(2));
        boolean isKnown = bias != null || node.input(2).mustBeNone();
        return weight != null && isKnown ? Step.of(x, value -> LayerOps.linear(value, weight, bias)) : null;
    }

    private @Nullable Step convolution(JitNode node, int x, int groupsAt) {
        Tensor weight = kept(node.input(1));
        Tensor bias = kept(node.input(2));
        long[] stride = GraphNodes.numbers(node.input(3));
        long[] padding = GraphNodes.numbers(node.input(4));
        long[] dilation = GraphNodes.numbers(node.input(5));
        long groups = GraphNodes.whole(node.input(groupsAt));
        if (weight == null || weight.dim() != 4 || weight.is_cuda() || bias == null || groups < 1) return null;
        if (stride.length != 2 || padding.length != 2 || dilation.length != 2) return null;
        // The library says what is wrong with it.
        if (Math.min(stride[0], stride[1]) < 1) return null;
        boolean isPlain = groups == 1
                && stride[0] == stride[1]
                && padding[0] == padding[1]
                && dilation[0] == 1
                && dilation[1] == 1;
        long[] kernel = {weight.size(2), weight.size(3)};
        UnaryOperator<Size> resize = Size.window(kernel, stride, padding, dilation);
        long divided = isPlain ? weight.numel() : 0;
        Tensor matrix = Scope.own(weight.permute(0, 2, 3, 1).flatten(1, -1));
        weights.add(matrix);
        UnaryOperator<Tensor> convolve = image -> {
            Size result = resize.apply(Size.of(image));
            return result.isLargeFor(divided)
                    ? product(image, weight, matrix, bias, stride[0], padding[0], result)
                    : torch.conv2d(image, weight, Ops.optional(bias), stride, padding, dilation, groups);
        };
        return new Step(x, x, (image, same) -> convolve.apply(image), resize, divided);
    }

    /**
     * Convolve one image by a product of the pixels under the kernel and the weight, each thread for half of the outputs.
     *
     * @param matrix the weight as outputs×(height·width·channels)
     */
    private static Tensor product(
            Tensor image, Tensor weight, Tensor matrix, Tensor bias, long stride, long padding, Size size) {
        try (Scope scope = Scope.open()) {
            Tensor pixels = Im2col.padded(image, padding).contiguous();
            long channels = pixels.size(3);
            long row = pixels.size(2) * channels;
            long pixelCount = size.height() * size.width();
            long[] windows = {size.height(), size.width(), weight.size(2), weight.size(3), channels};
            Tensor patches = pixels.as_strided(windows, stride * row, stride * channels, row, channels, 1)
                    .reshape(pixelCount, -1);
            long outputs = weight.size(0);
            // Always memory of its own: for one pixel, expanding would return the bias itself.
            Tensor result = bias.repeat(pixelCount, 1);
            long half = outputs / 2;
            TwoThreads.run(
                    () -> addProduct(result, patches, matrix, 0, half),
                    () -> addProduct(result, patches, matrix, half, outputs - half));
            return scope.promote(
                    result.view(1, size.height(), size.width(), outputs).permute(0, 3, 1, 2));
        }
    }

    private static void addProduct(Tensor result, Tensor patches, Tensor matrix, long from, long number) {
        try (NoGrad noGrad = NoGrad.on();
                Tensor part = result.narrow(1, from, number);
                Tensor rows = matrix.narrow(0, from, number);
                Tensor columns = rows.t()) {
            part.addmm_(patches, columns);
        }
    }

    /** Return whether inputs are one image with a product that another thread may help with. Without, the script takes less time. */
    boolean takes(Inputs inputs) {
        if (inputs.tensors().size() != 1 || Engine.threads() == 1) return false;
        Tensor image = inputs.only();
        return image.dim() == 4
                && image.size(0) == 1
                && !image.is_cuda()
                && DType.of(image) == DType.FLOAT32
                && hasLargeProduct(Size.of(image));
    }

    private boolean hasLargeProduct(Size image) {
        Size[] sizes = new Size[steps.size() + 1];
        sizes[0] = image;
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            sizes[i + 1] = step.resize().apply(sizes[step.x()]);
            if (sizes[i + 1].isLargeFor(step.weights())) return true;
        }
        return false;
    }

    /** Compute the output in the caller's scope, which has switched gradients off. Each value is closed after its last use. */
    Tensor forward(Tensor image) {
        Tensor[] values = new Tensor[steps.size() + 1];
        values[0] = image;
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            values[i + 1] = step.operation().apply(values[step.x()], values[step.y()]);
            for (int place : new int[] {step.x(), step.y()}) {
                if (place > 0 && lastReader[place] == i) values[place].close();
            }
        }
        return values[steps.size()];
    }

    private @Nullable Tensor kept(Value value) {
        Tensor constant = GraphNodes.tensor(value);
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
