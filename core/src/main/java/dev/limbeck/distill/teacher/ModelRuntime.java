package dev.limbeck.distill.teacher;

import dev.limbeck.data.ModelFacts;
import dev.limbeck.tensor.Inputs;
import java.nio.file.Path;
import java.util.List;
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
        /** Compute the output for a batch whose inputs are in the order of {@link ModelFacts#inputs}, inside the caller's scope. */
        Tensor forward(Inputs inputs);

        /** Return what is known of the model. */
        ModelFacts facts();

        @Override
        void close();
    }
}
