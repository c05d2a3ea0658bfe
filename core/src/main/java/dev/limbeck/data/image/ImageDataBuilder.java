package dev.limbeck.data.image;

import dev.limbeck.Task;
import dev.limbeck.data.PrepareProgress;
import dev.limbeck.data.Processes;
import dev.limbeck.data.SplitSettings;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.image.Resize;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Build image data. Unset options use the source's defaults. {@link #build} validates everything including the images,
 * so errors appear before training.
 */
public final class ImageDataBuilder {
    private static final int MOST_DEFAULT_WORKERS = 4;

    private ImageSource source;
    private int height;
    private int width;
    private Augmentation augmentation;
    private boolean balanced;
    private Resize resize = Resize.CROP;
    private int batchSize = 64;
    private long seed = 42;
    private double validFraction = 0.2;
    private int maxTrainSamples;
    private int labelsPerClass;
    private boolean keepUnlabeled;
    private List<Double> mean = ImagePreprocessing.IMAGENET_MEAN;
    private List<Double> std = ImagePreprocessing.IMAGENET_STD;
    private long cacheBudget = Runtime.getRuntime().maxMemory() / 2;
    private boolean skipBadImages;
    private int workers = Math.max(1, Math.min(Runtime.getRuntime().availableProcessors(), MOST_DEFAULT_WORKERS));
    private int prefetch = 4;
    private PrepareProgress progress = (done, total) -> {};
    private Processes processes = Processes.ONE;

    ImageDataBuilder(ImageSource source) {
        this.source = source;
        ImageDefaults defaults = source.defaults();
        height = defaults.height();
        width = defaults.width();
        augmentation = Augmentation.none().withHflip(defaults.flip()).withPadAndCrop(defaults.padAndCrop());
    }

    /**
     * Derive each label from the image's file name, without folders. The class names are the sorted results.
     *
     * @param label returns a class name, or null for no label
     */
    public ImageDataBuilder labelByName(Function<String, @Nullable String> label) {
        source = new RelabeledSource(source, label);
        return this;
    }

    /** Set the image size to squares, in pixels. */
    public ImageDataBuilder imageSize(int side) {
        return imageSize(side, side);
    }

    /** Set the image size in pixels. */
    public ImageDataBuilder imageSize(int height, int width) {
        this.height = height;
        this.width = width;
        return this;
    }

    /** Set the resize method for other aspect ratios. The default is {@link Resize#CROP}. */
    public ImageDataBuilder resize(Resize resize) {
        this.resize = resize;
        return this;
    }

    /** Set the batch size. The default is 64. */
    public ImageDataBuilder batchSize(int batchSize) {
        this.batchSize = batchSize;
        return this;
    }

    /** Set all settings of splits and labels. */
    public ImageDataBuilder splits(SplitSettings splits) {
        seed = splits.seed();
        validFraction = splits.validFraction();
        maxTrainSamples = splits.maxTrainSamples();
        labelsPerClass = splits.labelsPerClass();
        keepUnlabeled = splits.keepUnlabeled();
        balanced = splits.balanced();
        return this;
    }

    /** Set the seed of splits, sample order and augmentation. The default is 42. */
    public ImageDataBuilder seed(long seed) {
        this.seed = seed;
        return this;
    }

    /**
     * Set the share of each class's training images used for validation if the source has no validation split. The
     * default is 0.2; 0 for none.
     */
    public ImageDataBuilder validFraction(double fraction) {
        this.validFraction = fraction;
        return this;
    }

    /**
     * Limit the number of labeled training images, and keep the class proportions. Unlabeled images are not limited. 0
     * for no limit.
     */
    public ImageDataBuilder maxTrainSamples(int most) {
        this.maxTrainSamples = most;
        return this;
    }

    /** Limit the number of labeled training images per class, selected at random. 0 for no limit. */
    public ImageDataBuilder labelsPerClass(int most) {
        this.labelsPerClass = most;
        return this;
    }

    /**
     * Take the labels from a CSV file with a header; see {@link #labels(Path, Task.Kind, List)}. The task is found from
     * its columns.
     */
    public ImageDataBuilder labels(Path csv) {
        return labels(csv, null, List.of());
    }

    /**
     * Take the labels from a CSV file with a header. The first column names the image: its path below the folder, or its
     * file name with or without the suffix. The other columns are labels or targets; an empty cell is an unknown one.
     *
     * @param kind the task; null to find it: one column of text is a class, several of 0 and 1 are labels, other numbers
     *     are regression targets
     * @param columns columns to use, in this order; empty for all
     * @throws dev.limbeck.LimbeckException if the file is unreadable, does not fit the task, or names no image
     */
    public ImageDataBuilder labels(Path csv, Task.@Nullable Kind kind, List<String> columns) {
        source = new TabledSource(source, LabelTable.read(csv, columns, kind));
        return this;
    }

