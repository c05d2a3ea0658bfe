package dev.limbeck.recipe.image;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.image.Datasets;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.data.image.ImageDataBuilder;
import dev.limbeck.data.image.ImageDefaults;
import dev.limbeck.data.image.ImageFolder;
import dev.limbeck.data.image.ImageSource;
import dev.limbeck.data.image.ImageTable;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.image.Resize;
import dev.limbeck.recipe.DataRecipe;
import dev.limbeck.recipe.Heading;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.recipe.Setting;
import dev.limbeck.recipe.SplitRecipe;
import dev.limbeck.zoo.Architecture;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Hold the images and their batching. A null component takes the value of the model, the data set or the architecture.
 */
public record ImageDataRecipe(
        @Setting(
                help = "Data set (shapes, cifar10, pets, …), folder, archive, CSV",
                required = true,
                options = "--data",
                label = "SOURCE")
        String source,

        @Setting(help = "Regex of labels in file names: first group, or whole match", label = "REGEX") @Nullable
        String labelRegex,

        @Setting(help = "CSV file with a header: file name, then labels", options = "--labels", label = "CSV") @Nullable
        String labels,

        @Setting(help = "Columns to predict, of that file or of rows", whenUnset = "all", label = "NAMES", rare = true)
        @Nullable
        List<String> labelColumns,

        @Setting(
                help = "Task",
                defaultValue = "single-label",
                oneOf = {"single-label", "multi-label", "regression", "embedding"},
                options = "--task")
        String task,

        @Setting(help = "Side of the square images", atLeast = 1, whenUnset = "the model's or the data's") @Nullable
        Integer imageSize,

        @Setting(help = "Resize method", oneOfEnum = Resize.class, whenUnset = "the model's or crop") @Nullable
        String resize,

        @Setting(help = "Images per batch", defaultValue = "64", atLeast = 1)
        Integer batchSize,

        @JsonUnwrapped SplitRecipe splits,

        @Setting(help = "Unlabeled rows: a folder of images or texts, or a file", label = "PATH") @Nullable
        String unlabeled,

        @Setting(
                help = "Augmentation of training images; unset values take the data set's default",
                heading = Heading.AUGMENTATION)
        @Nullable
        AugmentRecipe augment,

        @Setting(
                help = "Three channel means, in [0, 1]",
                whenUnset = "the model's or ImageNet's",
                label = "M,M,M",
                rare = true)
        @Nullable
        List<Double> mean,

        @Setting(
                help = "Three channel deviations",
                whenUnset = "the model's or ImageNet's",
                label = "S,S,S",
                rare = true)
        @Nullable
        List<Double> std,

        @Setting(help = "Skip unreadable images, and report their number", defaultValue = "false", rare = true)
        Boolean skipBadImages)
        implements DataRecipe {
    private static final int MOST_SKIPPED = 10;

    public ImageDataRecipe {
        if (labelRegex != null) pattern(labelRegex);
        if (labelRegex != null && labels != null) {
            throw new LimbeckException("found label_regex and labels; choose one");
        }
        boolean isTable = ImageTable.isNamedSo(source);
        if (isTable && (labels != null || labelRegex != null)) {
            throw new LimbeckException("found " + (labels == null ? "label_regex" : "labels") + " beside the table "
                    + source + ", which has labels; leave one out, or name a folder as source");
        }
        if (labels == null && labelColumns != null && !isTable) {
            throw new LimbeckException("found label_columns without labels; name the CSV file (labels, --labels)");
        }
        boolean embeds = Task.Kind.of(task) == Task.Kind.EMBEDDING;
        if (embeds && (labels != null || labelColumns != null || labelRegex != null)) {
            throw new LimbeckException("the task embedding uses no labels, found "
                    + (labels != null ? "labels" : labelColumns != null ? "label_columns" : "label_regex")
                    + "; leave it out");
        }
        if (labels == null && !isTable && !embeds && Task.Kind.of(task) != Task.Kind.SINGLE_LABEL) {
            throw new LimbeckException("the task " + task + " needs a table; name the CSV file (labels, --labels)");
        }
        if (labelColumns != null) labelColumns = List.copyOf(labelColumns);
        if ((mean == null) != (std == null)) {
            throw new LimbeckException("set mean and std together, found only " + (mean == null ? "std" : "mean")
                    + "; give three numbers for each");
        }
        if (mean != null) mean = List.copyOf(mean);
        if (std != null) std = List.copyOf(std);
        if (mean != null && std != null) ImagePreprocessing.checkGiven(mean, std);
    }

    @Override
    public String kind() {
        return ImagePreprocessing.KIND;
    }

    @Override
    public int shownViews() {
        return augment == null || augment.views() == null ? 0 : augment.views();
    }

    @Override
    public Map<String, String> preparation(Architecture architecture, Map<String, String> preferred) {
        Map<String, String> known = new LinkedHashMap<>();
        if (ImagePreprocessing.isIn(preferred))
            known.putAll(ImagePreprocessing.of(preferred).toMetadata());
        // A known data set has a size of its own.
        else if (!Datasets.names().contains(source))
            known.put(ImagePreprocessing.SIZE, square(architecture.imageSize()));
        if (imageSize != null) known.put(ImagePreprocessing.SIZE, square(imageSize));
        if (resize != null) known.put(ImagePreprocessing.RESIZE, resize);
        if (mean != null) known.put(ImagePreprocessing.MEAN, mean.toString());
        if (std != null) known.put(ImagePreprocessing.STD, std.toString());
        return known;
    }

    /**
     * Open the images. An unset value comes from the saved model, then from the data set's defaults, then from the
     * architecture.
     *
     * @param otherSeed seed to use if this recipe has none
     * @param savedPreparation preprocessing of the model that gets the images; empty if unknown
     */
    @Override
    public ImageData open(
            long otherSeed, Architecture architecture, Map<String, String> savedPreparation, RunContext context) {
        return open(otherSeed, architecture.imageSize(), savedPreparation, context);
    }

    /**
     * Open the images with a complete preprocessing.
     *
     * @param preprocessing the preprocessing; the image size need not be square
     */
    public ImageData open(long otherSeed, ImagePreprocessing preprocessing, RunContext context) {
        return open(otherSeed, preprocessing.height(), preprocessing.toMetadata(), context);
    }

    private ImageData open(
            long otherSeed, int otherImageSize, Map<String, String> savedPreparation, RunContext context) {
        List<String> columns = labelColumns == null ? List.of() : labelColumns;
        ImageSource images = ImageTable.isNamedSo(source)
                ? ImageTable.of(Path.of(source), labeledTask(), columns)
                : Datasets.store().onDownload(context.download()).source(source);
        ImageDataBuilder builder = ImageData.builder(images)
                .batchSize(batchSize)
                .splits(splits.settings(otherSeed))
                .skipBadImages(skipBadImages)
                .processes(context.exchange())
                .onPrepare(context.prepare());
        if (images.defaults().equals(ImageDefaults.PLAIN)) builder.imageSize(otherImageSize);
        if (ImagePreprocessing.isIn(savedPreparation)) {
            builder.preprocessing(ImagePreprocessing.of(savedPreparation));
        }
        if (imageSize != null) builder.imageSize(imageSize);
        if (resize != null) builder.resize(Resize.valueOf(resize.toUpperCase(Locale.ROOT)));
        if (mean != null && std != null) builder.normalize(array(mean), array(std));
        if (augment != null) builder.augmentation(augment::over);
        Integer workers = context.workers();
        if (workers != null) builder.workers(workers);
        if (labelRegex != null) {
            Pattern pattern = pattern(labelRegex);
            builder.labelByName(name -> label(pattern, name));
        }
        if (labels != null) {
            builder.labels(Path.of(labels), Task.Kind.of(task), columns);
        }
        // Made after the labels of the other images.
        if (unlabeled != null) builder.unlabeled(ImageFolder.of(Path.of(unlabeled)));
        if (Task.Kind.of(task) == Task.Kind.EMBEDDING) builder.withoutLabels();
        ImageData opened = builder.build();
        logSkipped(opened.skipped(), context.log());
        return opened;
    }

    private static String square(int side) {
        return side + "x" + side;
    }

    /** Return the task of a table's columns; null to find it, because they are not used. */
    private Task.@Nullable Kind labeledTask() {
        Task.Kind kind = Task.Kind.of(task);
        return kind == Task.Kind.EMBEDDING ? null : kind;
    }

    private static void logSkipped(List<String> skipped, Consumer<String> lines) {
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
