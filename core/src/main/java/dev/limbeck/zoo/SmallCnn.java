package dev.limbeck.zoo;

import dev.limbeck.nn.BatchNorm2d;
import dev.limbeck.nn.Conv2d;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.MaxPool2d;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.ReLU;
import dev.limbeck.nn.Sequential;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;

/**
 * Compute N×classes logits from N×3×H×W images with a plain CNN: for each width a 3×3 convolution, batch norm and ReLU,
 * with 2×2 pooling between widths; then global average pooling and a linear layer.
 */
public final class SmallCnn extends Module {
    private static final String PREFIX = "small-cnn-";
    private static final Pattern WIDTHS = Pattern.compile(PREFIX + "[1-9]\\d{0,4}(-[1-9]\\d{0,4})*");

    private final Sequential features;
    private final Module avgpool;
    private final Module classifier;

    private SmallCnn(long[] widths, Head head) {
        List<Module> steps = new ArrayList<>();
        long in = 3;
        for (long width : widths) {
            if (!steps.isEmpty()) steps.add(new MaxPool2d(2, 2, 0));
            steps.addAll(List.of(Conv2d.of(in, width, 3, 1, 1), new BatchNorm2d(width), new ReLU()));
            in = width;
        }
        long last = in;
        features = child("features", new Sequential(steps));
        avgpool = child("avgpool", head.pool());
        classifier = child("classifier", head.classifier(last, () -> new Linear(last, head.classes())));
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
        return Architecture.pooling(name, Layers.CIFAR, head -> new SmallCnn(own, head), "classifier");
    }

    @Override
    protected Tensor forward(Tensor x) {
        return classifier.apply(avgpool.apply(features.apply(x)).flatten(1, -1));
    }

    @Override
    public String script() {
        return """
                def forward(self, x: Tensor):
                    x = self.avgpool.forward(self.features.forward(x))
                    return self.classifier.forward(torch.flatten(x, 1))
                """;
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
