package dev.limbeck.cli;

import dev.limbeck.data.Modalities;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.model.SavedModel;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.zoo.Zoo;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Find the inputs of a model from its metadata. */
final class ModelInputs {
    private ModelInputs() {}

    /** Return whether metadata describes the inputs. */
    static boolean areIn(Map<String, String> metadata) {
        return ImagePreprocessing.isIn(metadata) || metadata.containsKey(Modalities.KEY);
    }

    /**
     * Return the inputs of a saved model.
     *
     * @param side of images, if it differs from the model's; null if not
     */
    static List<InputSpec> of(SavedModel saved, @Nullable Integer side) {
        if (side == null && areIn(saved.preprocessing())) return Modalities.inputs(saved.preprocessing());
        int own = side == null ? Zoo.byName(saved.architecture()).imageSize() : side;
        return List.of(InputSpec.floats(3, own, own));
    }
}
