package dev.limbeck.cli;

import dev.limbeck.recipe.RunContext;
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

    /** Say where images are opened, and follow it on the terminal. */
    RunContext context() {
        return context(engine, data.workers());
    }
}
