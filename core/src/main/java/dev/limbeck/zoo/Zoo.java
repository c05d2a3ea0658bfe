package dev.limbeck.zoo;

import dev.limbeck.Names;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Find architectures by name. */
public final class Zoo {
    private static final Map<String, Architecture> BY_NAME = new LinkedHashMap<>();

    public static final Architecture RESNET18 = imageNet("resnet18", ResNet.Block.BASIC, 2, 2, 2, 2);
    public static final Architecture RESNET34 = imageNet("resnet34", ResNet.Block.BASIC, 3, 4, 6, 3);
    public static final Architecture RESNET50 = imageNet("resnet50", ResNet.Block.BOTTLENECK, 3, 4, 6, 3);
    public static final Architecture RESNET101 = imageNet("resnet101", ResNet.Block.BOTTLENECK, 3, 4, 23, 3);
    public static final Architecture RESNET152 = imageNet("resnet152", ResNet.Block.BOTTLENECK, 3, 8, 36, 3);

    public static final Architecture CIFAR_RESNET8 = cifar(8);
    public static final Architecture CIFAR_RESNET14 = cifar(14);
    public static final Architecture CIFAR_RESNET20 = cifar(20);
    public static final Architecture CIFAR_RESNET32 = cifar(32);
    public static final Architecture CIFAR_RESNET44 = cifar(44);
    public static final Architecture CIFAR_RESNET56 = cifar(56);
    public static final Architecture CIFAR_RESNET110 = cifar(110);

    private Zoo() {}

    /** Return the architecture of a name, with {@code +concat} behind it for fastai's head; an unknown one is answered with the nearest names. */
    public static Architecture byName(String name) {
        if (name.endsWith(Architecture.CONCAT)) {
            return byName(name.substring(0, name.length() - Architecture.CONCAT.length()))
                    .withConcatHead();
        }
        Architecture found = BY_NAME.get(name);
        if (found == null) throw Names.unknown("architecture", name, BY_NAME.keySet());
        return found;
    }

    public static List<String> names() {
        return List.copyOf(BY_NAME.keySet());
    }

    private static Architecture imageNet(String name, ResNet.Block block, int... depths) {
        return add(Architecture.pooling(name, 224, head -> new ResNet(name, block, depths, head), "layer3", "fc"));
    }

    private static Architecture cifar(int depth) {
        String name = "cifar-resnet" + depth;
        return add(Architecture.pooling(name, 32, head -> new CifarResNet(name, depth, head), "layer3", "linear"));
    }

    private static Architecture add(Architecture architecture) {
        BY_NAME.put(architecture.name(), architecture);
        return architecture;
    }
}
