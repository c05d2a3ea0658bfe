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
     * Create the command.
     *
     * @param withTeacher whether to include the options of teacher and distillation
     */
    RecipeCommand(boolean withTeacher) {
        options = new RecipeOptions(withTeacher);
    }

    @Override
    final SettingOptions settings() {
        return options.settings;
    }
}
