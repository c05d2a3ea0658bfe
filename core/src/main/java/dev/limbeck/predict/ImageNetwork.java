package dev.limbeck.predict;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.image.ImageTensors;
import dev.limbeck.distill.teacher.FileTeacher;
import dev.limbeck.distill.teacher.ModelRole;
import dev.limbeck.distill.teacher.ModelRuntimes;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.image.RgbImage;
import dev.limbeck.model.SavedModel;
import dev.limbeck.tensor.BlasThreads;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compute outputs for images with the preprocessing of the model's training. Thread-safe: predictions share the lock, close
 * is exclusive, so memory is freed only when no prediction is running.
 */
final class ImageNetwork implements AutoCloseable {
    private static final int COLORS = 8;
    private static final Logger LOG = LoggerFactory.getLogger(ImageNetwork.class);

    private final Function<Inputs, Tensor> network;
    private final Runnable closing;
    private final ImagePreprocessing preparation;
    private final boolean knowsPreparation;
    private final Task task;
    private final long parameters;

    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private boolean closed;

    private ImageNetwork(
            Function<Inputs, Tensor> network,
            Runnable closing,
            Map<String, String> said,
            ImagePreprocessing preparation,
            Task task,
            long parameters) {
        this.network = network;
        this.closing = closing;
        this.preparation = preparation;
        knowsPreparation = ImagePreprocessing.isIn(said);
        this.task = task;
        this.parameters = parameters;
    }

    static ImageNetwork open(Path model) {
        if (Files.isRegularFile(model) && ModelRuntimes.find(model).isPresent()) {
            return of(FileTeacher.open(model, ModelRole.MODEL, LOG::warn));
        }
        return of(SavedModel.open(model, null), null);
    }

    static ImageNetwork of(SavedModel saved, @Nullable Architecture given) {
        try {
            // A custom architecture is not in the zoo. It is only needed if the file has no image size.
            int side = ImagePreprocessing.isIn(saved.preparation())
                    ? 1
                    : (given == null ? Zoo.byName(saved.architecture()) : given).imageSize();
            // Not Module.predict, which switches modes: the model stays in evaluation mode.
            return new ImageNetwork(
                    inputs -> saved.module().apply(saved.module().adapt(inputs)),
                    saved::close,
                    saved.preparation(),
                    preparation(saved.preparation(), side),
                    saved.classNames().isEmpty() ? saved.task().withNames(numbered(saved.classes())) : saved.task(),
                    saved.module().parameterCount());
        } catch (RuntimeException e) {
            saved.close();
            throw e;
        }
    }

    static ImageNetwork of(FileTeacher file) {
        try {
            if (!file.preprocessing().containsKey(ImagePreprocessing.SIZE)) {
                throw new LimbeckException(
                        "model " + file.name() + " does not contain its image size; set it (image_size, --image-size)");
            }
            ImagePreprocessing how = preparation(file.preprocessing(), 1);
            FileTeacher known = known(file, how);
            return new ImageNetwork(
                    inputs -> known.logits(how, inputs),
                    file::close,
                    file.preprocessing(),
                    how,
                    file.task(new Task.SingleLabel(List.of())),
                    0);
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /**
     * Detect the kind of a file's output from eight images with RGB values of 0 or 255, each half noise. The result does not
     * depend on the first user image.
     */
    private static FileTeacher known(FileTeacher file, ImagePreprocessing how) {
        Random random = new Random(0);
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            Tensor[] inputs = new Tensor[COLORS];
            for (int color = 0; color < COLORS; color++) {
                byte[] pixels = new byte[3 * how.width() * how.height()];
                random.nextBytes(pixels);
                for (int i = 0; i < pixels.length / 2; i++) pixels[i] = (byte) ((color >> i % 3 & 1) * 255);
                inputs[color] = ImageTensors.of(how, new RgbImage(how.width(), how.height(), pixels))
                        .only();
            }
            return file.knownBy(how, Inputs.of(Ops.cat(0, inputs)));
        }
    }

    private static ImagePreprocessing preparation(Map<String, String> said, int side) {
        Map<String, String> all =
                new LinkedHashMap<>(ImagePreprocessing.defaults(side).toMetadata());
        all.putAll(said);
        return ImagePreprocessing.of(all);
    }

    private static List<String> numbered(int classes) {
        return IntStream.range(0, classes).mapToObj(i -> "class " + i).toList();
    }

    Task task() {
        return task;
    }

    ImagePreprocessing preparation() {
        return preparation;
    }

    boolean knowsPreparation() {
        return knowsPreparation;
    }

    /** Return the task with names for a number of outputs. */
    Task named(int outputs) {
        return task.names().isEmpty() ? task.withNames(numbered(outputs)) : task;
    }

    /**
     * Compute the outputs of images, one row each.
     *
     * @throws LimbeckException if it is closed, or an output is not finite
     */
    List<double[]> outputs(List<RgbImage> images) {
        if (images.isEmpty()) return List.of();
        lock.readLock().lock();
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on();
                @Nullable BlasThreads work = BlasThreads.about(images.size(), parameters)) {
            if (closed) throw new LimbeckException("the predictor is closed; open another");
            Tensor[] inputs = images.stream()
                    .map(image -> ImageTensors.of(preparation, image).only())
                    .toArray(Tensor[]::new);
            double[] values = Tensors.toDoubles(network.apply(Inputs.of(Ops.cat(0, inputs))));
            int width = values.length / images.size();
            long bad = Arrays.stream(values)
                    .filter(value -> !Double.isFinite(value))
                    .count();
            if (bad > 0) {
                throw new LimbeckException("the model must return finite numbers, found " + bad + " of " + values.length
                        + " NaN or infinite; check its weights");
            }
            List<double[]> rows = new ArrayList<>();
            for (int row = 0; row < images.size(); row++) {
                rows.add(Arrays.copyOfRange(values, row * width, (row + 1) * width));
            }
            return rows;
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (!closed) closing.run();
            closed = true;
        } finally {
            lock.writeLock().unlock();
        }
    }
}
