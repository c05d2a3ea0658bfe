package dev.limbeck.cli;

import dev.limbeck.data.image.ImageDecoder;
import dev.limbeck.data.image.ImagePreparation;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.SavedModel;
import java.nio.file.Path;

/** Ask a saved model about image files, prepared as its training images were. */
record ImageLogits(SavedModel saved) {
    double[] of(Path image) {
        try (Scope scope = Scope.open()) {
            ImagePreparation preparation = ImagePreparation.of(saved.preparation());
            return Tensors.toDoubles(saved.module().predict(preparation.input(ImageDecoder.read(image))));
        }
    }
}
