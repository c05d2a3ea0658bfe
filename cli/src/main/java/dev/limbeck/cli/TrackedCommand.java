package dev.limbeck.cli;

import dev.limbeck.recipe.RunContext;
import picocli.CommandLine.Mixin;

/** Share what commands do that train by recipes, which can be followed elsewhere. */
abstract class TrackedCommand extends RecipeCommand {
    @Mixin
    TrackingOptions tracking = new TrackingOptions();

    /** Offer the settings of a teacher and of distillation too. */
    TrackedCommand() {
        this(true);
    }

    /** Offer settings; see {@link RecipeCommand}. */
    TrackedCommand(boolean withTeacher) {
        super(withTeacher);
    }

    /** Return where recipes are carried out, after a check that the device is there. */
    RunContext context() {
        return tracking.into(options.context(this));
    }
}
