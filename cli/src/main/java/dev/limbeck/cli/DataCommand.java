package dev.limbeck.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.model.SavedModel;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.run.RunRecord;
import java.util.List;
import java.util.Optional;
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

    /** Return what {@code --task} says. */
    final TaskOption task() {
        return new TaskOption(this, data.settings.text("data.task"));
    }

    /** Say where images are opened, and follow it on the terminal. */
    RunContext context() {
        return context(engine, data.workers());
    }
}
