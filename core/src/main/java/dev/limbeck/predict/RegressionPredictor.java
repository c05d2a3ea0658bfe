package dev.limbeck.predict;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.distill.teacher.FileTeacher;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.image.ImageRegressor;
import dev.limbeck.image.RgbImage;
import dev.limbeck.model.SavedModel;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Predict numbers for images with a trained regression model, with the preprocessing of its training. Thread-safe.
 *
 * <pre>{@code
 * try (RegressionPredictor predictor = RegressionPredictor.open(Path.of("runs/student"))) {
 *     System.out.println(predictor.predict(Path.of("photo.jpg")));
 * }
 * }</pre>
 */
public final class RegressionPredictor implements ImageRegressor {
    private final ImageNetwork network;

    private RegressionPredictor(ImageNetwork network) {
        if (network.task().kind() != Task.Kind.REGRESSION) {
            network.close();
            throw new LimbeckException("the model predicts classes, not numbers; open it with Predictor");
        }
        this.network = network;
    }

    /**
     * Open a model file; see {@link Predictor#open(Path)}.
     *
     * @throws LimbeckException if the file is missing, damaged, or not a regression model
     */
    public static RegressionPredictor open(Path model) {
        return new RegressionPredictor(ImageNetwork.open(model));
    }

    /** Create a predictor for an open model, which is closed with it. */
    public static RegressionPredictor of(SavedModel saved) {
        return new RegressionPredictor(ImageNetwork.of(saved, null));
    }

    /** Create a predictor for a TorchScript or ONNX file, which is closed with it. */
    public static RegressionPredictor of(FileTeacher file) {
        return new RegressionPredictor(ImageNetwork.of(file));
    }

    @Override
    public List<String> targetNames() {
        return network.task().names();
    }

    /** Return the preprocessing. */
    public ImagePreprocessing preparation() {
        return network.preparation();
    }

    /** Return whether the model's file contains its preprocessing. */
    public boolean knowsPreparation() {
        return network.knowsPreparation();
    }

    @Override
    public List<Map<String, Double>> predictAll(List<RgbImage> images) {
        return network.outputs(images).stream().map(this::named).toList();
    }

    private Map<String, Double> named(double... outputs) {
        Task task = network.named(outputs.length);
        double[] values = task.decode(outputs);
        Map<String, Double> named = new LinkedHashMap<>();
        for (int i = 0; i < values.length; i++) named.put(task.names().get(i), values[i]);
        return named;
    }

    @Override
    public void close() {
        network.close();
    }
}
