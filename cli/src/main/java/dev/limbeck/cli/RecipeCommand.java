package dev.limbeck.cli;

import dev.limbeck.data.Split;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeRun;
import dev.limbeck.recipe.ResumePoint;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.run.RunDirectory;
import dev.limbeck.run.RunRecord;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Base class of train and distill: build a recipe from a file and options, and run it. */
abstract class RecipeCommand extends LimbeckCommand {
    private final boolean taught;

    @Parameters(arity = "0..1", paramLabel = "RECIPE", description = "A YAML recipe; options override it.")
    @Nullable
    Path file;

    @Mixin
    RecipeOptions options;

    @Mixin
    TrackingOptions tracking = new TrackingOptions();

    @Option(names = "--out", required = true, description = "Output directory of the run")
    Path out = Path.of("");

    @Option(names = "--overwrite", description = "Replace an existing run")
    boolean overwrite;

    @Option(names = "--resume", description = "Continue an interrupted run after its last finished epoch")
    boolean resume;

    /**
     * Create the command.
     *
     * @param taught whether to include the options of teacher and distillation
     */
    RecipeCommand(boolean taught) {
        this.taught = taught;
        options = new RecipeOptions(taught);
    }

    @Override
    SettingOptions settings() {
        return options.settings;
    }

    /** Check a complete recipe before the run starts. */
    void check(Recipe recipe) {}

    @Override
    Object run() {
        Recipe recipe = resume
                ? options.recipe(ResumePoint.at(out).recipe(), file)
                : options.recipe(this, file, taught && file == null);
        check(recipe);
        if (!resume) RunDirectory.check(out, overwrite);
        RunContext context = tracking.into(options.context(this));
        RecipeRun run = new RecipeRun(recipe, context);
        RunRecord made = (resume ? run.resume() : run).run(out, overwrite);
        for (Split split : List.of(Split.VALID, Split.TEST)) {
            RunRecord.SplitResult result = made.results().of(split);
            if (result != null) say("%s: %s".formatted(split.label(), Texts.metrics(result.metrics())));
        }
        say("written to " + out);
        return made;
    }
}
