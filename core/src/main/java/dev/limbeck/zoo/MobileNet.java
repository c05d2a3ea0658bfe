package dev.limbeck.zoo;

import dev.limbeck.nn.BatchNorm2d;
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
import java.util.List;
import java.util.function.Function;
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
    static final Architecture V2 = describe("mobilenet_v2", MobileNet::v2, "features.7");
    static final Architecture V3_SMALL = describe("mobilenet_v3_small", MobileNet::v3Small, "features.4");
    static final Architecture V3_LARGE = describe("mobilenet_v3_large", MobileNet::v3Large, "features.7");
    static final Architecture EFFICIENTNET_B0 = describe("efficientnet_b0", MobileNet::efficientNetB0, "features.4");

    private static final double STD_OF_CLASSIFIERS = 0.01;

    private MobileNet(String name, List<? extends Module> features, Head head, long width, Supplier<Module> own) {
        super(name, features, head.pool(), head.classifier(width, own));
    }

    private static Architecture describe(String name, Function<Head, Module> maker, String middle) {
        return Architecture.pooling(name, Layers.IMAGENET, maker, middle, "classifier");
    }

    private static MobileNet v2(Head head) {
        // Each row: expansion, channels, blocks, stride of the first block.
        int[][] rows = {
            {1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}
        };
        List<Module> features = new ArrayList<>();
        features.add(Layers.convNorm(3, 32, 3, 2, 1, ReLU6::new));
        long in = 32;
        for (int[] row : rows) {
            for (int i = 0; i < row[2]; i++) {
                long stride = i == 0 ? row[3] : 1;
                long wide = in * row[0];
                List<Module> steps = new ArrayList<>();
                if (row[0] != 1) steps.add(Layers.convNorm(in, wide, 1, 1, 1, ReLU6::new));
                steps.add(Layers.convNorm(wide, wide, 3, stride, wide, ReLU6::new));
                steps.add(Layers.conv(wide, row[1], 1, 1, 1));
                steps.add(new BatchNorm2d(row[1]));
                features.add(new Residual("conv", steps, stride == 1 && in == row[1], 0));
                in = row[1];
            }
        }
        features.add(Layers.convNorm(in, 1280, 1, 1, 1, ReLU6::new));
        return new MobileNet(
                "mobilenet_v2",
                features,
                head,
                1280,
                () -> new Sequential(new Dropout(0.2), Layers.linear(1280, head.classes(), STD_OF_CLASSIFIERS)));
    }

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

    private static MobileNet v3Small(Head head) {
        return v3("mobilenet_v3_small", SMALL, 1024, head);
    }

    private static MobileNet v3Large(Head head) {
        return v3("mobilenet_v3_large", LARGE, 1280, head);
    }

    private static MobileNet v3(String name, List<V3> rows, long hidden, Head head) {
        LongFunction<Module> norm = channels -> new BatchNorm2d(channels, 1e-3, 0.01);
        List<Module> features = new ArrayList<>();
        features.add(Layers.convNorm(3, 16, 3, 2, 1, norm, Hardswish::new));
        long in = 16;
        for (V3 row : rows) {
            Supplier<Module> activation = row.swish ? Hardswish::new : ReLU::new;
            List<Module> steps = new ArrayList<>();
            if (row.wide != in) steps.add(Layers.convNorm(in, row.wide, 1, 1, 1, norm, activation));
            steps.add(Layers.convNorm(row.wide, row.wide, row.kernel, row.stride, row.wide, norm, activation));
            if (row.squeezes) steps.add(SqueezeExcitation.hard(row.wide, Layers.channels(row.wide / 4)));
            steps.add(Layers.convNorm(row.wide, row.out, 1, 1, 1, norm, null));
            features.add(new Residual("block", steps, row.stride == 1 && in == row.out, 0));
            in = row.out;
        }
        long width = 6 * in;
        features.add(Layers.convNorm(in, width, 1, 1, 1, norm, Hardswish::new));
        return new MobileNet(
                name,
                features,
                head,
                width,
                () -> new Sequential(
                        Layers.linear(width, hidden, STD_OF_CLASSIFIERS),
                        new Hardswish(),
                        new Dropout(0.2),
                        Layers.linear(hidden, head.classes(), STD_OF_CLASSIFIERS)));
    }

    private static MobileNet efficientNetB0(Head head) {
        // Each row: expansion, kernel, stride of the first block, channels, blocks.
        int[][] rows = {
            {1, 3, 1, 16, 1},
            {6, 3, 2, 24, 2},
            {6, 5, 2, 40, 2},
            {6, 3, 2, 80, 3},
            {6, 5, 1, 112, 3},
            {6, 5, 2, 192, 4},
            {6, 3, 1, 320, 1}
        };
        int blocks = 16;
        int made = 0;
        List<Module> features = new ArrayList<>();
        features.add(Layers.convNorm(3, 32, 3, 2, 1, SiLU::new));
        long in = 32;
        for (int[] row : rows) {
            List<Module> stage = new ArrayList<>();
            for (int i = 0; i < row[4]; i++) {
                long stride = i == 0 ? row[2] : 1;
                long wide = in * row[0];
                List<Module> steps = new ArrayList<>();
                if (row[0] != 1) steps.add(Layers.convNorm(in, wide, 1, 1, 1, SiLU::new));
                steps.add(Layers.convNorm(wide, wide, row[1], stride, wide, SiLU::new));
                steps.add(SqueezeExcitation.smooth(wide, Math.max(1, in / 4)));
                steps.add(Layers.convNorm(wide, row[3], 1, 1, 1, null));
                double leftOut = 0.2 * made++ / blocks;
                stage.add(new Residual("block", steps, stride == 1 && in == row[3], leftOut));
                in = row[3];
            }
            features.add(new Sequential(stage));
        }
        features.add(Layers.convNorm(in, 1280, 1, 1, 1, SiLU::new));
        return new MobileNet("efficientnet_b0", features, head, 1280, () -> {
            Linear last = new Linear(
                    Init.uniformFanIn(head.classes(), head.classes(), 1280),
                    Tensors.zeros(DType.FLOAT32, head.classes()));
            return new Sequential(new Dropout(0.2), last);
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
