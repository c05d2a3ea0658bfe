package dev.limbeck.zoo;

import dev.limbeck.nn.BatchNorm2d;
import dev.limbeck.nn.ChannelGroup;
import dev.limbeck.nn.Conv2d;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.Prunable;
import dev.limbeck.nn.Sequential;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Compute N×classes logits from small N×3×H×W images with a wide residual network: three stages of 16k, 32k and 64k channels,
 * depth 6n+4, batch norm and ReLU before each convolution.
 *
 * <p>Zagoruyko and Komodakis, Wide Residual Networks, BMVC 2016.
 */
public final class WideResNet extends Module {
    private static final Pattern NAME = Pattern.compile("wrn-([1-9]\\d{1,2})-([1-9]\\d?)");

    private final String name;
    private final Conv2d conv1 = child("conv1", Conv2d.of(3, 16, 3, 1, 1));
    private final List<Sequential> stages = new ArrayList<>();
    private final BatchNorm2d bn1;
    private final Module avgpool;
    private final Module fc;

    private WideResNet(String name, int depth, int widen, Iterator<Long> inner, Head head) {
        this.name = name;
        long in = 16;
        for (int stage = 0; stage < 3; stage++) {
            long width = (16L << stage) * widen;
            List<Module> blocks = new ArrayList<>();
            for (int i = 0; i < (depth - 4) / 6; i++) {
                blocks.add(new Block(in, inner.next(), width, i == 0 && stage > 0 ? 2 : 1));
                in = width;
            }
            stages.add(child("block" + (stage + 1), new Sequential(blocks)));
        }
        bn1 = child("bn1", new BatchNorm2d(in));
        avgpool = child("avgpool", head.pool());
        long features = in;
        fc = child("fc", head.classifier(features, () -> new Linear(features, head.classes())));
    }

    /**
     * Describe the network of a depth and a width.
     *
     * @param depth 6n+4, at least 10
     * @param widen factor of the channels
     */
    public static Architecture of(int depth, int widen) {
        if (depth < 10 || (depth - 4) % 6 != 0) {
            throw new IllegalArgumentException("depth must be 6n+4 and at least 10, found " + depth);
        }
        List<Long> inner = new ArrayList<>();
        for (int stage = 0; stage < 3; stage++) {
            inner.addAll(Collections.nCopies((depth - 4) / 6, (16L << stage) * widen));
        }
        return of(depth, widen, inner);
    }

    private static Architecture of(int depth, int widen, List<Long> inner) {
        String name = "wrn-" + depth + "-" + widen;
        return Architecture.pooling(
                        name,
                        Layers.CIFAR,
                        head -> new WideResNet(name, depth, widen, inner.iterator(), head),
                        "block3",
                        "fc")
                .prunable(inner, others -> of(depth, widen, others));
    }

    @Override
    protected Tensor forward(Tensor x) {
        Tensor h = conv1.apply(x);
        for (Sequential stage : stages) h = stage.apply(h);
        return fc.apply(avgpool.apply(relu_(bn1.apply(h))).flatten(1, -1));
    }

    @Override
    public String script() {
        return """
                def forward(self, x: Tensor):
                    x = self.block3.forward(self.block2.forward(self.block1.forward(self.conv1.forward(x))))
                    return self.fc.forward(torch.flatten(self.avgpool.forward(torch.relu(self.bn1.forward(x))), 1))
                """;
    }

    @Override
    public String describe() {
        return name;
    }

    private static final class Block extends Module implements Prunable {
        private final BatchNorm2d bn1;
        private final Conv2d conv1;
        private final BatchNorm2d bn2;
        private final Conv2d conv2;
        private final @Nullable Conv2d shortcut;

        Block(long in, long inner, long out, long stride) {
            bn1 = child("bn1", new BatchNorm2d(in));
            conv1 = child("conv1", Conv2d.of(in, inner, 3, stride, 1));
            bn2 = child("bn2", new BatchNorm2d(inner));
            conv2 = child("conv2", Conv2d.of(inner, out, 3, 1, 1));
            shortcut = in == out && stride == 1 ? null : child("convShortcut", Conv2d.of(in, out, 1, stride, 0));
        }

        @Override
        public List<ChannelGroup> channelGroups() {
            return List.of(ChannelGroup.of("conv1", "bn2").into("conv2"));
        }

        @Override
        protected Tensor forward(Tensor x) {
            Tensor active = relu_(bn1.apply(x));
            Tensor h = conv2.apply(relu_(bn2.apply(conv1.apply(active))));
            return add_(h, shortcut == null ? x : shortcut.apply(active));
        }

        @Override
        public String script() {
            return """
                    def forward(self, x: Tensor):
                        a = torch.relu(self.bn1.forward(x))
                        h = self.conv2.forward(torch.relu(self.bn2.forward(self.conv1.forward(a))))
                        return h + %s
                    """.formatted(shortcut == null ? "x" : "self.convShortcut.forward(a)");
        }
    }

    /** Register the family. */
    public static final class Family implements ArchitectureFamily {
        @Override
        public List<Architecture> architectures() {
            return Stream.of(16, 28, 40).map(depth -> of(depth, 2)).toList();
        }

        /** {@inheritDoc} {@code wrn-40-4} has any depth of the form 6n+4 and any widening factor. */
        @Override
        public Optional<Architecture> variant(String name) {
            Matcher sizes = NAME.matcher(name);
            if (!sizes.matches()) return Optional.empty();
            int depth = Integer.parseInt(sizes.group(1));
            boolean exists = depth >= 10 && (depth - 4) % 6 == 0;
            return exists ? Optional.of(of(depth, Integer.parseInt(sizes.group(2)))) : Optional.empty();
        }
    }
}
