package dev.limbeck.zoo;

import dev.limbeck.Names;
import dev.limbeck.nn.Module;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Find architectures by name. */
public final class Zoo {
    private static final int IMAGENET = 224;
    private static final Pattern WIDTHS = Pattern.compile(SmallCnn.PREFIX + "[1-9]\\d{0,4}(-[1-9]\\d{0,4})*");
    private static final Pattern BRIDGED = Pattern.compile("(.+)\\+bridge([1-9]\\d{0,5})");
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

    public static final Architecture WRN_16_2 = wide(16, 2);
    public static final Architecture WRN_28_2 = wide(28, 2);
    public static final Architecture WRN_40_2 = wide(40, 2);
    public static final Architecture SMALL_CNN = add(SmallCnn.of(32, 64, 128));

    public static final Architecture MOBILENET_V2 = imageNet("mobilenet_v2", MobileNet::v2, "features.7", "classifier");
    public static final Architecture MOBILENET_V3_SMALL =
            imageNet("mobilenet_v3_small", MobileNet::v3Small, "features.4", "classifier");
    public static final Architecture MOBILENET_V3_LARGE =
            imageNet("mobilenet_v3_large", MobileNet::v3Large, "features.7", "classifier");
    public static final Architecture EFFICIENTNET_B0 =
            imageNet("efficientnet_b0", MobileNet::efficientNetB0, "features.4", "classifier");
    public static final Architecture SHUFFLENET_V2 = imageNet("shufflenet_v2_x1_0", ShuffleNet::new, "stage3", "fc");
    public static final Architecture VGG11_BN =
            imageNet("vgg11_bn", head -> new Vgg("vgg11_bn", Vgg.OF_11, head), "features.15", "classifier");
    public static final Architecture VGG16_BN =
            imageNet("vgg16_bn", head -> new Vgg("vgg16_bn", Vgg.OF_16, head), "features.24", "classifier");
    public static final Architecture VIT_TINY = transformer("vit_tiny_patch16_224", 192, false);
    public static final Architecture VIT_SMALL = transformer("vit_small_patch16_224", 384, false);
    public static final Architecture DEIT_TINY = transformer("deit_tiny_distilled_patch16_224", 192, true);

    private Zoo() {}

    /** Return the architecture of a name, with {@code +concat} behind it for fastai's head, and {@code small-cnn-16-32}
     * for a stack of any widths; an unknown one is answered with the nearest names. */
    public static Architecture byName(String name) {
        return find(name).orElseThrow(() -> Names.unknown("architecture", plain(name), BY_NAME.keySet()));
    }

    /** Return the architecture of a name, or nothing if there is none. */
    public static Optional<Architecture> find(String name) {
        if (name.endsWith(Architecture.CONCAT)) return find(plain(name)).map(Architecture::withConcatHead);
        Matcher bridged = BRIDGED.matcher(name);
        if (bridged.matches()) {
            return find(bridged.group(1)).map(found -> found.withBridge(Long.parseLong(bridged.group(2))));
        }
        if (WIDTHS.matcher(name).matches()) {
            return Optional.of(SmallCnn.of(
                    Arrays.stream(name.substring(SmallCnn.PREFIX.length()).split("-"))
                            .mapToLong(Long::parseLong)
                            .toArray()));
        }
        return Optional.ofNullable(BY_NAME.get(name));
    }

    private static String plain(String name) {
        return name.endsWith(Architecture.CONCAT)
                ? name.substring(0, name.length() - Architecture.CONCAT.length())
                : name;
    }

    public static List<String> names() {
        return List.copyOf(BY_NAME.keySet());
    }

    private static Architecture imageNet(String name, ResNet.Block block, int... depths) {
        return imageNet(name, head -> new ResNet(name, block, depths, head), "layer3", "fc");
    }

    private static Architecture imageNet(String name, Function<Head, Module> maker, String... groupStarts) {
        return add(Architecture.pooling(name, IMAGENET, maker, groupStarts));
    }

    private static Architecture transformer(String name, long width, boolean distilled) {
        return add(new Architecture(
                name,
                VisionTransformer.IMAGE,
                classes -> new VisionTransformer(name, width, distilled, classes),
                "blocks.6",
                "head"));
    }

    private static Architecture wide(int depth, int widen) {
        String name = "wrn-" + depth + "-" + widen;
        return add(Architecture.pooling(name, 32, head -> new WideResNet(name, depth, widen, head), "block3", "fc"));
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
