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
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Share what train and distill do: put a recipe together of a file and options, and carry it out. */
abstract class TrainingCommand extends TrackedCommand {
    private final boolean withTeacher;

    @Parameters(
            arity = "0..1",
            paramLabel = "RECIPE",
            description = "A YAML file that says what options say; options come before it.")
    @Nullable
    Path file;

    @Option(names = "--out", required = true, description = "Directory that the run is written to")
    Path out = Path.of("");

    @Option(names = "--overwrite", description = "Replace an existing run")
    boolean overwrite;

    @Option(names = "--resume", description = "Go on after the last finished epoch of an interrupted run")
    boolean resume;

    /**
     * Offer settings.
     *
     * @param withTeacher whether those of a teacher and of distillation are among them
     */
    TrainingCommand(boolean withTeacher) {
        super(withTeacher);
        this.withTeacher = withTeacher;
    }

    /** Check a whole recipe before the long work starts. */
    void check(Recipe recipe) {}

    @Override
    Object run() {
        Recipe recipe = resume
                ? options.recipe(ResumePoint.at(out).recipe(), file)
                : options.recipe(this, file, withTeacher && file == null);
        check(recipe);
        if (!resume) RunDirectory.check(out, overwrite);
        RunContext context = context();
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
