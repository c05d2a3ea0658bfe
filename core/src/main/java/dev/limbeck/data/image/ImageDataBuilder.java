package dev.limbeck.data.image;

import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.image.Resize;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Choose how images become batches; what is not chosen suits the source. {@link #build} checks everything, images
 * included, so that nothing is wrong with them halfway through training.
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

    ImageDataBuilder(ImageSource source) {
        this.source = source;
        ImageDefaults defaults = source.defaults();
        height = defaults.height();
        width = defaults.width();
        augmentation = Augmentation.none().withHflip(defaults.flip()).withPadAndCrop(defaults.padAndCrop());
    }

    /**
     * Make the label of each image from its file name, without folders; the class names are the sorted results.
     *
     * @param label returns a class name, or null for an image without label
     */
    public ImageDataBuilder labelByName(Function<String, @Nullable String> label) {
        source = new RelabeledSource(source, label);
        return this;
    }

    /** Bring images to squares of this many pixels a side. */
    public ImageDataBuilder imageSize(int side) {
        return imageSize(side, side);
    }

    /** Bring images to this many pixels. */
    public ImageDataBuilder imageSize(int height, int width) {
        this.height = height;
        this.width = width;
        return this;
    }

    /** Choose what happens to images of another aspect ratio; {@link Resize#CROP} unless chosen. */
    public ImageDataBuilder resize(Resize resize) {
        this.resize = resize;
        return this;
    }

    /** Put this many images in a batch; 64 unless chosen. */
    public ImageDataBuilder batchSize(int batchSize) {
        this.batchSize = batchSize;
        return this;
    }

    /** Seed the division into splits, the order of each epoch and the augmentation; 42 unless chosen. */
    public ImageDataBuilder seed(long seed) {
        this.seed = seed;
        return this;
    }

    /**
     * Validate on this share of each class's training images where the source has no validation split; 0.2 unless
     * chosen, 0 for none.
     */
    public ImageDataBuilder validFraction(double fraction) {
        this.validFraction = fraction;
        return this;
    }

    /**
     * Train on at most this many labeled images, drawn in proportion from the classes; unlabeled ones stay as they are.
     * 0 for all.
     */
    public ImageDataBuilder maxTrainSamples(int most) {
        this.maxTrainSamples = most;
        return this;
    }

    /** Train on at most this many labeled images of each class, drawn at random; 0 for all. */
    public ImageDataBuilder labelsPerClass(int most) {
        this.labelsPerClass = most;
        return this;
    }

    /** Keep the training images beyond a limit without their labels: a teacher can teach on them. */
    public ImageDataBuilder keepUnlabeled(boolean keep) {
        this.keepUnlabeled = keep;
        return this;
    }

    /** Add images without labels to the training ones: a teacher can teach on them. */
    public ImageDataBuilder unlabeled(ImageSource images) {
        source = new WithUnlabeled(source, images);
        return this;
    }

    /**
     * Normalize each channel to {@code (value / 255 − mean) / std}; by ImageNet's statistics unless chosen.
     *
     * @param mean three values, red first
     * @param std three values above 0
     */
    public ImageDataBuilder normalize(double[] mean, double[] std) {
        this.mean = Arrays.stream(mean).boxed().toList();
        this.std = Arrays.stream(std).boxed().toList();
        return this;
    }

    /** Mirror training images left and right half of the time. */
    public ImageDataBuilder hflip() {
        return hflip(true);
    }

    /** Choose whether training images are mirrored half of the time. */
    public ImageDataBuilder hflip(boolean flip) {
        augmentation = augmentation.withHflip(flip);
        return this;
    }

    /** Take a training image's crop at random after adding this many black pixels on every side; 0 for none. */
    public ImageDataBuilder padAndCrop(int pixels) {
        augmentation = augmentation.withPadAndCrop(pixels);
        return this;
    }

    /** Change training images in a way of one's own choice; flips and crops that suit the data are the default. */
    public ImageDataBuilder augmentation(UnaryOperator<Augmentation> change) {
        augmentation = change.apply(augmentation);
        return this;
    }

    /** Draw as many images of every class for each epoch, with repetition, however rare a class is. */
    public ImageDataBuilder balanced(boolean balanced) {
        this.balanced = balanced;
        return this;
    }

    /** Keep this many bytes of resized images in memory, half the largest heap unless chosen; the rest is decoded anew. */
    public ImageDataBuilder cacheBudget(long bytes) {
        this.cacheBudget = bytes;
        return this;
    }

    /** Leave images out that cannot be read, instead of refusing to build. */
    public ImageDataBuilder skipBadImages(boolean skip) {
        this.skipBadImages = skip;
        return this;
    }

    /** Prepare batches on this many threads; one per processor, at most 4, unless chosen. */
    public ImageDataBuilder workers(int workers) {
        this.workers = workers;
        return this;
    }

    /** Prepare at most this many batches ahead; 4 unless chosen. */
    public ImageDataBuilder prefetch(int batches) {
        this.prefetch = batches;
        return this;
    }

    /** Follow the pass over all images that {@link #build} makes. */
    public ImageDataBuilder onPrepare(PrepareProgress progress) {
        this.progress = progress;
        return this;
    }

    /**
     * Check the settings and every image that may be unreadable, and divide the images into splits.
     *
     * @throws dev.limbeck.LimbeckException in one line, if a setting is out of range, fewer than two classes are found,
     *     or an image cannot be read
     */
    public ImageData build() {
        ImageSettings settings = new ImageSettings(
                new ImagePreprocessing(height, width, resize, mean, std),
                batchSize,
                seed,
                validFraction,
                maxTrainSamples,
                labelsPerClass,
                keepUnlabeled,
                balanced,
                augmentation,
                cacheBudget,
                skipBadImages,
                workers,
                prefetch);
        return new ImageData(source, settings, progress);
    }
}
