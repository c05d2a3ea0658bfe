package dev.limbeck.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.image.Resize;
import dev.limbeck.recipe.DataRecipe;
import dev.limbeck.recipe.RecipeFiles;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;

/** Offer everything about the images of a command that opens some. What is not given is for the recipe to choose. */
final class DataOptions {
    final SettingOptions settings = SettingOptions.ofData();

    @Mixin
    WorkerOptions workers = new WorkerOptions();

    /** Return what was given, as the data section of a recipe has it. */
    ObjectNode tree() {
        return settings.given().withObject("/data");
    }

    /** Return whether images were named. */
    boolean isNamed() {
        return settings.isGiven("data.source");
    }

    /** Return how large images are to be, null where that was not given. */
    @Nullable
    Integer imageSize() {
        return (Integer) settings.value("data.image_size");
    }

    @Nullable
    Integer workers() {
        return workers.checked();
    }

    /** Bind the section. */
    DataRecipe recipe() {
        return RecipeFiles.bind(tree(), DataRecipe.class, "");
    }

    /** Say how images are prepared where none are opened: as was given, else as a file says, else as for ImageNet. */
    ImagePreprocessing preparation(Map<String, String> said) {
        Map<String, String> all =
                new LinkedHashMap<>(ImagePreprocessing.defaults(1).toMetadata());
        all.putAll(said);
        ImagePreprocessing usual = ImagePreprocessing.of(all);
        // No images are opened, but a recipe for them is what checks the settings.
        DataRecipe given = RecipeFiles.bind(tree().put("source", "none"), DataRecipe.class, "");
        Integer side = given.imageSize();
        return new ImagePreprocessing(
                side == null ? usual.height() : side,
                side == null ? usual.width() : side,
                given.resize() == null
                        ? usual.resize()
                        : Resize.valueOf(given.resize().toUpperCase(Locale.ROOT)),
                given.mean() == null ? usual.mean() : given.mean(),
                given.std() == null ? usual.std() : given.std());
    }
}