    /** Keep the training images beyond a limit as unlabeled images, for use with a teacher. */
    public ImageDataBuilder keepUnlabeled(boolean keep) {
        this.keepUnlabeled = keep;
        return this;
    }

    /**
     * Use no labels, for a student that learns a teacher's embedding. Images may lie side by side or in folders; all of
     * them count, and a share is taken for validation unless the source has a split for it.
     */
    public ImageDataBuilder withoutLabels() {
        source = new WithoutLabels(source);
        return this;
    }

    /** Add unlabeled images to the training split, for use with a teacher. */
    public ImageDataBuilder unlabeled(ImageSource images) {
        source = new WithUnlabeled(source, images);
        return this;
    }

    /**
     * Normalize each channel to {@code (value / 255 − mean) / std}. The default is ImageNet's statistics.
     *
     * @param mean three values in RGB order, in [0, 1]
     * @param std three values above 0
     * @throws dev.limbeck.LimbeckException if they are out of range, such as those of pixels from 0 to 255
     */
    public ImageDataBuilder normalize(double[] mean, double[] std) {
        this.mean = Arrays.stream(mean).boxed().toList();
        this.std = Arrays.stream(std).boxed().toList();
        ImagePreprocessing.checkGiven(this.mean, this.std);
        return this;
    }

    /** Set size, resize method and normalization to those of a model, whatever its normalization is. */
    public ImageDataBuilder preprocessing(ImagePreprocessing saved) {
        height = saved.height();
        width = saved.width();
        resize = saved.resize();
        mean = saved.mean();
        std = saved.std();
        return this;
    }

    /** Flip training images horizontally with probability 1/2. */
    public ImageDataBuilder hflip() {
        return hflip(true);
    }

    /** Choose whether training images are flipped horizontally with probability 1/2. */
    public ImageDataBuilder hflip(boolean flip) {
        augmentation = augmentation.withHflip(flip);
        return this;
    }

    /** Crop training images at random after padding with this many black pixels on every side; 0 for none. */
    public ImageDataBuilder padAndCrop(int pixels) {
        augmentation = augmentation.withPadAndCrop(pixels);
        return this;
    }

    /** Set the augmentation. The function receives the source's default, such as flips and crops. */
    public ImageDataBuilder augmentation(UnaryOperator<Augmentation> change) {
        augmentation = change.apply(augmentation);
        return this;
    }

    /** Sample all classes equally often in each epoch, with repetition. */
    public ImageDataBuilder balanced(boolean balanced) {
        this.balanced = balanced;
        return this;
    }

    /**
     * Set the memory budget for resized images, in bytes. The default is half the maximum heap. Other images are
     * decoded each time.
     */
    public ImageDataBuilder cacheBudget(long bytes) {
        this.cacheBudget = bytes;
        return this;
    }

    /** Skip unreadable images. By default, {@link #build} throws. */
    public ImageDataBuilder skipBadImages(boolean skip) {
        this.skipBadImages = skip;
        return this;
    }

    /** Set the number of worker threads. The default is one per processor, at most 4. */
    public ImageDataBuilder workers(int workers) {
        this.workers = workers;
        return this;
    }

    /** Set the maximum number of prefetched batches. The default is 4. */
    public ImageDataBuilder prefetch(int batches) {
        this.prefetch = batches;
        return this;
    }

    /** Set the listener of the image check in {@link #build}. */
    public ImageDataBuilder onPrepare(PrepareProgress progress) {
        this.progress = progress;
        return this;
    }

    /** Divide the image check in {@link #build} among processes that build the same data. */
    public ImageDataBuilder processes(Processes processes) {
        this.processes = processes;
        return this;
    }

    /**
     * Validate the settings and the images, and split them.
     *
     * @throws dev.limbeck.LimbeckException with a one-line message, if a setting is out of range, fewer than two
     *     classes are found, or an image is unreadable
     */
    public ImageData build() {
        ImageSettings settings = new ImageSettings(
                new ImagePreprocessing(height, width, resize, mean, std),
                batchSize,
                new SplitSettings(seed, validFraction, maxTrainSamples, labelsPerClass, keepUnlabeled, balanced),
                augmentation,
                cacheBudget,
                skipBadImages,
                workers,
                prefetch);
        return new ImageData(source, settings, processes, progress);
    }
}
