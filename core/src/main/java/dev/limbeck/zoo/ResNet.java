package dev.limbeck.zoo;

import dev.limbeck.nn.BatchNorm2d;
import dev.limbeck.nn.Conv2d;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.MaxPool2d;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.Sequential;
import java.util.ArrayList;
import java.util.List;
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

    ResNet(String name, Block block, int[] depths, Head head) {
        this.name = name;
        long in = 64;
        for (int stage = 0; stage < depths.length; stage++) {
            long width = 64L << stage;
            List<Module> blocks = new ArrayList<>();
            for (int i = 0; i < depths[stage]; i++) {
                long stride = i == 0 && stage > 0 ? 2 : 1;
                blocks.add(block == Block.BASIC ? new Basic(in, width, stride) : new Bottleneck(in, width, stride));
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
        String name = "resnet" + depth;
        return Architecture.pooling(
                name, Layers.IMAGENET, head -> new ResNet(name, block, depths, head), "layer3", "fc");
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

    /** Create the projection of a shortcut if the shape changes. */
    private static @Nullable Sequential projection(long in, long out, long stride) {
        if (in == out && stride == 1) return null;
        return new Sequential(Conv2d.of(in, out, 1, stride, 0), new BatchNorm2d(out));
    }

    private static final class Basic extends Module {
        private final Conv2d conv1;
        private final BatchNorm2d bn1;
        private final Conv2d conv2;
        private final BatchNorm2d bn2;
        private final @Nullable Sequential downsample;

        Basic(long in, long out, long stride) {
            conv1 = child("conv1", Conv2d.of(in, out, 3, stride, 1));
            bn1 = child("bn1", new BatchNorm2d(out));
            conv2 = child("conv2", Conv2d.of(out, out, 3, 1, 1));
            bn2 = child("bn2", new BatchNorm2d(out));
            Sequential projection = projection(in, out, stride);
            downsample = projection == null ? null : child("downsample", projection);
        }

        @Override
        protected Tensor forward(Tensor x) {
            Tensor h = relu_(bn1.apply(conv1.apply(x)));
            h = bn2.apply(conv2.apply(h));
            return relu_(add_(h, downsample == null ? x : downsample.apply(x)));
        }

        @Override
        public String script() {
            return """
                    def forward(self, x: Tensor):
                        h = torch.relu(self.bn1.forward(self.conv1.forward(x)))
                        h = self.bn2.forward(self.conv2.forward(h))
                        return torch.relu(h + %s)
                    """.formatted(downsample == null ? "x" : "self.downsample.forward(x)");
        }
    }

    private static final class Bottleneck extends Module {
        private final Conv2d conv1;
        private final BatchNorm2d bn1;
        private final Conv2d conv2;
        private final BatchNorm2d bn2;
        private final Conv2d conv3;
        private final BatchNorm2d bn3;
        private final @Nullable Sequential downsample;

        Bottleneck(long in, long width, long stride) {
            long out = width * Block.BOTTLENECK.expansion;
            conv1 = child("conv1", Conv2d.of(in, width, 1, 1, 0));
            bn1 = child("bn1", new BatchNorm2d(width));
            conv2 = child("conv2", Conv2d.of(width, width, 3, stride, 1));
            bn2 = child("bn2", new BatchNorm2d(width));
            conv3 = child("conv3", Conv2d.of(width, out, 1, 1, 0));
            bn3 = child("bn3", new BatchNorm2d(out));
            Sequential projection = projection(in, out, stride);
            downsample = projection == null ? null : child("downsample", projection);
        }

        @Override
        protected Tensor forward(Tensor x) {
            Tensor h = relu_(bn1.apply(conv1.apply(x)));
            h = relu_(bn2.apply(conv2.apply(h)));
            h = bn3.apply(conv3.apply(h));
            return relu_(add_(h, downsample == null ? x : downsample.apply(x)));
        }

        @Override
        public String script() {
            return """
                    def forward(self, x: Tensor):
                        h = torch.relu(self.bn1.forward(self.conv1.forward(x)))
                        h = torch.relu(self.bn2.forward(self.conv2.forward(h)))
                        h = self.bn3.forward(self.conv3.forward(h))
                        return torch.relu(h + %s)
                    """.formatted(downsample == null ? "x" : "self.downsample.forward(x)");
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
