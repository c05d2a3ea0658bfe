package dev.limbeck.image;

import dev.limbeck.Regressor;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.Map;

/**
 * Predict numbers for images: {@code RegressionPredictor} uses LibTorch, {@code OnnxRegressionPredictor} of
 * limbeck-predict uses ONNX Runtime.
 */
public interface ImageRegressor extends Regressor<RgbImage> {
    /**
     * Predict the numbers for an image file; see {@link ImageClassifier#predict(Path)}.
     *
     * @throws dev.limbeck.LimbeckException if it cannot be read
     */
    default Map<String, Double> predict(Path image) {
        return predict(ImageDecoder.read(image));
    }

    /** Predict the numbers for an image in memory. */
    default Map<String, Double> predict(BufferedImage image) {
        return predict(RgbImage.of(image));
    }
}
