package dev.limbeck.recipe.image;

import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.recipe.DataRecipeType;
import dev.limbeck.recipe.TeacherInputs;
import java.util.Optional;

/** Open images from recipes. */
public final class ImageDataRecipeType implements DataRecipeType {
    @Override
    public String kind() {
        return ImagePreprocessing.KIND;
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
