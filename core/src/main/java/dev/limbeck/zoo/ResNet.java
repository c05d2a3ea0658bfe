package dev.limbeck.zoo;

import dev.limbeck.nn.BatchNorm2d;
import dev.limbeck.nn.ChannelGroup;
import dev.limbeck.nn.Conv2d;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.MaxPool2d;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.Prunable;
import dev.limbeck.nn.Sequential;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Compute N×classes logits from N×3×H×W images with an ImageNet residual network, with torchvision's names and layout
 * (a bottleneck's stride is in its 3×3 convolution).
 *
 * <p>He et al., Deep Residual Learning for Image Recognition, CVPR 2016.
 */
public final class ResNet extends Module {
    /** Kind of residual block. */
    public enum Block {
        BASIC(1),
        BOTTLENECK(4);

        private final long expansion;

        Block(long expansion) {
            this.expansion = expansion;
        }
    }

    private final String name;
    private final Conv2d conv1 = child("conv1", Conv2d.of(3, 64, 7, 2, 3));
    private final BatchNorm2d bn1 = child("bn1", new BatchNorm2d(64));
    private final MaxPool2d maxpool = child("maxpool", new MaxPool2d(3, 2, 1));
    private final List<Sequential> stages = new ArrayList<>();
    private final Module avgpool;
    private final Module fc;

    ResNet(String name, Block block, int[] depths, Iterator<Long> inner, Head head) {
        this.name = name;
        long in = 64;
        for (int stage = 0; stage < depths.length; stage++) {
            long width = 64L << stage;
            List<Module> blocks = new ArrayList<>();
            for (int i = 0; i < depths[stage]; i++) {
                long stride = i == 0 && stage > 0 ? 2 : 1;
                blocks.add(
                        block == Block.BASIC
                                ? Shortcut.basic(in, inner.next(), width, stride)
                                : Shortcut.bottleneck(in, inner.next(), inner.next(), width * block.expansion, stride));
                in = width * block.expansion;
            }
            stages.add(child("layer" + (stage + 1), new Sequential(blocks)));
        }
        long features = in;
        avgpool = child("avgpool", head.pool());
        fc = child("fc", head.classifier(features, () -> new Linear(features, head.classes())));
    }

    /**
     * Describe the network of a depth.
     *
     * @param depth 18, 34, 50, 101 or 152
     */
    public static Architecture of(int depth) {
        return switch (depth) {
            case 18 -> of(depth, Block.BASIC, 2, 2, 2, 2);
            case 34 -> of(depth, Block.BASIC, 3, 4, 6, 3);
            case 50 -> of(depth, Block.BOTTLENECK, 3, 4, 6, 3);
            case 101 -> of(depth, Block.BOTTLENECK, 3, 4, 23, 3);
            case 152 -> of(depth, Block.BOTTLENECK, 3, 8, 36, 3);
            default -> throw new IllegalArgumentException("depth must be 18, 34, 50, 101 or 152, found " + depth);
        };
    }

    private static Architecture of(int depth, Block block, int... depths) {
        List<Long> inner = new ArrayList<>();
        for (int stage = 0; stage < depths.length; stage++) {
            int prunable = depths[stage] * (block == Block.BASIC ? 1 : 2);
            inner.addAll(Collections.nCopies(prunable, 64L << stage));
        }
        return of("resnet" + depth, block, depths, inner);
    }

    private static Architecture of(String name, Block block, int[] depths, List<Long> inner) {
        return Architecture.pooling(
                        name,
                        Layers.IMAGENET,
                        head -> new ResNet(name, block, depths, inner.iterator(), head),
                        "layer3",
                        "fc")
                .prunable(inner, others -> of(name, block, depths, others));
    }

    @Override
    protected Tensor forward(Tensor x) {
        Tensor h = maxpool.apply(relu_(bn1.apply(conv1.apply(x))));
        for (Sequential stage : stages) h = stage.apply(h);
        return fc.apply(avgpool.apply(h).flatten(1, -1));
    }

    @Override
    public String script() {
        StringBuilder source = new StringBuilder("""
                def forward(self, x: Tensor):
                    x = self.maxpool.forward(torch.relu(self.bn1.forward(self.conv1.forward(x))))
                """);
        for (int i = 1; i <= stages.size(); i++)
            source.append("    x = self.layer").append(i).append(".forward(x)\n");
        return source.append("    return self.fc.forward(torch.flatten(self.avgpool.forward(x), 1))\n")
                .toString();
    }

    @Override
    public String describe() {
        return name;
    }

    /** Describe a convolution of a block, whose padding keeps height and width at stride 1. */
    private record Step(long out, long kernel, long stride) {}

    /** Add to the input, or its projection, what convolutions make of it: a batch norm behind each, ReLUs between. */
    private static final class Shortcut extends Module implements Prunable {
        private final List<Conv2d> convs = new ArrayList<>();
        private final List<BatchNorm2d> norms = new ArrayList<>();
        private final @Nullable Sequential downsample;

        private Shortcut(long in, long out, long stride, Step... steps) {
            long from = in;
            for (int i = 0; i < steps.length; i++) {
                Step step = steps[i];
                convs.add(
                        child("conv" + (i + 1), Conv2d.of(from, step.out, step.kernel, step.stride, step.kernel / 2)));
                norms.add(child("bn" + (i + 1), new BatchNorm2d(step.out)));
                from = step.out;
            }
            boolean keepsShape = in == out && stride == 1;
            downsample = keepsShape
                    ? null
                    : child("downsample", new Sequential(Conv2d.of(in, out, 1, stride, 0), new BatchNorm2d(out)));
        }

        static Shortcut basic(long in, long inner, long out, long stride) {
            return new Shortcut(in, out, stride, new Step(inner, 3, stride), new Step(out, 3, 1));
        }

        static Shortcut bottleneck(long in, long first, long second, long out, long stride) {
            return new Shortcut(
                    in, out, stride, new Step(first, 1, 1), new Step(second, 3, stride), new Step(out, 1, 1));
        }

        @Override
        public List<ChannelGroup> channelGroups() {
            return IntStream.range(1, convs.size())
                    .mapToObj(i -> ChannelGroup.of("conv" + i, "bn" + i).into("conv" + (i + 1)))
                    .toList();
        }

        @Override
        protected Tensor forward(Tensor x) {
            Tensor h = x;
            for (int i = 0; i < convs.size(); i++) {
                h = norms.get(i).apply(convs.get(i).apply(h));
                if (i + 1 < convs.size()) h = relu_(h);
            }
            return relu_(add_(h, downsample == null ? x : downsample.apply(x)));
        }

        @Override
        public String script() {
            StringBuilder source = new StringBuilder("def forward(self, x: Tensor):\n");
            for (int i = 1; i <= convs.size(); i++) {
                String normed = "self.bn%1$d.forward(self.conv%1$d.forward(%2$s))".formatted(i, i == 1 ? "x" : "h");
                source.append("    h = ")
                        .append(i < convs.size() ? "torch.relu(" + normed + ")" : normed)
                        .append('\n');
            }
            String shortcut = downsample == null ? "x" : "self.downsample.forward(x)";
            return source.append("    return torch.relu(h + ")
                    .append(shortcut)
                    .append(")\n")
                    .toString();
        }
    }

    /** Register the family. */
    public static final class Family implements ArchitectureFamily {
        @Override
        public List<Architecture> architectures() {
            return Stream.of(18, 34, 50, 101, 152).map(ResNet::of).toList();
        }
    }
}
