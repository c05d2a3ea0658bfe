package dev.limbeck.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.Prediction;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;

/**
 * Name what images show, whatever computes it: {@link Predictor} asks LibTorch, {@code OnnxPredictor} of limbeck-predict asks
 * ONNX Runtime. Any number of threads may ask at the same time.
 */
public interface ImageClassifier extends AutoCloseable {
    /** Return the class names in the order of the logits; numbers where the file has none. */
    List<String> classNames();

    /**
     * Classify an image file: PNG, JPEG, BMP, GIF, WebP or TIFF. Photographs are turned upright as their EXIF orientation says.
     *
     * @throws LimbeckException if it cannot be read
     */
    default Prediction predict(Path image) {
        return predict(ImageDecoder.read(image));
    }

    /** Classify an image in memory. */
    default Prediction predict(BufferedImage image) {
        return predict(RgbImage.of(image));
    }

    /** Classify 8-bit RGB pixels. */
    default Prediction predict(RgbImage image) {
        return predictAll(List.of(image)).get(0);
    }

    /** Classify several images at once, which is quicker than one after the other. */
    List<Prediction> predictAll(List<RgbImage> images);

    /** Free the model's memory, once nobody computes with it any more. */
    @Override
    void close();
}
