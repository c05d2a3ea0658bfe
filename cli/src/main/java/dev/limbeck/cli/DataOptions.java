package dev.limbeck.cli;

import dev.limbeck.LimbeckException;
import dev.limbeck.Settings;
import dev.limbeck.data.image.DatasetStore;
import dev.limbeck.data.image.Datasets;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.data.image.ImageDataBuilder;
import dev.limbeck.data.image.ImageDefaults;
import dev.limbeck.data.image.ImagePreparation;
import dev.limbeck.data.image.ImageSource;
import dev.limbeck.data.image.Resize;
import dev.limbeck.zoo.Architecture;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Offer everything about the images of a command. */
final class DataOptions {
    private static final int REPORT_EVERY = 10_000;
    private static final double VALID_FRACTION = 0.2;

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

    @Option(
            names = "--image-size",
            description = "Side of the square images (default: as the model or the data say, else the architecture).")
    @Nullable
    Integer imageSize;

    @Option(names = "--resize", description = "squish, crop or pad (default: crop).")
    @Nullable
    Resize resize;

    @Option(names = "--batch-size", defaultValue = "64", description = "Images per batch (default: 64).")
    int batchSize = 64;

    @Option(
            names = "--valid-fraction",
            description = "Share of the training images that validates where there is no such split (default: 0.2).")
    @Nullable
    Double validFraction;

    @Option(
            names = "--train-limit",
            description = "Use at most so many labelled training images, in proportion from the classes.")
    @Nullable
    Integer trainLimit;

    @Option(names = "--data-seed", description = "Seed of splits, order and augmentation (default: that of --seed).")
    @Nullable
    Long dataSeed;

    @Option(names = "--mean", split = ",", description = "Three channel means, white is 1 (default: ImageNet's).")
    double @Nullable [] mean;

    @Option(names = "--std", split = ",", description = "Three channel deviations (default: ImageNet's).")
    double @Nullable [] std;

    @Option(names = "--workers", description = "Threads that decode and augment (default: by the cores).")
    @Nullable
    Integer workers;

    @Option(names = "--skip-bad-images", description = "Leave out images that cannot be read, and count them.")
    boolean skipBadImages;

    /** Check every number before data is read or fetched. */
    void check() {
        Settings.atLeast(1, "--batch-size", batchSize);
        if (validFraction != null) Settings.inHalfOpenUnit("--valid-fraction", validFraction);
        Numbers.atLeast(1, "--image-size", imageSize);
        Numbers.atLeast(1, "--train-limit", trainLimit);
        Numbers.atLeast(1, "--workers", workers);
        if ((mean == null) != (std == null)) {
            throw new LimbeckException("--mean and --std go together, found only " + (mean == null ? "--std" : "--mean")
                    + "; give three numbers to each");
        }
        channels("--mean", mean);
        channels("--std", std);
        if (labelRegex != null) pattern(labelRegex);
    }

    private static void channels(String name, double @Nullable [] values) {
        if (values != null && values.length != 3) {
            throw new LimbeckException(
                    name + " must be three numbers such as 0.5,0.5,0.5, found " + values.length + " of them");
        }
    }

    /**
     * Open the data, prepared as the options say, else as a saved model says, else as suits the data, else as suits the
     * architecture.
     */
    ImageData open(LimbeckCommand command, long seed, Architecture architecture, Map<String, String> savedPreparation) {
        check();
        DatasetStore store = Datasets.store().onDownload(new DownloadLine(command.terminal()));
        ImageSource source = store.source(data);
        AtomicInteger next = new AtomicInteger(REPORT_EVERY);
        ImageDataBuilder builder = ImageData.builder(source)
                .batchSize(batchSize)
                .seed(dataSeed == null ? seed : dataSeed)
                .validFraction(validFraction == null ? VALID_FRACTION : validFraction)
                .skipBadImages(skipBadImages)
                .onPrepare((done, total) -> {
                    if (done >= next.get()) {
                        next.set((done / REPORT_EVERY + 1) * REPORT_EVERY);
                        command.tell(Texts.format("read %,d of %,d images", done, total));
                    }
                });
        if (source.defaults().equals(ImageDefaults.PLAIN)) builder.imageSize(architecture.imageSize());
        if (ImagePreparation.isIn(savedPreparation)) {
            ImagePreparation saved = ImagePreparation.of(savedPreparation);
            builder.imageSize(saved.height(), saved.width())
                    .resize(saved.resize())
                    .normalise(array(saved.mean()), array(saved.std()));
        }
        if (imageSize != null) builder.imageSize(imageSize);
        if (resize != null) builder.resize(resize);
        if (mean != null && std != null) builder.normalise(mean, std);
        if (trainLimit != null) builder.trainLimit(trainLimit);
        if (workers != null) builder.workers(workers);
        if (labelRegex != null) {
            Pattern pattern = pattern(labelRegex);
            builder.labelByName(name -> label(pattern, name));
        }
        ImageData opened = build(builder);
        opened.skipped().forEach(line -> command.tell("skipped: " + line));
        return opened;
    }

    /** Build the data; the library's messages name its methods, a user of the command line has options. */
    private static ImageData build(ImageDataBuilder builder) {
        try {
            return builder.build();
        } catch (LimbeckException e) {
            String message = String.valueOf(e.getMessage());
            throw new LimbeckException(
                    message.replace("or use skipBadImages", "or use --skip-bad-images")
                            .replace("image height must", "--image-size must")
                            .replace("or labelByName", "or --label-regex to take labels from file names"),
                    e);
        }
    }

    private static double[] array(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static Pattern pattern(String regex) {
        try {
            return Pattern.compile(regex);
        } catch (PatternSyntaxException e) {
            throw new LimbeckException(
                    "--label-regex must be a regular expression, found '" + regex + "' (" + e.getDescription() + ")",
                    e);
        }
    }

    private static @Nullable String label(Pattern pattern, String name) {
        Matcher matcher = pattern.matcher(name);
        if (!matcher.find()) return null;
        return matcher.groupCount() > 0 ? matcher.group(1) : matcher.group();
    }
}
