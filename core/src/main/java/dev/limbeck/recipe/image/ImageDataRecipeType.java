package dev.limbeck.recipe.image;

import com.fasterxml.jackson.databind.JsonNode;
import dev.limbeck.data.image.ImageTable;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.recipe.DataRecipeType;
import dev.limbeck.recipe.TeacherInputs;
import java.util.List;
import java.util.Optional;

/** Open images from recipes. */
public final class ImageDataRecipeType implements DataRecipeType {
    private static final List<String> OF_ROWS = List.of("text_column", "categorical", "ignore");
    private static final List<String> OF_IMAGES = List.of("image_size", "resize", "augment", "skip_bad_images");

    @Override
    public String kind() {
        return ImagePreprocessing.KIND;
    }

    /**
     * {@inheritDoc} A table is one of images if its first row begins with the name of one, unless a setting of texts or tables is given,
     * or if a setting of images is given.
     */
    @Override
    public boolean opens(JsonNode data) {
        String source = data.path("source").asText();
        return ImageTable.isNamedSo(source)
                && OF_ROWS.stream().noneMatch(data::has)
                && (ImageTable.isAt(source) || OF_IMAGES.stream().anyMatch(data::has));
    }

    @Override
    public Class<ImageDataRecipe> type() {
        return ImageDataRecipe.class;
    }

    @Override
    public Optional<Class<? extends TeacherInputs>> teacherInputs() {
        return Optional.of(ImageTeacherInputs.class);
    }
}
