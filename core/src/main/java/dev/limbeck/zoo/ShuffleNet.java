package dev.limbeck.zoo;

import dev.limbeck.nn.BatchNorm2d;
import dev.limbeck.nn.ChannelGroup;
import dev.limbeck.nn.Conv2d;
import dev.limbeck.nn.Init;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.MaxPool2d;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.Prunable;
import dev.limbeck.nn.ReLU;
import dev.limbeck.nn.Sequential;
import dev.limbeck.tensor.Ops;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * Compute N×classes logits from N×3×H×W images with ShuffleNetV2 at width 1.0: each block processes half of the
 * channels and shuffles both halves. Names and layout are torchvision's.
 *
 * <p>Ma et al., ShuffleNet V2, ECCV 2018.
 */
public final class ShuffleNet extends Module {
    private static final String NAME = "shufflenet_v2_x1_0";
    private static final int[] BLOCKS = {4, 8, 4};
    private static final long[] CHANNELS = {116, 232, 464};
    private static final long LAST = 1024;

    static final Architecture X1_0 = of(inner());

    private final Sequential conv1 = child("conv1", first());
    private final MaxPool2d maxpool = child("maxpool", new MaxPool2d(3, 2, 1));
    private final List<Sequential> stages = new ArrayList<>();
    private final Sequential conv5;
    private final Module avgpool;
    private final Module fc;

    private ShuffleNet(Iterator<Long> inner, Head head) {
        long in = 24;
        for (int stage = 0; stage < BLOCKS.length; stage++) {
            List<Module> blocks = new ArrayList<>();
            for (int i = 0; i < BLOCKS[stage]; i++) {
                blocks.add(new Block(in, inner.next(), CHANNELS[stage], i == 0 ? 2 : 1));
                in = CHANNELS[stage];
            }
            stages.add(child("stage" + (stage + 2), new Sequential(blocks)));
        }
        conv5 = child("conv5", new Sequential(convolution(in, LAST, 1, 1, 1), new BatchNorm2d(LAST), new ReLU()));
        avgpool = child("avgpool", head.pool());
        fc = child("fc", head.classifier(LAST, () -> new Linear(LAST, head.classes())));
    }

    private static Architecture of(List<Long> inner) {
        return Architecture.pooling(
                        NAME, Layers.IMAGENET, head -> new ShuffleNet(inner.iterator(), head), "stage3", "fc")
                .prunable(inner, ShuffleNet::of);
    }

    /** Return the channels of each block's depthwise convolution. */
    private static List<Long> inner() {
        List<Long> inner = new ArrayList<>();
        for (int stage = 0; stage < BLOCKS.length; stage++) {
            inner.addAll(Collections.nCopies(BLOCKS[stage], CHANNELS[stage] / 2));
        }
        return inner;
    }

    private static Sequential first() {
        return new Sequential(convolution(3, 24, 3, 2, 1), new BatchNorm2d(24), new ReLU());
    }

    /** Create a convolution with PyTorch's default initialization. */
    private static Conv2d convolution(long in, long out, long kernel, long stride, long groups) {
        long fanIn = in / groups * kernel * kernel;
        return Conv2d.of(Init.uniformFanIn(fanIn, out, in / groups, kernel, kernel), stride, (kernel - 1) / 2, groups);
    }

    @Override
    protected Tensor forward(Tensor x) {
        Tensor h = maxpool.apply(conv1.apply(x));
        for (Sequential stage : stages) h = stage.apply(h);
        return fc.apply(avgpool.apply(conv5.apply(h)).flatten(1, -1));
    }

    @Override
    public String script() {
        return """
                def forward(self, x: Tensor):
                    x = self.maxpool.forward(self.conv1.forward(x))
                    x = self.stage4.forward(self.stage3.forward(self.stage2.forward(x)))
                    return self.fc.forward(torch.flatten(self.avgpool.forward(self.conv5.forward(x)), 1))
                """;
    }

    @Override
    public String describe() {
        return NAME;
    }

    private static final class Block extends Module implements Prunable {
        private final Sequential branch1;
        private final Sequential branch2;
        private final boolean halves;

        Block(long in, long inner, long out, long stride) {
            long half = out / 2;
            halves = stride == 1;
            long seen = halves ? half : in;
            branch1 = child(
                    "branch1",
                    halves
                            ? new Sequential()
                            : new Sequential(
                                    convolution(in, in, 3, stride, in),
                                    new BatchNorm2d(in),
                                    convolution(in, half, 1, 1, 1),
                                    new BatchNorm2d(half),
                                    new ReLU()));
            branch2 = child(
                    "branch2",
                    new Sequential(
                            convolution(seen, inner, 1, 1, 1),
                            new BatchNorm2d(inner),
                            new ReLU(),
                            convolution(inner, inner, 3, stride, inner),
                            new BatchNorm2d(inner),
                            convolution(inner, half, 1, 1, 1),
                            new BatchNorm2d(half),
                            new ReLU()));
        }

        @Override
        public List<ChannelGroup> channelGroups() {
            return List.of(ChannelGroup.of("branch2.0", "branch2.1", "branch2.3", "branch2.4")
                    .into("branch2.5"));
        }

        @Override
        protected Tensor forward(Tensor x) {
            if (!halves) return shuffled(Ops.cat(1, branch1.apply(x), branch2.apply(x)));
            long half = x.size(1) / 2;
            return shuffled(Ops.cat(1, x.narrow(1, 0, half), branch2.apply(x.narrow(1, half, half))));
        }

        /** Interleave the channels of both halves. */
        private static Tensor shuffled(Tensor x) {
            long half = x.size(1) / 2;
            Tensor paired = x.reshape(x.size(0), 2, half, x.size(2), x.size(3)).transpose(1, 2);
            return paired.reshape(x.size(0), 2 * half, x.size(2), x.size(3));
        }

        @Override
        public String script() {
            String joined = halves
                    ? "torch.narrow(x, 1, 0, half), self.branch2.forward(torch.narrow(x, 1, half, half))"
                    : "self.branch1.forward(x), self.branch2.forward(x)";
            return """
                    def forward(self, x: Tensor):
                        half = x.size(1) // 2
                        y = torch.cat([%s], 1)
                        y = torch.reshape(y, [y.size(0), 2, y.size(1) // 2, y.size(2), y.size(3)])
                        return torch.flatten(torch.transpose(y, 1, 2), 1, 2)
                    """.formatted(joined);
        }
    }

    /** Register the family. */
    public static final class Family implements ArchitectureFamily {
        @Override
        public List<Architecture> architectures() {
            return List.of(X1_0);
        }
    }
}
