package dev.limbeck.image;

import dev.limbeck.Classifier;
import dev.limbeck.Prediction;
import java.awt.image.BufferedImage;
import java.nio.file.Path;

/** Classify images: {@code Predictor} uses LibTorch, {@code OnnxPredictor} of limbeck-predict uses ONNX Runtime. */
public interface ImageClassifier extends Classifier<RgbImage> {
    /**
     * Classify an image file: PNG, JPEG, BMP, GIF, WebP or TIFF. Photographs are rotated by their EXIF orientation.
     *
     * @throws dev.limbeck.LimbeckException if it cannot be read
     */
    default Prediction predict(Path image) {
        return predict(ImageDecoder.read(image));
    }

    /** Classify an image in memory. */
    default Prediction predict(BufferedImage image) {
        return predict(RgbImage.of(image));
    }
}
