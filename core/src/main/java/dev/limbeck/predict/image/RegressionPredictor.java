package dev.limbeck.predict.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.distill.teacher.FileTeacher;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.image.ImageRegressor;
import dev.limbeck.image.RgbImage;
import dev.limbeck.model.SavedModel;
import dev.limbeck.predict.Network;
import java.nio.file.Path;
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
    private final Network<RgbImage> network;
    private final ImageNetwork images;

    private RegressionPredictor(ImageNetwork images) {
        network = images.network();
        this.images = images;
        if (network.task().kind() != Task.Kind.REGRESSION) {
            network.close();
            throw new LimbeckException("the model predicts classes, not numbers; open it with Predictor");
        }
    }

    /**
     * Open a model file; see {@link Predictor#open(Path)}.
     *
     * @throws LimbeckException if the file is missing, damaged, or not a regression model
     */
    public static RegressionPredictor open(Path model) {
        return new RegressionPredictor(ImageNetwork.open(model));
    }

    /** Create a predictor for an open model, which is closed with it. Its weights are copied: later changes have no effect. */
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

    @Override
    public ImagePreprocessing preprocessing() {
        return images.preprocessing();
    }

    /** Return whether the model's file contains its preprocessing. */
    public boolean knowsPreparation() {
        return images.knowsPreparation();
    }

    @Override
    public List<Map<String, Double>> predictAll(List<RgbImage> images) {
        return network.numbers(images);
    }

    @Override
    public void close() {
        network.close();
    }
}
