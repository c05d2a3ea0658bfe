package dev.limbeck.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.Task;
import dev.limbeck.distill.teacher.FileTeacher;
import dev.limbeck.model.SavedModel;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.run.RunRecord;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import picocli.CommandLine.Mixin;

/** Share what commands do that open data by its settings and show it to a network. */
abstract class DataCommand extends LimbeckCommand {
    @Mixin
    DataOptions data = new DataOptions();

    @Mixin
    EngineOptions engine = new EngineOptions();

    @Override
    final SettingOptions settings() {
        return data.settings;
    }

    /**
     * Return the given data, or else those that a model was trained on, as its run has them; empty without both.
     *
     * @param used data settings whose options count beside the data of the run
     */
    final Optional<ObjectNode> dataOrThatOf(SavedModel saved, List<String> used) {
        if (data.isNamed()) return Optional.of(data.tree());
        onlyIf(
                false,
                "changes the data that --data names, found only those of the model's run; add --data, or leave it out",
                data.settings.without(used));
        return RunRecord.beside(saved.file())
                .map(run -> run.recipe().get("data"))
                .filter(ObjectNode.class::isInstance)
                .map(ObjectNode.class::cast);
    }

    /** Return a model with the task of {@code --task}, if its file says none. */
    final SavedModel withTask(SavedModel saved) {
        return saved.withTaskFor(given(saved.file(), saved.task(), saved::taskFor));
    }

    /** Return a model file with the task of {@code --task}, if it says none. */
    final FileTeacher withTask(FileTeacher file, Path path) {
        Task own = Task.of(file.task(), file.classNames());
        return file.withTaskFor(given(path, own, file::task));
    }

    /** Say which task a file was taken for, if neither it nor {@code --task} says one. */
    final void sayAssumedTask(Path file, Task.Kind kind, boolean isKnown) {
        if (isKnown || data.settings.isGiven("data.task")) return;
        log(file + " does not say its task; used as " + kind.words() + " (--task sets another)");
    }

    private Task given(Path file, Task own, UnaryOperator<Task> taskFor) {
        String wanted = data.settings.text("data.task");
        if (wanted == null) return own;
        Task.Kind kind = Task.Kind.of(wanted);
        Task given = taskFor.apply(Task.of(kind, List.of()));
        if (given.kind() == kind) return given;
        throw new WrongOption(
                file + " is a model for " + given.kind().words() + ", found --task " + kind.key() + "; leave it out");
    }

    /** Say where images are opened, and follow it on the terminal. */
    RunContext context() {
        return context(engine, data.workers());
    }
}
