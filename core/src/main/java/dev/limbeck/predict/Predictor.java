package dev.limbeck.predict;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.image.ImageDecoder;
import dev.limbeck.data.image.ImagePreparation;
import dev.limbeck.data.image.RgbImage;
import dev.limbeck.tensor.BatchWork;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.SavedModel;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Classify images with a trained model. Images are prepared as those it was trained on. Any number of threads may ask at
 * the same time.
 *
 * <pre>{@code
 * try (Predictor predictor = Predictor.open(Path.of("runs/student"))) {
 *     Prediction prediction = predictor.predict(Path.of("photo.jpg"));
 *     System.out.println(prediction.className() + " " + prediction.probability());
 * }
 * }</pre>
 */
public final class Predictor implements ImageClassifier {
    private final SavedModel saved;
    private final ImagePreparation preparation;
    private final List<String> classNames;
    private final long parameters;

    // Asking shares the lock, closing does not: memory is freed only when nobody computes with it.
    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private boolean closed;

    private Predictor(SavedModel saved, ImagePreparation preparation) {
        this.saved = saved;
        this.preparation = preparation;
        parameters = saved.module().parameterCount();
        classNames = saved.classNames().isEmpty()
                ? IntStream.range(0, saved.classes())
                        .mapToObj(i -> "class " + i)
                        .toList()
                : saved.classNames();
    }

    /**
     * Open a run directory or a {@code .safetensors} file that Limbeck wrote.
     *
     * @throws LimbeckException if it is not there, is broken, or does not say its architecture
     */
    public static Predictor open(Path model) {
        return open(model, null);
    }

    /**
     * Open a model, such as a PyTorch checkpoint, whose file does not say its architecture. Where it does not say either
     * how images were prepared, they are cropped to the architecture's size and normalised by ImageNet's statistics.
     */
    public static Predictor open(Path model, @Nullable Architecture architecture) {
        return open(model, architecture, null);
    }

    /** Open a model out of a checkpoint that holds several, see {@link SavedModel#open(Path, Architecture, String)}. */
    public static Predictor open(Path model, @Nullable Architecture architecture, @Nullable String weightsKey) {
        SavedModel saved = SavedModel.open(model, architecture, weightsKey);
        try {
            if (!saved.preparation().isEmpty()) return new Predictor(saved, ImagePreparation.of(saved.preparation()));
            int side = (architecture == null ? Zoo.byName(saved.architecture()) : architecture).imageSize();
            return new Predictor(saved, ImagePreparation.usual(side));
        } catch (RuntimeException e) {
            saved.close();
            throw e;
        }
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }

    /** Return how images are prepared. */
    public ImagePreparation preparation() {
        return preparation;
    }

    /** Return whether the model's file says how its images were prepared. */
    public boolean knowsPreparation() {
        return !saved.preparation().isEmpty();
    }

    @Override
    public Prediction predict(Path image) {
        return predict(ImageDecoder.read(image));
    }

    @Override
    public List<Prediction> predictAll(List<RgbImage> images) {
        if (images.isEmpty()) return List.of();
        lock.readLock().lock();
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on();
                @Nullable BatchWork work = BatchWork.about(images.size(), parameters)) {
            if (closed) throw new LimbeckException("the predictor is closed; open another");
            Tensor[] inputs = images.stream().map(preparation::input).toArray(Tensor[]::new);
            // Not Module.predict, which switches modes: the model is in evaluation mode for good.
            Tensor logits = saved.module().apply(saved.module().adapt(Ops.cat(0, inputs)));
            double[] values = Tensors.toDoubles(logits);
            int classes = values.length / images.size();
            List<Prediction> predictions = new ArrayList<>();
            for (int row = 0; row < images.size(); row++) {
                predictions.add(
                        new Prediction(classNames, Arrays.copyOfRange(values, row * classes, (row + 1) * classes)));
            }
            return predictions;
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (!closed) saved.close();
            closed = true;
        } finally {
            lock.writeLock().unlock();
        }
    }
}
