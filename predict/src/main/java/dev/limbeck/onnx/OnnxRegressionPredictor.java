package dev.limbeck.onnx;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.image.ImageRegressor;
import dev.limbeck.image.RgbImage;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Predict numbers for images with a regression model that {@code limbeck export} wrote as ONNX. Thread-safe.
 *
 * <pre>{@code
 * try (OnnxRegressionPredictor predictor = OnnxRegressionPredictor.open(Path.of("dist/student/model.onnx"))) {
 *     System.out.println(predictor.predict(Path.of("photo.jpg")));
 * }
 * }</pre>
 */
public final class OnnxRegressionPredictor implements ImageRegressor {
    private final OnnxImageNetwork network;

    private OnnxRegressionPredictor(OnnxImageNetwork network) {
        this.network = network;
    }

    /**
     * Open a file.
     *
     * @throws LimbeckException if it is missing, damaged, was edited, was not written by Limbeck, or is a classifier
     */
    public static OnnxRegressionPredictor open(Path model) {
        OnnxImageNetwork network = OnnxImageNetwork.open(model);
        if (network.task().kind() == Task.Kind.REGRESSION) return new OnnxRegressionPredictor(network);
        network.close();
        throw new LimbeckException(model + " predicts classes, not numbers; open it with OnnxPredictor");
    }

    @Override
    public ImagePreprocessing preprocessing() {
        return network.preprocessing();
    }

    @Override
    public List<String> targetNames() {
        return network.task().names();
    }

    @Override
    public List<Map<String, Double>> predictAll(List<RgbImage> images) {
        return network.outputs(images).stream().map(network.task()::named).toList();
    }

    @Override
    public void close() {
        network.close();
    }
}
