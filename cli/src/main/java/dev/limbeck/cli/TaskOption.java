package dev.limbeck.cli;

import dev.limbeck.Task;
import dev.limbeck.distill.teacher.FileTeacher;
import dev.limbeck.model.SavedModel;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Hold what {@code --task} says of files that do not say their task.
 *
 * @param wanted the option's value; null without it
 */
record TaskOption(LimbeckCommand command, @Nullable String wanted) {
    TaskOption {
        if (wanted != null) WrongOption.in(() -> Task.Kind.of(wanted));
    }

    /** Return a model with the task of the option, if its file says none. */
    SavedModel of(SavedModel saved) {
        return saved.withTaskFor(given(saved.file(), saved.task(), saved::taskFor));
    }

    /** Return a model file with the task of the option, if it says none. */
    FileTeacher of(FileTeacher file, Path path) {
        Task own = Task.of(file.task(), file.classNames());
        return file.withTaskFor(given(path, own, file::task));
    }

    private Task given(Path file, Task own, UnaryOperator<Task> taskFor) {
        if (wanted == null) return own;
        Task.Kind kind = Task.Kind.of(wanted);
        Task given = taskFor.apply(Task.of(kind, List.of()));
        if (given.kind() == kind) return given;
        throw new WrongOption(file + " is a model for " + given.kind().words() + ", found --task " + kind.key()
                + "; leave it out, or write the file anew for that task");
    }

    /** Say which task a file was taken for, if neither it nor the option says one. */
    void sayAssumed(Path file, Task.Kind kind, boolean isKnown) {
        if (isKnown || wanted != null) return;
        command.log(file + " does not say its task; used as " + kind.words() + " (--task sets another)");
    }
}
