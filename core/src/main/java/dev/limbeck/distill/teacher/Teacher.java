package dev.limbeck.distill.teacher;

import dev.limbeck.Task;
import dev.limbeck.data.Data;
import dev.limbeck.nn.Module;
import java.util.List;
import org.bytedeco.pytorch.Device;

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

    /** Return whether the teacher is a module itself, which cannot be its own student. */
    boolean isModule(Module other);

    /** Get ready to teach: in evaluation mode, frozen, on the device. */
    TeacherSession open(TeacherContext context);

    /** Get ready to teach in the precision that is fast on a device. */
    default TeacherSession open(Data data, Device device) {
        return open(TeacherContext.of(data, device));
    }
}
