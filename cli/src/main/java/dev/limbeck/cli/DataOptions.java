package dev.limbeck.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.data.image.ImagePreprocessing;
import dev.limbeck.image.Resize;
import dev.limbeck.recipe.DataRecipe;
import dev.limbeck.recipe.RecipeFiles;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Offer everything about the images of a command. What is not given is for the recipe to choose. */
final class DataOptions {
    @Option(
            names = "--data",
            description = "A known data set (shapes, cifar10, cifar100, mnist, fashion-mnist, pets, pets-breeds), "
                    + "a folder of images or an archive.")
    @Nullable
    String data;

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
    String resize;

    @Option(names = "--batch-size", description = "Images per batch (default: 64).")
    @Nullable
    Integer batchSize;

    @Option(
            names = "--valid-fraction",
            description = "Share of the training images that validates where there is no such split (default: 0.2).")
    @Nullable
    Double validFraction;

    @Option(
            names = "--max-train-samples",
            description = "Use at most so many labeled training images, in proportion from the classes.")
    @Nullable
    Integer trainLimit;

    @Option(names = "--labels-per-class", description = "Use at most so many labeled training images of each class.")
    @Nullable
    Integer labelsPerClass;

    @Option(
            names = "--keep-unlabeled",
            description = "Keep training images beyond those limits without their labels: the teacher teaches on them.")
    boolean keepUnlabeled;

    @Option(names = "--unlabeled", description = "A folder of images side by side that only the teacher teaches on.")
    @Nullable
    String unlabeled;

    @Option(names = "--balanced", description = "Draw as many images of every class in each epoch, with repetition.")
    boolean balanced;

    @Option(
            names = "--hflip",
            negatable = true,
            arity = "0",
            description = "Mirror training images half of the time (default: as suits the data).")
    @Nullable
    Boolean flip;

    @Option(names = "--pad-and-crop", description = "Shift training images by up to so many pixels.")
    @Nullable
    Integer padAndCrop;

    @Option(
            names = "--random-resized-crop",
            description = "Train on random parts of images, of at least this share of the area, such as 0.35.")
    @Nullable
    Double randomCrop;

    @Option(names = "--color-jitter", description = "Change brightness, contrast and saturation by up to this share.")
    @Nullable
    Double jitter;

    @Option(names = "--rand-augment", description = "Apply two RandAugment operations of this magnitude, 1 to 30.")
    @Nullable
    Integer randAugment;

    @Option(
            names = "--augment-views",
            description =
                    "Draw only so many augmented views of each image, in turn, so that a teacher's answers can be kept.")
    @Nullable
    Integer augmentViews;

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

    /** Write what was given over a recipe. */
    void into(ObjectNode recipe) {
        Numbers.atLeast(1, "--workers", workers);
        ObjectNode tree = recipe.withObject("/data");
        if (data != null) tree.put("source", data);
        if (labelRegex != null) tree.put("label_regex", labelRegex);
        if (imageSize != null) tree.put("image_size", imageSize);
        if (resize != null) tree.put("resize", resize);
        if (batchSize != null) tree.put("batch_size", batchSize);
        if (validFraction != null) tree.put("valid_fraction", validFraction);
        if (trainLimit != null) tree.put("max_train_samples", trainLimit);
        if (labelsPerClass != null) tree.put("labels_per_class", labelsPerClass);
        if (keepUnlabeled) tree.put("keep_unlabeled", true);
        if (unlabeled != null) tree.put("unlabeled", unlabeled);
        if (balanced) tree.put("balanced", true);
        augment(tree);
        if (dataSeed != null) tree.put("seed", dataSeed);
        numbers(tree, "mean", mean);
        numbers(tree, "std", std);
        if (skipBadImages) tree.put("skip_bad_images", true);
    }

    /** Say how images are prepared where none are opened: as was given, else as a file says, else as for ImageNet. */
    ImagePreprocessing preparation(Map<String, String> told) {
        Map<String, String> all =
                new LinkedHashMap<>(ImagePreprocessing.defaults(1).toMetadata());
        all.putAll(told);
        ImagePreprocessing usual = ImagePreprocessing.of(all);
        ObjectNode tree = RecipeFiles.tree();
        into(tree);
        // No images are opened, but a recipe for them is what checks the settings.
        tree.withObject("/data").put("source", "none");
        DataRecipe given = RecipeFiles.bind(tree.get("data"), DataRecipe.class, "");
        return new ImagePreprocessing(
                imageSize == null ? usual.height() : imageSize,
                imageSize == null ? usual.width() : imageSize,
                given.resize() == null
                        ? usual.resize()
                        : Resize.valueOf(given.resize().toUpperCase(Locale.ROOT)),
                given.mean() == null ? usual.mean() : given.mean(),
                given.std() == null ? usual.std() : given.std());
    }

    private void augment(ObjectNode data) {
        boolean asked = flip != null
                || padAndCrop != null
                || randomCrop != null
                || jitter != null
                || randAugment != null
                || augmentViews != null;
        if (!asked) return;
        ObjectNode tree = data.withObject("/augment");
        if (flip != null) tree.put("hflip", flip);
        if (padAndCrop != null) tree.put("pad_and_crop", padAndCrop);
        if (randomCrop != null) tree.put("random_resized_crop", randomCrop);
        if (jitter != null) tree.put("color_jitter", jitter);
        if (randAugment != null) tree.put("rand_augment", randAugment);
        if (augmentViews != null) tree.put("views", augmentViews);
    }

    private static void numbers(ObjectNode tree, String key, double @Nullable [] values) {
        if (values == null) return;
        ArrayNode list = tree.putArray(key);
        for (double value : values) list.add(value);
    }
}
