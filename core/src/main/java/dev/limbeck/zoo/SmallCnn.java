package dev.limbeck.zoo;

import dev.limbeck.nn.BatchNorm2d;
import dev.limbeck.nn.Conv2d;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.MaxPool2d;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.ReLU;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Compute N×classes logits from N×3×H×W images with a plain CNN: for each width a 3×3 convolution, batch norm and ReLU,
 * with 2×2 pooling between widths; then global average pooling and a linear layer.
 */
public final class SmallCnn extends PooledNet {
    private static final String PREFIX = "small-cnn-";
    private static final Pattern WIDTHS = Pattern.compile(PREFIX + "[1-9]\\d{0,4}(-[1-9]\\d{0,4})*");

    private SmallCnn(long[] widths, Head head) {
        this(widths[widths.length - 1], features(widths), head);
    }

    private SmallCnn(long last, List<Module> features, Head head) {
        super(
                SmallCnn.class.getSimpleName(),
                features,
                head.pool(),
                head.classifier(last, () -> new Linear(last, head.classes())),
                chain(features, head, "classifier"));
    }

    private static List<Module> features(long... widths) {
        List<Module> steps = new ArrayList<>();
        long in = 3;
        for (long width : widths) {
            if (!steps.isEmpty()) steps.add(new MaxPool2d(2, 2, 0));
            steps.addAll(List.of(Conv2d.of(in, width, 3, 1, 1), new BatchNorm2d(width), new ReLU()));
            in = width;
        }
        return steps;
    }

    /**
     * Describe a CNN.
     *
     * @param widths channels of each convolution, at least one
     */
    public static Architecture of(long... widths) {
        if (widths.length == 0 || Arrays.stream(widths).anyMatch(width -> width < 1)) {
            throw new IllegalArgumentException(
                    "a small CNN needs widths of at least 1, found " + Arrays.toString(widths));
        }
        long[] own = widths.clone();
        String name = PREFIX + Arrays.stream(own).mapToObj(Long::toString).collect(Collectors.joining("-"));
        return Architecture.pooling(name, Layers.CIFAR, head -> new SmallCnn(own, head), "classifier")
                .prunable(
                        Arrays.stream(own).boxed().toList(),
                        others -> of(others.stream().mapToLong(Long::longValue).toArray()));
    }

    /** Register the family. */
    public static final class Family implements ArchitectureFamily {
        @Override
        public List<Architecture> architectures() {
            return List.of(of(32, 64, 128));
        }

        @Override
        public Optional<Architecture> variant(String name) {
            if (!WIDTHS.matcher(name).matches()) return Optional.empty();
            return Optional.of(of(Arrays.stream(name.substring(PREFIX.length()).split("-"))
                    .mapToLong(Long::parseLong)
                    .toArray()));
        }
    }
}
