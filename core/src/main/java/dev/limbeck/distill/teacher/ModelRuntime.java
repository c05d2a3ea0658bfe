package dev.limbeck.distill.teacher;

import dev.limbeck.data.ModelFacts;
import dev.limbeck.tensor.Inputs;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * Run models of one file format, as teachers or for evaluation. Register an implementation in {@code
 * META-INF/services/dev.limbeck.distill.teacher.ModelRuntime}, in any jar.
 */
public interface ModelRuntime {
    /** Return the name of the format, such as {@code TorchScript}. */
    String name();

    /** Return whether a file has this format. */
    boolean runs(Path file);

    /**
     * Return all files of a model: the given one first, then each referenced file once.
     *
     * @throws dev.limbeck.LimbeckException if a file is missing, truncated or outside the model's folder
     */
    default List<Path> files(Path file) {
        return List.of(file);
    }

    /**
     * Open a file. The caller closes it.
     *
     * @throws dev.limbeck.LimbeckException with a one-line message, if the file cannot be run
     */
    Running open(Path file);

    /**
     * Open a file to read its metadata only, without loading the model where possible. {@code forward} must not be
     * called.
     *
     * @throws dev.limbeck.LimbeckException with a one-line message, if the file cannot be run
     */
    default Running look(Path file) {
        return open(file);
    }

    /** Run an open model, on the CPU and without autograd. */
    interface Running extends AutoCloseable {
        /** Compute the output for a batch whose inputs are in the order of {@link ModelFacts#inputs}, inside the caller's scope. */
        Tensor forward(Inputs inputs);

        /** Return what is known of the model. */
        ModelFacts facts();

        @Override
        void close();
    }
}
