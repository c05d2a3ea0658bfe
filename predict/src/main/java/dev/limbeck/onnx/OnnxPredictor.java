package dev.limbeck.onnx;

import dev.limbeck.LimbeckException;
import dev.limbeck.Prediction;
import dev.limbeck.Task;
import dev.limbeck.image.ImageClassifier;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.image.RgbImage;
import java.nio.file.Path;
import java.util.List;

/**
 * Classify images with a student that {@code limbeck export} wrote as ONNX. The class names and the preprocessing are
 * read from the file. Thread-safe.
 *
 * <pre>{@code
 * try (OnnxPredictor predictor = OnnxPredictor.open(Path.of("dist/student/model.onnx"))) {
 *     Prediction prediction = predictor.predict(Path.of("photo.jpg"));
 *     System.out.println(prediction.className() + " " + prediction.probability());
 * }
 * }</pre>
 */
public final class OnnxPredictor implements ImageClassifier {
    private final OnnxImageNetwork network;

    private OnnxPredictor(OnnxImageNetwork network) {
        this.network = network;
    }

    /**
     * Open a file.
     *
     * @throws LimbeckException if it is missing, damaged, was edited, was not written by Limbeck, or is a regression
     *     model
     */
    public static OnnxPredictor open(Path model) {
        OnnxImageNetwork network = OnnxImageNetwork.open(model);
        Task.Kind task = network.task().kind();
        if (task == Task.Kind.SINGLE_LABEL || task == Task.Kind.MULTI_LABEL) return new OnnxPredictor(network);
        network.close();
        if (task == Task.Kind.EMBEDDING) {
            throw new LimbeckException(
                    model + " returns embeddings, not classes; run it with OnnxSession, or train a classifier on it");
        }
        throw new LimbeckException(model + " predicts numbers, not classes; open it with OnnxRegressionPredictor");
    }

    @Override
    public ImagePreprocessing preprocessing() {
        return network.preprocessing();
    }

    @Override
    public List<String> classNames() {
        return network.task().names();
    }

    @Override
    public List<Prediction> predictAll(List<RgbImage> images) {
        return network.outputs(images).stream()
                .map(logits -> new Prediction(network.task(), logits))
                .toList();
    }

    @Override
    public void close() {
        network.close();
    }
}
