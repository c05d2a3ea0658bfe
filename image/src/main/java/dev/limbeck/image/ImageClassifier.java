package dev.limbeck.image;

import dev.limbeck.Classifier;
import dev.limbeck.Prediction;
import java.awt.image.BufferedImage;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.function.Consumer;

/** Classify images: {@code Predictor} uses LibTorch, {@code OnnxPredictor} of limbeck-predict uses ONNX Runtime. */
public interface ImageClassifier extends Classifier<RgbImage> {
    /** Return how images are prepared. */
    ImagePreprocessing preprocessing();

    /**
     * Classify image files in batches, decoded by all processors. Memory does not grow with their number. A file that cannot be read does
     * not stop the others.
     *
     * @param outcomes receives the outcome of each file, in their order, on the caller's thread
     */
    default void predictFiles(Iterable<Path> images, Consumer<ImageOutcome<Prediction>> outcomes) {
        FileBatches.predict(images, preprocessing(), this::predictAll, outcomes);
    }

    /**
     * Classify an image file: PNG, JPEG, BMP, GIF, WebP or TIFF. Photographs are rotated by their EXIF orientation.
     *
     * @throws dev.limbeck.LimbeckException if it cannot be read
     */
    default Prediction predict(Path image) {
        return predict(ImageDecoder.read(image));
    }

    /**
     * Classify the bytes of an image file, such as an upload.
     *
     * @throws dev.limbeck.LimbeckException if they are not an image
     */
    default Prediction predict(byte[] image) {
        return predict(ImageDecoder.read(image));
    }

    /**
     * Classify the rest of a stream, which stays open.
     *
     * @throws dev.limbeck.LimbeckException if it is not an image
     */
    default Prediction predict(InputStream image) {
        return predict(ImageDecoder.read(image));
    }

    /**
     * Classify a decoded image. Its EXIF orientation is not known here; the other methods heed it.
     *
     * @throws dev.limbeck.LimbeckException if it is null
     */
    default Prediction predict(BufferedImage image) {
        return predict(RgbImage.of(image));
    }
}
