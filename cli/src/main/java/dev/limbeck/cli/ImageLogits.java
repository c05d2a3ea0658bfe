package dev.limbeck.cli;

import dev.limbeck.data.image.ImageDataBuilder;
import dev.limbeck.data.image.ImageDecoder;
import dev.limbeck.data.image.ImagePreparation;
import dev.limbeck.data.image.Resize;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.SavedModel;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;

/** Ask a saved model about image files, prepared as its training images were. */
record ImageLogits(SavedModel saved, ImagePreparation preparation) {
    /** Prepare as the model's file says, else as for the images that its architecture was made for. */
    static ImageLogits of(SavedModel saved, LimbeckCommand command) {
        if (!saved.preparation().isEmpty()) return new ImageLogits(saved, ImagePreparation.of(saved.preparation()));
        int side = Zoo.byName(saved.architecture()).imageSize();
        command.tell(saved.file() + " does not say how its images were prepared; taking " + side + "×" + side
                + " and ImageNet's normalisation");
        return new ImageLogits(
                saved,
                new ImagePreparation(
                        side, side, Resize.CROP, ImageDataBuilder.IMAGENET_MEAN, ImageDataBuilder.IMAGENET_STD));
    }

    double[] of(Path image) {
        try (Scope scope = Scope.open()) {
            return Tensors.toDoubles(saved.module().predict(preparation.input(ImageDecoder.read(image))));
        }
    }
}
