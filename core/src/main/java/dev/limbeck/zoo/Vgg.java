package dev.limbeck.zoo;

import dev.limbeck.nn.AdaptiveAvgPool2d;
import dev.limbeck.nn.BatchNorm2d;
import dev.limbeck.nn.Conv2d;
import dev.limbeck.nn.Dropout;
import dev.limbeck.nn.Init;
import dev.limbeck.nn.MaxPool2d;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.ReLU;
import dev.limbeck.nn.Sequential;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Tensors;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * Compute N×classes logits from N×3×H×W images, H and W at least 32, with a VGG network with batch norms, with
 * torchvision's names and layout.
 *
 * <p>Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition, ICLR 2015.
 */
public final class Vgg extends PooledNet {
    private static final long HIDDEN = 4096;
    private static final double STD = 0.01;
    private static final int POOL = 0;

    /** Channels of the convolutions; 0 for pooling. */
    private static final List<Integer> OF_11 =
            List.of(64, POOL, 128, POOL, 256, 256, POOL, 512, 512, POOL, 512, 512, POOL);

    private static final List<Integer> OF_16 =
            List.of(64, 64, POOL, 128, 128, POOL, 256, 256, 256, POOL, 512, 512, 512, POOL, 512, 512, 512, POOL);

    static final Architecture VGG11_BN = describe("vgg11_bn", OF_11, widths(OF_11), "features.15");
    static final Architecture VGG16_BN = describe("vgg16_bn", OF_16, widths(OF_16), "features.24");

    private Vgg(String name, List<Module> features, long last, Head head) {
        super(
                name,
                features,
                head.pool(() -> new AdaptiveAvgPool2d(7, 7)),
                head.classifier(last, () -> own(last, head.classes())),
                chain(features, head, "classifier.0"));
    }

    private static List<Long> widths(List<Integer> plan) {
        return plan.stream().filter(out -> out != POOL).map(Integer::longValue).toList();
    }

    private static List<Module> features(List<Integer> plan, Iterator<Long> widths) {
        List<Module> steps = new ArrayList<>();
        long in = 3;
        for (int step : plan) {
            if (step == POOL) {
                steps.add(new MaxPool2d(2, 2, 0));
            } else {
                long out = widths.next();
                steps.add(Conv2d.of(Init.kaimingNormalFanOut(out, in, 3, 3), Tensors.zeros(DType.FLOAT32, out), 1, 1));
                steps.add(new BatchNorm2d(out));
                steps.add(new ReLU());
                in = out;
            }
        }
        return steps;
    }

    private static Architecture describe(String name, List<Integer> plan, List<Long> widths, String middle) {
        long last = widths.get(widths.size() - 1);
        return Architecture.pooling(
                        name,
                        Layers.IMAGENET,
                        head -> new Vgg(name, features(plan, widths.iterator()), last, head),
                        middle,
                        "classifier")
                .prunable(widths, others -> describe(name, plan, others, middle));
    }

    private static Module own(long channels, long classes) {
        return new Sequential(
                Layers.linear(channels * 7 * 7, HIDDEN, STD),
                new ReLU(),
                new Dropout(0.5),
                Layers.linear(HIDDEN, HIDDEN, STD),
                new ReLU(),
                new Dropout(0.5),
                Layers.linear(HIDDEN, classes, STD));
    }

    /** Register the family. */
    public static final class Family implements ArchitectureFamily {
        @Override
        public List<Architecture> architectures() {
            return List.of(VGG11_BN, VGG16_BN);
        }
    }
}
