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

/** Share what train and distill do: put a recipe together of a file and options, and carry it out. */
abstract class RecipeCommand extends LimbeckCommand {
    @Parameters(
            arity = "0..1",
            paramLabel = "RECIPE",
            description = "A YAML file that says what options say; options that are given come before it.")
    @Nullable
    Path file;

    @Mixin
    DataOptions data = new DataOptions();

    @Mixin
    TrainingOptions training = new TrainingOptions();

    @Mixin
    EngineOptions engine = new EngineOptions();

    @Mixin
    TrackingOptions tracking = new TrackingOptions();

    @Option(names = "--out", required = true, description = "Directory that the run is written to.")
    Path out = Path.of("");

    @Option(names = "--overwrite", description = "Replace an existing run.")
    boolean overwrite;

    @Option(
            names = "--resume",
            description = "Go on after the last finished epoch of an interrupted run; takes its settings from there.")
    boolean resume;

    /** Return what the student learns from, where the command offers that. */
    @Nullable
    DistillationOptions teaching() {
        return null;
    }

    /** Check a whole recipe before the long work starts. */
    void check(Recipe recipe) {}

    @Override
    Object run() {
        Recipe recipe = resume
                ? Recipes.over(ResumePoint.at(out).recipe(), file, data, training, teaching())
                : Recipes.of(this, file, data, training, teaching(), teaching() != null && file == null);
        check(recipe);
        if (!resume) RunDirectory.check(out, overwrite);
        engine.apply();
        RunContext context = tracking.into(context(engine, data.workers));
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
