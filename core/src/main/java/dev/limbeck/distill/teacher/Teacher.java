package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.Data;
import dev.limbeck.nn.Module;
import java.util.List;
import org.bytedeco.pytorch.Device;
import org.jspecify.annotations.Nullable;

/** Know more than a student. What a teacher needs while it teaches is held by a {@link TeacherSession}. */
public interface Teacher {
    /** Return the name used in run records. */
    String name();

    /** Return the class names in the order of the logits; empty if unknown. */
    List<String> classNames();

    /** Return the number of classes; 0 if unknown before the first batch. */
    int classes();

    /**
     * Return the task that its outputs are for. The default is the student's own task.
     *
     * @param student task of the data that it teaches on
     */
    default Task task(Task student) {
        return student;
    }

    /**
     * Return a teacher whose outputs are this one's embeddings: the features that its classifier gets, or its outputs
     * if it has none.
     *
     * @param layer path of another layer whose output is the embedding, or path and {@code :input}; null for the default
     * @throws LimbeckException if there is no embedding, which is the default
     */
    default Teacher embedding(@Nullable String layer) {
        throw new LimbeckException("teacher " + name() + " shows no embedding; use one model that does: a run, a "
                + "checkpoint, or a file without its classifier");
    }

    /** Return whether the teacher is a module itself, which cannot be its own student. The default is not. */
    default boolean isModule(Module other) {
        return false;
    }

    /** Get ready to teach: in evaluation mode, frozen, on the device. */
    TeacherSession open(TeacherContext context);

    /** Get ready to teach in the precision that is fast on a device. */
    default TeacherSession open(Data data, Device device) {
        return open(TeacherContext.of(data, device));
    }
}
