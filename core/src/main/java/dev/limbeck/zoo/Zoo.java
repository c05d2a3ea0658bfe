package dev.limbeck.zoo;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.Registry;
import java.util.List;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/** Look up architectures by name: built-in ones and those on the class path. */
public final class Zoo {
    public static final Architecture RESNET18 = ResNet.of(18);
    public static final Architecture RESNET34 = ResNet.of(34);
    public static final Architecture RESNET50 = ResNet.of(50);
    public static final Architecture RESNET101 = ResNet.of(101);
    public static final Architecture RESNET152 = ResNet.of(152);

    public static final Architecture CIFAR_RESNET8 = CifarResNet.of(8);
    public static final Architecture CIFAR_RESNET14 = CifarResNet.of(14);
    public static final Architecture CIFAR_RESNET20 = CifarResNet.of(20);
    public static final Architecture CIFAR_RESNET32 = CifarResNet.of(32);
    public static final Architecture CIFAR_RESNET44 = CifarResNet.of(44);
    public static final Architecture CIFAR_RESNET56 = CifarResNet.of(56);
    public static final Architecture CIFAR_RESNET110 = CifarResNet.of(110);

    public static final Architecture WRN_16_2 = WideResNet.of(16, 2);
    public static final Architecture WRN_28_2 = WideResNet.of(28, 2);
    public static final Architecture WRN_40_2 = WideResNet.of(40, 2);
    public static final Architecture SMALL_CNN = SmallCnn.of(32, 64, 128);

    public static final Architecture MOBILENET_V2 = MobileNet.V2;
    public static final Architecture MOBILENET_V3_SMALL = MobileNet.V3_SMALL;
    public static final Architecture MOBILENET_V3_LARGE = MobileNet.V3_LARGE;
    public static final Architecture EFFICIENTNET_B0 = MobileNet.EFFICIENTNET_B0;
    public static final Architecture SHUFFLENET_V2 = ShuffleNet.X1_0;
    public static final Architecture VGG11_BN = Vgg.VGG11_BN;
    public static final Architecture VGG16_BN = Vgg.VGG16_BN;
    public static final Architecture VIT_TINY = VisionTransformer.VIT_TINY;
    public static final Architecture VIT_SMALL = VisionTransformer.VIT_SMALL;
    public static final Architecture DEIT_TINY = VisionTransformer.DEIT_TINY;

    private static final Registry<ArchitectureFamily> FAMILIES = Registry.ofFamilies(
            "architecture",
            ArchitectureFamily.class,
            family -> family.architectures().stream().map(Architecture::name).toList(),
            LoggerFactory.getLogger(Zoo.class)::warn);

    private Zoo() {}

    /**
     * Return an architecture by name. The suffix {@code +concat} gives fastai's head, {@code +qat} quantization-aware training; {@code
     * small-cnn-16-32} is a CNN with any widths, {@code cifar-resnet8@16-20-40} a pruned network, {@code cifar-resnet8@0.5} one with half of the channels in all
     * layers that can be pruned, see {@link Architecture#withWidths}.
     *
     * @throws dev.limbeck.LimbeckException with the nearest names, if there is none
     */
    public static Architecture byName(String name) {
        return found(name)
                .orElseThrow(() -> Names.unknown("architecture", ChannelWidths.unpruned(plain(name)), names()));
    }

    /** Return an architecture by name, or empty. */
    public static Optional<Architecture> find(String name) {
        try {
            return found(name);
        } catch (LimbeckException e) {
            return Optional.empty();
        }
    }

    private static Optional<Architecture> found(String name) {
        if (name.endsWith(Architecture.QUANTIZED)) {
            String floating = name.substring(0, name.length() - Architecture.QUANTIZED.length());
            return found(floating).filter(one -> !one.isQuantizationAware()).map(Architecture::quantizationAware);
        }
        String plain = plain(name);
        return HeadKind.ofSuffix(name.substring(plain.length()))
                .flatMap(kind -> withOwnHead(plain).map(found -> found.withHead(kind)));
    }

    private static Optional<Architecture> withOwnHead(String full) {
        String name = ChannelWidths.unpruned(full);
        return unpruned(name).map(found -> found.named(full));
    }

    private static Optional<Architecture> unpruned(String name) {
        Optional<ArchitectureFamily> owner = FAMILIES.find(name);
        if (owner.isEmpty()) {
            return FAMILIES.all().stream()
                    .flatMap(family -> family.variant(name).stream())
                    .findFirst();
        }
        return owner.get().architectures().stream()
                .filter(one -> one.name().equals(name))
                .findFirst();
    }

    /** Return the listed architectures of the family that an architecture belongs to; empty if it is not in the zoo. */
    public static List<Architecture> family(Architecture member) {
        String name = plain(member.name());
        return FAMILIES.all().stream()
                .filter(family -> family.variant(name).isPresent()
                        || family.architectures().stream()
                                .anyMatch(one -> one.name().equals(name)))
                .findFirst()
                .map(ArchitectureFamily::architectures)
                .orElse(List.of());
    }

    private static String plain(String name) {
        int plus = name.indexOf('+');
        return plus < 0 ? name : name.substring(0, plus);
    }

    public static List<String> names() {
        return FAMILIES.names();
    }
}
