package dev.limbeck.predict.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.Prediction;
import dev.limbeck.Task;
import dev.limbeck.distill.teacher.FileTeacher;
import dev.limbeck.image.ImageClassifier;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.image.RgbImage;
import dev.limbeck.model.SavedModel;
import dev.limbeck.predict.Network;
import dev.limbeck.zoo.Architecture;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Classify images with a trained model, with the preprocessing of its training. Thread-safe. For regression, see {@link RegressionPredictor}.
 *
 * <pre>{@code
 * try (Predictor predictor = Predictor.open(Path.of("runs/student"))) {
 *     Prediction prediction = predictor.predict(Path.of("photo.jpg"));
 *     System.out.println(prediction.className() + " " + prediction.probability());
 * }
 * }</pre>
 */
public final class Predictor implements ImageClassifier {
    private final Network<RgbImage> network;
    private final ImageNetwork images;

    private Predictor(ImageNetwork images) {
        network = images.network();
        this.images = images;
        if (network.task().kind() == Task.Kind.EMBEDDING) {
            network.close();
            throw new LimbeckException(
                    "the model returns embeddings, not classes; train a classifier that starts from it "
                            + "(--weights RUN)");
        }
        if (network.task().kind() == Task.Kind.REGRESSION) {
            network.close();
            throw new LimbeckException("the model predicts numbers, not classes; open it with RegressionPredictor");
        }
    }

    /**
     * Open a run directory, a {@code .safetensors} file written by Limbeck, a TorchScript file, or, with limbeck-export
     * on the class path, an ONNX file.
     *
     * @throws LimbeckException if the file is missing, damaged, does not contain its architecture or image size, or is
     *     a regression model
     */
    public static Predictor open(Path model) {
        return new Predictor(ImageNetwork.open(model));
    }

    /**
     * Open a model whose file does not contain its architecture, such as a PyTorch checkpoint. Without stored
     * preprocessing, images are cropped to the architecture's size and normalized by ImageNet's statistics.
     */
    public static Predictor open(Path model, @Nullable Architecture architecture) {
        return open(model, architecture, null);
    }

    /** Open one of several models in a checkpoint, see {@link SavedModel#open(Path, Architecture, String)}. */
    public static Predictor open(Path model, @Nullable Architecture architecture, @Nullable String weightsKey) {
        return new Predictor(ImageNetwork.of(SavedModel.open(model, architecture, weightsKey), architecture));
    }

    /** Create a predictor for an open model, which is closed with it. Its weights are copied: later changes have no effect. */
    public static Predictor of(SavedModel saved) {
        return new Predictor(ImageNetwork.of(saved, null));
    }

    /**
     * Create a predictor for a TorchScript or ONNX file, which is closed with it. Without stored preprocessing, images
     * are cropped and normalized by ImageNet's statistics.
     *
     * @throws LimbeckException if the file does not contain its image size
     */
    public static Predictor of(FileTeacher file) {
        return new Predictor(ImageNetwork.of(file));
    }

    /** {@inheritDoc} Empty if the file has none; predictions then use class indices. */
    @Override
    public List<String> classNames() {
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
    public List<Prediction> predictAll(List<RgbImage> images) {
        return network.predictions(images);
    }

    @Override
    public void close() {
        network.close();
    }
}
