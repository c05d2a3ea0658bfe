package dev.limbeck.zoo;

import dev.limbeck.nn.BatchNorm2d;
import dev.limbeck.nn.ChannelGroup;
import dev.limbeck.nn.Dropout;
import dev.limbeck.nn.Hardswish;
import dev.limbeck.nn.Init;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.ReLU;
import dev.limbeck.nn.ReLU6;
import dev.limbeck.nn.Sequential;
import dev.limbeck.nn.SiLU;
import dev.limbeck.nn.SqueezeExcitation;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Tensors;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.LongFunction;
import java.util.function.Supplier;

/**
 * Compute N×classes logits from N×3×H×W images with inverted residual blocks: expansion, depthwise convolution,
 * projection. MobileNetV2, MobileNetV3 and EfficientNet-B0, with torchvision's names and layout.
 *
 * <p>Sandler et al., MobileNetV2, CVPR 2018; Howard et al., Searching for MobileNetV3, ICCV 2019; Tan and Le,
 * EfficientNet, ICML 2019.
 */
public final class MobileNet extends PooledNet {
    /** A row of MobileNetV2 and EfficientNet: expansion, kernel, stride of the first block, channels, blocks. */
    private record Row(int expansion, long kernel, long stride, long out, int blocks) {}

    private static final List<Row> OF_V2 = List.of(
            new Row(1, 3, 1, 16, 1),
            new Row(6, 3, 2, 24, 2),
            new Row(6, 3, 2, 32, 3),
            new Row(6, 3, 2, 64, 4),
            new Row(6, 3, 1, 96, 3),
            new Row(6, 3, 2, 160, 3),
            new Row(6, 3, 1, 320, 1));

    private static final List<Row> OF_B0 = List.of(
            new Row(1, 3, 1, 16, 1),
            new Row(6, 3, 2, 24, 2),
            new Row(6, 5, 2, 40, 2),
            new Row(6, 3, 2, 80, 3),
            new Row(6, 5, 1, 112, 3),
            new Row(6, 5, 2, 192, 4),
            new Row(6, 3, 1, 320, 1));

    /** Hold a block of MobileNetV3: kernel, expanded and output channels, squeeze, hard swish or ReLU, stride. */
    private record V3(long kernel, long wide, long out, boolean squeezes, boolean swish, long stride) {}

    private static final List<V3> SMALL = List.of(
            new V3(3, 16, 16, true, false, 2),
            new V3(3, 72, 24, false, false, 2),
            new V3(3, 88, 24, false, false, 1),
            new V3(5, 96, 40, true, true, 2),
            new V3(5, 240, 40, true, true, 1),
            new V3(5, 240, 40, true, true, 1),
            new V3(5, 120, 48, true, true, 1),
            new V3(5, 144, 48, true, true, 1),
            new V3(5, 288, 96, true, true, 2),
            new V3(5, 576, 96, true, true, 1),
            new V3(5, 576, 96, true, true, 1));

    private static final List<V3> LARGE = List.of(
            new V3(3, 16, 16, false, false, 1),
            new V3(3, 64, 24, false, false, 2),
            new V3(3, 72, 24, false, false, 1),
            new V3(5, 72, 40, true, false, 2),
            new V3(5, 120, 40, true, false, 1),
            new V3(5, 120, 40, true, false, 1),
            new V3(3, 240, 80, false, true, 2),
            new V3(3, 200, 80, false, true, 1),
            new V3(3, 184, 80, false, true, 1),
            new V3(3, 184, 80, false, true, 1),
            new V3(3, 480, 112, true, true, 1),
            new V3(3, 672, 112, true, true, 1),
            new V3(5, 672, 160, true, true, 2),
            new V3(5, 960, 160, true, true, 1),
            new V3(5, 960, 160, true, true, 1));

    private static final long LAST = 1280;
    private static final double STD_OF_CLASSIFIERS = 0.01;

    static final Architecture V2 = describe("mobilenet_v2", widths(OF_V2), MobileNet::v2, "features.7");
    static final Architecture V3_SMALL =
            describe("mobilenet_v3_small", widthsOfV3(SMALL), MobileNet::v3Small, "features.4");
    static final Architecture V3_LARGE =
            describe("mobilenet_v3_large", widthsOfV3(LARGE), MobileNet::v3Large, "features.7");
    static final Architecture EFFICIENTNET_B0 =
            describe("efficientnet_b0", widths(OF_B0), MobileNet::efficientNetB0, "features.4");

    private MobileNet(
            String name, List<? extends Module> features, Head head, long width, String own, Supplier<Module> maker) {
        super(name, features, head.pool(), head.classifier(width, maker), List.of(last(features, head, own)));
    }

    /** Return the channels of the convolution before the pooling. */
    private static ChannelGroup last(List<? extends Module> features, Head head, String own) {
        String path = "features." + (features.size() - 1);
        return head.reads(ChannelGroup.of(path + ".0", path + ".1"), "classifier", own);
    }

    private static Architecture describe(
            String name, List<Long> widths, BiFunction<Head, Iterator<Long>, Module> maker, String middle) {
        return Architecture.pooling(
                        name, Layers.IMAGENET, head -> maker.apply(head, widths.iterator()), middle, "classifier")
                .prunable(widths, others -> describe(name, others, maker, middle));
    }

    /** Return the expanded channels of each block that expands, then those before the pooling. */
    private static List<Long> widths(List<Row> rows) {
        List<Long> widths = new ArrayList<>();
        long in = 32;
        for (Row row : rows) {
            for (int i = 0; i < row.blocks; i++) {
                if (row.expansion != 1) widths.add(in * row.expansion);
                in = row.out;
            }
        }
        widths.add(LAST);
        return widths;
    }

