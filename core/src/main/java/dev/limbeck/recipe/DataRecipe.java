package dev.limbeck.recipe;

import dev.limbeck.LimbeckException;
import dev.limbeck.Settings;
import dev.limbeck.data.image.Datasets;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.data.image.ImageDataBuilder;
import dev.limbeck.data.image.ImageDefaults;
import dev.limbeck.data.image.ImageFolder;
import dev.limbeck.data.image.ImagePreprocessing;
import dev.limbeck.data.image.ImageSource;
import dev.limbeck.image.Resize;
import dev.limbeck.zoo.Architecture;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Say which images, and how they become batches; what is null suits the model, the data or the architecture.
 *
 * @param source a known data set, a folder of images or an archive
 * @param labelRegex takes the label from the file name: the first group of this pattern, or all that matches
 * @param imageSize side of the square images in pixels
 * @param resize squish, crop or pad
 * @param batchSize images per batch; 64
 * @param validFraction share of the training images that validates where there is no such split; 0.2
 * @param maxTrainSamples most labeled training images; all unless set
 * @param labelsPerClass most labeled training images of each class; all unless set
 * @param keepUnlabeled whether training images beyond those limits stay, without their labels
 * @param unlabeled a folder of images side by side that teach through the teacher only
 * @param balanced whether each epoch draws as many images of every class; false
 * @param augment how training images are changed; as it suits the data unless set
 * @param seed of splits, order and augmentation; that of the training unless set
 * @param mean three channel means on the scale where white is 1
 * @param std three channel deviations
 * @param skipBadImages whether images that cannot be read are left out
 */
public record DataRecipe(
        String source,
        @Nullable String labelRegex,
        @Nullable Integer imageSize,
        @Nullable String resize,
        Integer batchSize,
        Double validFraction,
        @Nullable Integer maxTrainSamples,
        @Nullable Integer labelsPerClass,
        Boolean keepUnlabeled,
        @Nullable String unlabeled,
        Boolean balanced,
        @Nullable AugmentRecipe augment,
        @Nullable Long seed,
        @Nullable List<Double> mean,
        @Nullable List<Double> std,
        Boolean skipBadImages) {
    private static final int MOST_SKIPPED = 10;
    private static final List<String> RESIZES = Stream.of(Resize.values())
            .map(r -> r.name().toLowerCase(Locale.ROOT))
            .toList();

    public DataRecipe {
        if (source == null) throw RecipeFiles.missing("data.source");
        if (labelRegex != null) pattern(labelRegex);
        if (imageSize != null) Settings.atLeast(1, "image_size", imageSize);
        if (resize != null) RecipeFiles.oneOf("resize", resize, RESIZES);
        batchSize = Settings.atLeast(1, "batch_size", batchSize == null ? 64 : batchSize);
        validFraction = Settings.inHalfOpenUnit("valid_fraction", validFraction == null ? 0.2 : validFraction);
        if (maxTrainSamples != null) Settings.atLeast(1, "max_train_samples", maxTrainSamples);
        if (labelsPerClass != null) Settings.atLeast(1, "labels_per_class", labelsPerClass);
        if (labelsPerClass != null && maxTrainSamples != null) {
            throw new LimbeckException("found max_train_samples and labels_per_class; choose one");
        }
        if (keepUnlabeled == null) keepUnlabeled = false;
        if (balanced == null) balanced = false;
        if ((mean == null) != (std == null)) {
            throw new LimbeckException("mean and std go together, found only " + (mean == null ? "std" : "mean")
                    + "; give three numbers to each");
        }
        if (mean != null) mean = List.copyOf(mean);
        if (std != null) std = List.copyOf(std);
        if (mean != null && std != null) new ImagePreprocessing(1, 1, Resize.CROP, mean, std);
        if (skipBadImages == null) skipBadImages = false;
    }

    /**
     * Open the images. What is not set here is taken from a saved model, else from what suits the data, else from the
     * architecture.
     *
     * @param otherSeed the seed where this has none
     * @param savedPreparation of the model that sees the images; empty if there is none, or it does not say
     */
    public ImageData open(
            long otherSeed, Architecture architecture, Map<String, String> savedPreparation, RunContext context) {
        return open(otherSeed, architecture.imageSize(), savedPreparation, context);
    }

    /**
     * Open the images for a model whose preparation is known whole.
     *
     * @param preprocessing with the size of images, which need not be square
     */
    public ImageData open(long otherSeed, ImagePreprocessing preparation, RunContext context) {
        return open(otherSeed, preparation.height(), preparation.toMetadata(), context);
    }

    private ImageData open(
            long otherSeed, int otherImageSize, Map<String, String> savedPreparation, RunContext context) {
        ImageSource images = Datasets.store().onDownload(context.download()).source(source);
        ImageDataBuilder builder = ImageData.builder(images)
                .batchSize(batchSize)
                .seed(seed == null ? otherSeed : seed)
                .validFraction(validFraction)
                .skipBadImages(skipBadImages)
                .onPrepare(context.prepare());
        if (images.defaults().equals(ImageDefaults.PLAIN)) builder.imageSize(otherImageSize);
        if (ImagePreprocessing.isIn(savedPreparation)) {
            ImagePreprocessing saved = ImagePreprocessing.of(savedPreparation);
            builder.imageSize(saved.height(), saved.width())
                    .resize(saved.resize())
                    .normalize(array(saved.mean()), array(saved.std()));
        }
        if (imageSize != null) builder.imageSize(imageSize);
        if (resize != null) builder.resize(Resize.valueOf(resize.toUpperCase(Locale.ROOT)));
        if (mean != null && std != null) builder.normalize(array(mean), array(std));
        if (maxTrainSamples != null) builder.maxTrainSamples(maxTrainSamples);
        if (labelsPerClass != null) builder.labelsPerClass(labelsPerClass);
        builder.keepUnlabeled(keepUnlabeled).balanced(balanced);
        if (augment != null) builder.augmentation(augment::over);
        Integer workers = context.workers();
        if (workers != null) builder.workers(workers);
        if (labelRegex != null) {
            Pattern pattern = pattern(labelRegex);
            builder.labelByName(name -> label(pattern, name));
        }
        // After the labels of the others have been made.
        if (unlabeled != null) builder.unlabeled(ImageFolder.of(Path.of(unlabeled)));
        ImageData opened = builder.build();
        tellSkipped(opened.skipped(), context.told());
        return opened;
    }

    private static void tellSkipped(List<String> skipped, Consumer<String> lines) {
        skipped.stream().limit(MOST_SKIPPED).forEach(line -> lines.accept("skipped: " + line));
        if (skipped.size() > MOST_SKIPPED) {
            lines.accept("skipped: " + (skipped.size() - MOST_SKIPPED) + " more images that cannot be read");
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
                    "label_regex must be a regular expression, found '" + regex + "' (" + e.getDescription() + ")", e);
        }
    }

    private static @Nullable String label(Pattern pattern, String name) {
        Matcher matcher = pattern.matcher(name);
        if (!matcher.find()) return null;
        return matcher.groupCount() > 0 ? matcher.group(1) : matcher.group();
    }
}
