package dev.limbeck.image;

import dev.limbeck.Regressor;
import java.awt.image.BufferedImage;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Predict numbers for images: {@code RegressionPredictor} uses LibTorch, {@code OnnxRegressionPredictor} of
 * limbeck-predict uses ONNX Runtime.
 */
public interface ImageRegressor extends Regressor<RgbImage> {
    /** Return how images are prepared. */
    ImagePreprocessing preprocessing();

    /** Predict the numbers for image files in batches; see {@link ImageClassifier#predictFiles}. */
    default void predictFiles(Iterable<Path> images, Consumer<ImageOutcome<Map<String, Double>>> outcomes) {
        FileBatches.predict(images, preprocessing(), this::predictAll, outcomes);
    }

    /**
     * Predict the numbers for an image file; see {@link ImageClassifier#predict(Path)}.
     *
     * @throws dev.limbeck.LimbeckException if it cannot be read
     */
    default Map<String, Double> predict(Path image) {
        return predict(ImageDecoder.read(image));
    }

    /**
     * Predict the numbers for the bytes of an image file, such as an upload.
     *
     * @throws dev.limbeck.LimbeckException if they are not an image
     */
    default Map<String, Double> predict(byte[] image) {
        return predict(ImageDecoder.read(image));
    }

    /**
     * Predict the numbers for the rest of a stream, which stays open.
     *
     * @throws dev.limbeck.LimbeckException if it is not an image
     */
    default Map<String, Double> predict(InputStream image) {
        return predict(ImageDecoder.read(image));
    }

    /**
     * Predict the numbers for a decoded image. Its EXIF orientation is not known here; the other methods heed it.
     *
     * @throws dev.limbeck.LimbeckException if it is null
     */
    default Map<String, Double> predict(BufferedImage image) {
        return predict(RgbImage.of(image));
    }
}