    private static List<Long> widthsOfV3(List<V3> rows) {
        List<Long> widths = new ArrayList<>();
        long in = 16;
        for (V3 row : rows) {
            if (row.wide != in) widths.add(row.wide);
            in = row.out;
        }
        widths.add(6 * in);
        return widths;
    }

    private static MobileNet v2(Head head, Iterator<Long> widths) {
        List<Module> features = new ArrayList<>();
        features.add(Layers.convNorm(3, 32, 3, 2, 1, ReLU6::new));
        long in = 32;
        for (Row row : OF_V2) {
            for (int i = 0; i < row.blocks; i++) {
                long stride = i == 0 ? row.stride : 1;
                boolean expands = row.expansion != 1;
                long wide = expands ? widths.next() : in;
                List<Module> steps = new ArrayList<>();
                if (expands) steps.add(Layers.convNorm(in, wide, 1, 1, 1, ReLU6::new));
                steps.add(Layers.convNorm(wide, wide, row.kernel, stride, wide, ReLU6::new));
                steps.add(Layers.conv(wide, row.out, 1, 1, 1));
                steps.add(new BatchNorm2d(row.out));
                features.add(new Residual("conv", steps, stride == 1 && in == row.out, expands, 0));
                in = row.out;
            }
        }
        long last = widths.next();
        features.add(Layers.convNorm(in, last, 1, 1, 1, ReLU6::new));
        return new MobileNet(
                "mobilenet_v2",
                features,
                head,
                last,
                "classifier.1",
                () -> new Sequential(new Dropout(0.2), Layers.linear(last, head.classes(), STD_OF_CLASSIFIERS)));
    }

    private static MobileNet v3Small(Head head, Iterator<Long> widths) {
        return v3("mobilenet_v3_small", SMALL, 1024, head, widths);
    }

    private static MobileNet v3Large(Head head, Iterator<Long> widths) {
        return v3("mobilenet_v3_large", LARGE, 1280, head, widths);
    }

    private static MobileNet v3(String name, List<V3> rows, long hidden, Head head, Iterator<Long> widths) {
        LongFunction<Module> norm = channels -> new BatchNorm2d(channels, 1e-3, 0.01);
        List<Module> features = new ArrayList<>();
        features.add(Layers.convNorm(3, 16, 3, 2, 1, norm, Hardswish::new));
        long in = 16;
        for (V3 row : rows) {
            Supplier<Module> activation = row.swish ? Hardswish::new : ReLU::new;
            boolean expands = row.wide != in;
            long wide = expands ? widths.next() : in;
            List<Module> steps = new ArrayList<>();
            if (expands) steps.add(Layers.convNorm(in, wide, 1, 1, 1, norm, activation));
            steps.add(Layers.convNorm(wide, wide, row.kernel, row.stride, wide, norm, activation));
            // A pruned block squeezes to as many channels as before.
            if (row.squeezes) steps.add(SqueezeExcitation.hard(wide, Layers.channels(row.wide / 4)));
            steps.add(Layers.convNorm(wide, row.out, 1, 1, 1, norm, null));
            features.add(new Residual("block", steps, row.stride == 1 && in == row.out, expands, 0));
            in = row.out;
        }
        long last = widths.next();
        features.add(Layers.convNorm(in, last, 1, 1, 1, norm, Hardswish::new));
        return new MobileNet(
                name,
                features,
                head,
                last,
                "classifier.0",
                () -> new Sequential(
                        Layers.linear(last, hidden, STD_OF_CLASSIFIERS),
                        new Hardswish(),
                        new Dropout(0.2),
                        Layers.linear(hidden, head.classes(), STD_OF_CLASSIFIERS)));
    }

    private static MobileNet efficientNetB0(Head head, Iterator<Long> widths) {
        int blocks = 16;
        int made = 0;
        List<Module> features = new ArrayList<>();
        features.add(Layers.convNorm(3, 32, 3, 2, 1, SiLU::new));
        long in = 32;
        for (Row row : OF_B0) {
            List<Module> stage = new ArrayList<>();
            for (int i = 0; i < row.blocks; i++) {
                long stride = i == 0 ? row.stride : 1;
                boolean expands = row.expansion != 1;
                long wide = expands ? widths.next() : in;
                List<Module> steps = new ArrayList<>();
                if (expands) steps.add(Layers.convNorm(in, wide, 1, 1, 1, SiLU::new));
                steps.add(Layers.convNorm(wide, wide, row.kernel, stride, wide, SiLU::new));
                steps.add(SqueezeExcitation.smooth(wide, Math.max(1, in / 4)));
                steps.add(Layers.convNorm(wide, row.out, 1, 1, 1, null));
                double leftOut = 0.2 * made++ / blocks;
                stage.add(new Residual("block", steps, stride == 1 && in == row.out, expands, leftOut));
                in = row.out;
            }
            features.add(new Sequential(stage));
        }
        long last = widths.next();
        features.add(Layers.convNorm(in, last, 1, 1, 1, SiLU::new));
        return new MobileNet("efficientnet_b0", features, head, last, "classifier.1", () -> {
            Linear classifier = new Linear(
                    Init.uniformFanIn(head.classes(), head.classes(), last),
                    Tensors.zeros(DType.FLOAT32, head.classes()));
            return new Sequential(new Dropout(0.2), classifier);
        });
    }

    /** Register the family. */
    public static final class Family implements ArchitectureFamily {
        @Override
        public List<Architecture> architectures() {
            return List.of(V2, V3_SMALL, V3_LARGE, EFFICIENTNET_B0);
        }
    }
}
