package dev.limbeck.distill.teacher;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * Run models of one kind of file, so that they can teach and be judged. Name the class in
 * {@code META-INF/services/dev.limbeck.distill.teacher.ModelRuntime}; it may live where its libraries do.
 */
public interface ModelRuntime {
    /** Return the name of the kind, such as {@code TorchScript}. */
    String name();

    /** Return whether a file is of this kind. */
    boolean runs(Path file);

    /**
     * Return every file that a model is read from: the given one first, then those that it names, each once.
     *
     * @throws dev.limbeck.LimbeckException if one is missing, shorter than it must be, or outside the model's folder
     */
    default List<Path> files(Path file) {
        return List.of(file);
    }

    /**
     * Open a file; the caller closes it.
     *
     * @throws dev.limbeck.LimbeckException in one line, if it cannot be run
     */
    Running open(Path file);

    /**
     * Open a file for what it says, without running it where that can be; {@code forward} may not be called.
     *
     * @throws dev.limbeck.LimbeckException in one line, if it cannot be run
     */
    default Running look(Path file) {
        return open(file);
    }

    /** Compute with an open model, on the CPU and outside the graph. */
    interface Running extends AutoCloseable {
        /** Compute the output for a batch, inside the caller's scope. */
        Tensor forward(Tensor input);

        /** Return what is known of the model. */
        Facts facts();

        @Override
        void close();
    }

    /**
     * Tell about a model.
     *
     * @param kind such as TorchScript
     * @param inputs a line each, such as {@code input float32 N×3×224×224}; empty if the file does not say
     * @param outputs a line each
     * @param inputShape of the input with its rows, −1 where it may be any; empty if the file does not say
     * @param metadata that the file carries, by name
     */
    record Facts(
            String kind,
            List<String> inputs,
            List<String> outputs,
            List<Long> inputShape,
            Map<String, String> metadata) {}
}
