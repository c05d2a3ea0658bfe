package dev.limbeck.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.image.Resize;
import dev.limbeck.recipe.DataRecipe;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.recipe.image.ImageDataRecipe;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;

/** Provide the options for image data. Unset options are left to the recipe. */
final class DataOptions {
    final SettingOptions settings = SettingOptions.ofData();

    @Mixin
    WorkerOptions workers = new WorkerOptions();

    /** Return the given options as the data section of a recipe. */
    ObjectNode tree() {
        return settings.given().withObject("/data");
    }

    /** Return whether images were given. */
    boolean isNamed() {
        return settings.isGiven("data.source");
    }

    /** Return the image size; null if not given. */
    @Nullable
    Integer imageSize() {
        return (Integer) settings.value("data.image_size");
    }

    @Nullable
    Integer workers() {
        return workers.checked();
    }

    /** Bind the section of images. */
    ImageDataRecipe recipe() {
        DataRecipe given = WrongOption.in(() -> RecipeFiles.bind(tree(), DataRecipe.class, ""));
        if (given instanceof ImageDataRecipe images) return images;
        throw new LimbeckException(
                "this command works on images, found " + given.kind() + " data in " + given.source() + "; name images");
    }

    /** Return the preprocessing for a command that opens no images: given options, then the file's, then ImageNet's. */
    ImagePreprocessing preprocessing(Map<String, String> said) {
        Map<String, String> all =
                new LinkedHashMap<>(ImagePreprocessing.defaults(1).toMetadata());
        all.putAll(said);
        ImagePreprocessing defaults = ImagePreprocessing.of(all);
        // No images are opened, but a recipe validates the settings. The task is that of the model, and needs no
        // labels.
        ObjectNode tree = tree().put("source", "none");
        tree.remove("task");
        ImageDataRecipe given = WrongOption.in(() -> RecipeFiles.bind(tree, ImageDataRecipe.class, ""));
        Integer side = given.imageSize();
        return new ImagePreprocessing(
                side == null ? defaults.height() : side,
                side == null ? defaults.width() : side,
                given.resize() == null
                        ? defaults.resize()
                        : Resize.valueOf(given.resize().toUpperCase(Locale.ROOT)),
                given.mean() == null ? defaults.mean() : given.mean(),
                given.std() == null ? defaults.std() : given.std(),
                defaults.channelsLast(),
                defaults.blueFirst());
    }
}
