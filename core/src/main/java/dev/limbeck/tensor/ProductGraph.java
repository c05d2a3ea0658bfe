package dev.limbeck.tensor;

import java.util.Arrays;
import java.util.Objects;
import org.bytedeco.pytorch.Graph;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.JitNode;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.Value;
import org.bytedeco.pytorch.ValueVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Replace convolutions of a frozen graph by products, without gradients: in bfloat16 by one, as {@link Im2col} does, in float32 and on
 * images of one pixel by one for each place in the kernel, as {@link Kn2row} does. The graph decides when it runs: products for small
 * images, the engine's convolution otherwise. On processors with AMX, the engine's bfloat16 convolutions of many channels on few pixels
 * take up to four times as long as a product, and with AVX-512 those in float32 up to three times, see {@code docs/performance.md}. Other
 * processors were not measured.
 */
final class ProductGraph {
    private static final String SOURCE = """
            def forward(self, x: Tensor, weight: Tensor, bias: Optional[Tensor], stride: int, padding: int,
                    by_places: int, by_patches: int) -> Tensor:
                if x.dim() == 4:
                    height = (x.size(2) + 2 * padding - 3) // stride + 1
                    width = (x.size(3) + 2 * padding - 3) // stride + 1
                    if height > 0 and width > 0:
                        # Places in the kernel, and the pixels that they read and write: as in Kn2row.
                        if height * width <= by_places or x.size(2) * x.size(3) == 1:
                            pixels = x.permute([2, 3, 0, 1]).contiguous()
                            y = torch.zeros([height, width, x.size(0), weight.size(0)], dtype=x.dtype)
                            if bias is not None:
                                y += bias
                            for i in range(3):
                                top = max(0, -((i - padding) // stride))
                                bottom = min(height, (x.size(2) - 1 + padding - i) // stride + 1)
                                for j in range(3):
                                    left = max(0, -((j - padding) // stride))
                                    right = min(width, (x.size(3) - 1 + padding - j) // stride + 1)
                                    if top < bottom and left < right:
                                        rows = pixels[top * stride + i - padding:(bottom - 1) * stride + i - padding + 1:stride,
                                                left * stride + j - padding:(right - 1) * stride + j - padding + 1:stride]
                                        y[top:bottom, left:right] += torch.matmul(rows, weight[:, :, i, j].t())
                            return y.permute([2, 3, 0, 1])
                        # All pixels under the kernel side by side: as in Im2col.
                        if height * width <= by_patches:
                            sides = [0, 0, padding, padding, padding, padding]
                            pixels = torch.constant_pad_nd(x.permute([0, 2, 3, 1]), sides).contiguous()
                            channels = pixels.size(3)
                            row = pixels.size(2) * channels
                            windows = [x.size(0), height, width, 3, 3, channels]
                            steps = [pixels.size(1) * row, stride * row, stride * channels, row, channels, 1]
                            patches = pixels.as_strided(windows, steps).reshape([x.size(0), height, width, 9 * channels])
                            matrix = weight.permute([0, 2, 3, 1]).flatten(1)
                            return torch.linear(patches, matrix, bias).permute([0, 3, 1, 2])
                return torch.conv2d(x, weight, bias, [stride, stride], [padding, padding])
            """;

    private ProductGraph() {}

    /** Return whether products are faster on this processor for small images. */
    static boolean isFaster(Precision precision) {
        return precision == Precision.FP32 ? Convolution.AVX512 : Im2col.TILES;
    }

    /** Replace all convolutions that may be products. */
    static void replaceAll(Graph graph, Precision precision) {
        GraphNodes.nodes(graph).stream().filter(ProductGraph::suits).forEach(node -> replace(graph, node, precision));
    }

    private static boolean suits(JitNode node) {
        Tensor weight = GraphNodes.weight(node);
        if (weight == null || weight.dim() != 4 || weight.is_cuda() || GraphNodes.groups(node) != 1) return false;
        return weight.size(1) >= Im2col.CHANNELS
                && weight.size(2) == 3
                && weight.size(3) == 3
                && isSquare(GraphNodes.numbers(node.input(3)))
                && isSquare(GraphNodes.numbers(node.input(4)))
                && Arrays.equals(GraphNodes.numbers(node.input(5)), new long[] {1, 1});
    }

    private static boolean isSquare(long... pair) {
        return pair.length == 2 && pair[0] == pair[1];
    }

    /** Compiled once, where it is needed; never freed. */
    private static final class Compiled {
        private static final JitModule MODULE =
                Scope.retain(new JitModule(new QualifiedName("__torch__.LimbeckProducts")));
        static final Graph GRAPH = graph();

        private static Graph graph() {
            MODULE.define(SOURCE);
            return Scope.retain(MODULE.get_method("forward").graph());
        }
    }

    private static void replace(Graph graph, JitNode convolution, Precision precision) {
        graph.setInsertPoint(convolution);
        long channels =
                Objects.requireNonNull(GraphNodes.tensor(convolution.input(1))).size(1);
        boolean full = precision == Precision.FP32;
        ValueVector inputs = new ValueVector(
                graph.inputs().get(0),
                convolution.input(0),
                convolution.input(1),
                convolution.input(2),
                InferenceGraph.number(graph, GraphNodes.numbers(convolution.input(3))[0]),
                InferenceGraph.number(graph, GraphNodes.numbers(convolution.input(4))[0]),
                InferenceGraph.number(graph, full ? Im2col.PIXELS : 0),
                InferenceGraph.number(graph, full ? 0 : Im2col.mostPixels(channels, true)));
        Value result = torch.insertGraph(graph, Compiled.GRAPH, inputs).get(0);
        convolution.output().replaceAllUsesWith(result);
        convolution.destroy();
    }
}
