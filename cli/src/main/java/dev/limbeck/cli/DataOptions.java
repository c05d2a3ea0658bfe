package dev.limbeck.cli;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.image.DatasetStore;
import dev.limbeck.data.image.Datasets;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.data.image.ImageDataBuilder;
import dev.limbeck.data.image.ImagePreparation;
import dev.limbeck.data.image.Resize;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Offer everything about the images of a command. */
final class DataOptions {
    private static final int REPORT_EVERY = 10_000;

    @Option(
            names = "--data",
            required = true,
            description = "A known data set (shapes, cifar10, cifar100, mnist, fashion-mnist, pets, pets-breeds), "
                    + "a folder of images or an archive.")
    String data = "";

    @Option(
            names = "--label-regex",
            description = "Take the label from the file name: the first group of this pattern, or all that matches.")
    @Nullable
    String labelRegex;

    @Option(names = "--image-size", description = "Side of the square images (default: as suits the data).")
    int imageSize;

    @Option(names = "--resize", description = "squish, crop or pad (default: crop).")
    @Nullable
    Resize resize;

    @Option(names = "--batch-size", defaultValue = "64", description = "Images a step (default: 64).")
    int batchSize = 64;

    @Option(
            names = "--valid-fraction",
            defaultValue = "0.2",
            description = "Share of the training images that validates where there is no such split (default: 0.2).")
    double validFraction = 0.2;

    @Option(names = "--train-limit", description = "Use so many labelled training images, equally of all classes.")
    int trainLimit;

    @Option(names = "--data-seed", description = "Seed of splits, order and augmentation (default: that of --seed).")
    @Nullable
    Long dataSeed;

    @Option(names = "--mean", split = ",", description = "Three channel means, white is 1 (default: ImageNet's).")
    double @Nullable [] mean;

    @Option(names = "--std", split = ",", description = "Three channel deviations (default: ImageNet's).")
    double @Nullable [] std;

    @Option(names = "--workers", description = "Threads that decode and augment (default: by the cores).")
    int workers;

    @Option(names = "--skip-bad-images", description = "Leave out images that cannot be read, and count them.")
    boolean skipBadImages;

    /** Open the data, prepared as the options say, else as a saved model says, else as suits the data. */
    ImageData open(LimbeckCommand command, long seed, Map<String, String> savedPreparation) {
        if ((mean == null) != (std == null)) throw new LimbeckException("--mean and --std go together");
        DatasetStore store = Datasets.store().onDownload(new DownloadLine(command.terminal()));
        ImageDataBuilder builder = ImageData.builder(store.source(data))
                .batchSize(batchSize)
                .seed(dataSeed == null ? seed : dataSeed)
                .validFraction(validFraction)
                .skipBadImages(skipBadImages)
                .onPrepare((done, total) -> {
                    if (done % REPORT_EVERY == 0) command.tell("read %,d of %,d images".formatted(done, total));
                });
        if (ImagePreparation.isIn(savedPreparation)) {
            ImagePreparation saved = ImagePreparation.of(savedPreparation);
            builder.imageSize(saved.height(), saved.width())
                    .resize(saved.resize())
                    .normalise(array(saved.mean()), array(saved.std()));
        }
        if (imageSize != 0) builder.imageSize(imageSize);
        if (resize != null) builder.resize(resize);
        if (mean != null && std != null) builder.normalise(mean, std);
        if (trainLimit != 0) builder.trainLimit(trainLimit);
        if (workers != 0) builder.workers(workers);
        if (labelRegex != null) {
            Pattern pattern = pattern(labelRegex);
            builder.labelByName(name -> label(pattern, name));
        }
        ImageData opened = builder.build();
        opened.skipped().forEach(line -> command.tell("skipped: " + line));
        return opened;
    }

    private static double[] array(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static Pattern pattern(String regex) {
        try {
            return Pattern.compile(regex);
        } catch (PatternSyntaxException e) {
            throw new LimbeckException("--label-regex is no pattern: " + e.getDescription() + " in " + regex, e);
        }
    }

    private static @Nullable String label(Pattern pattern, String name) {
        Matcher matcher = pattern.matcher(name);
        if (!matcher.find()) return null;
        return matcher.groupCount() > 0 ? matcher.group(1) : matcher.group();
    }
}
