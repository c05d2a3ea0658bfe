package dev.limbeck.zoo;

import dev.limbeck.nn.BatchNorm2d;
import dev.limbeck.nn.ChannelGroup;
import dev.limbeck.nn.Conv2d;
import dev.limbeck.nn.Init;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.Prunable;
import dev.limbeck.nn.Sequential;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;

/**
 * Compute N×classes logits from small N×3×H×W images with the CIFAR residual network: three stages of 16, 32 and 64
 * channels, depth 6n+2, and shortcuts without parameters (option A: stride-2 subsampling, zero-padded channels).
 *
 * <p>He et al., Deep Residual Learning for Image Recognition, CVPR 2016, section 4.2.
 */
public final class CifarResNet extends Module {
    private final String name;
    private final Conv2d conv1 = child("conv1", convolution(3, 16, 1));
    private final BatchNorm2d bn1 = child("bn1", new BatchNorm2d(16));
    private final List<Sequential> stages = new ArrayList<>();
    private final Module pool;
    private final Module linear;

    private CifarResNet(String name, int depth, Iterator<Long> inner, Head head) {
        this.name = name;
        long in = 16;
        for (int stage = 0; stage < 3; stage++) {
            long width = 16L << stage;
            List<Module> blocks = new ArrayList<>();
            for (int i = 0; i < (depth - 2) / 6; i++) {
                blocks.add(new Block(in, inner.next(), width, i == 0 && stage > 0 ? 2 : 1));
                in = width;
            }
            stages.add(child("layer" + (stage + 1), new Sequential(blocks)));
        }
        pool = child("avgpool", head.pool());
        linear = child(
                "linear",
                head.classifier(
                        64,
                        () -> new Linear(
                                Init.kaimingNormalFanIn(head.classes(), 64),
                                Tensors.zeros(DType.FLOAT32, head.classes()))));
    }

    /**
     * Describe the network of a depth.
     *
     * @param depth 6n+2, at least 8
     */
    public static Architecture of(int depth) {
        if (depth < 8 || (depth - 2) % 6 != 0) {
            throw new IllegalArgumentException("depth must be 6n+2 and at least 8, found " + depth);
        }
        List<Long> inner = new ArrayList<>();
        for (int stage = 0; stage < 3; stage++) inner.addAll(Collections.nCopies((depth - 2) / 6, 16L << stage));
        return of(depth, inner);
    }

    private static Architecture of(int depth, List<Long> inner) {
        String name = "cifar-resnet" + depth;
        return Architecture.pooling(
                        name,
                        Layers.CIFAR,
                        head -> new CifarResNet(name, depth, inner.iterator(), head),
                        "layer3",
                        "linear")
                .prunable(inner, others -> of(depth, others));
    }

    private static Conv2d convolution(long in, long out, long stride) {
        return Conv2d.of(Init.kaimingNormalFanIn(out, in, 3, 3), stride, 1, 1);
    }

    @Override
    protected Tensor forward(Tensor x) {
        Tensor h = relu_(bn1.apply(conv1.apply(x)));
        for (Sequential stage : stages) h = stage.apply(h);
        return linear.apply(pool.apply(h).flatten(1, -1));
    }

    @Override
    public String script() {
        return """
                def forward(self, x: Tensor):
                    x = torch.relu(self.bn1.forward(self.conv1.forward(x)))
                    x = self.layer3.forward(self.layer2.forward(self.layer1.forward(x)))
                    return self.linear.forward(torch.flatten(self.avgpool.forward(x), 1))
                """;
    }

    @Override
    public String describe() {
        return name;
    }

    private static final class Block extends Module implements Prunable {
        private final Conv2d conv1;
        private final BatchNorm2d bn1;
        private final Conv2d conv2;
        private final BatchNorm2d bn2;
        private final long stride;
        private final long newChannels;

        Block(long in, long inner, long out, long stride) {
            conv1 = child("conv1", convolution(in, inner, stride));
            bn1 = child("bn1", new BatchNorm2d(inner));
            conv2 = child("conv2", convolution(inner, out, 1));
            bn2 = child("bn2", new BatchNorm2d(out));
            this.stride = stride;
            newChannels = out - in;
        }

        @Override
        public List<ChannelGroup> channelGroups() {
            return List.of(ChannelGroup.of("conv1", "bn1").into("conv2"));
        }

        @Override
        protected Tensor forward(Tensor x) {
            Tensor h = relu_(bn1.apply(conv1.apply(x)));
            return relu_(add_(bn2.apply(conv2.apply(h)), shortcut(x)));
        }

        private Tensor shortcut(Tensor x) {
            if (stride == 1 && newChannels == 0) return x;
            Tensor smaller = Ops.strided(Ops.strided(x, 2, stride), 3, stride);
            return Ops.padChannels(smaller, newChannels / 2, newChannels - newChannels / 2);
        }

        @Override
        public String script() {
            String shortcut = stride == 1 && newChannels == 0
                    ? "x"
                    : String.format(
                            Locale.ROOT,
                            "torch.constant_pad_nd(x[:, :, ::%1$d, ::%1$d], [0, 0, 0, 0, %2$d, %3$d], 0)",
                            stride,
                            newChannels / 2,
                            newChannels - newChannels / 2);
            return """
                    def forward(self, x: Tensor):
                        h = torch.relu(self.bn1.forward(self.conv1.forward(x)))
                        return torch.relu(self.bn2.forward(self.conv2.forward(h)) + %s)
                    """.formatted(shortcut);
        }
    }

    /** Register the family. */
    public static final class Family implements ArchitectureFamily {
        @Override
        public List<Architecture> architectures() {
            return Stream.of(8, 14, 20, 32, 44, 56, 110).map(CifarResNet::of).toList();
        }
    }
}
