package dev.limbeck.cli;

import picocli.CommandLine.Mixin;

/** Share what commands do that work on a recipe: offer its settings, and where it is carried out. */
abstract class RecipeCommand extends LimbeckCommand {
    @Mixin
    RecipeOptions options;

    /** Offer the settings of a teacher and of distillation too. */
    RecipeCommand() {
        this(true);
    }

    /**
     * Offer settings.
     *
     * @param taught whether those of a teacher and of distillation are among them
     */
    RecipeCommand(boolean taught) {
        options = new RecipeOptions(taught);
    }

    @Override
    final SettingOptions settings() {
        return options.settings;
    }
}
