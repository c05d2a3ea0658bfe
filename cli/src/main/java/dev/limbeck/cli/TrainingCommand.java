package dev.limbeck.cli;

import dev.limbeck.data.Split;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeRun;
import dev.limbeck.recipe.ResumePoint;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.run.RunDirectory;
import dev.limbeck.run.RunRecord;
import dev.limbeck.train.Exchange;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Share what train and distill do: put a recipe together of a file and options, and carry it out. */
abstract class TrainingCommand extends TrackedCommand {
    private final boolean withTeacher;

    @Parameters(
            arity = "0..1",
            paramLabel = "RECIPE",
            description = "A YAML file with the same settings; options override it.")
    @Nullable
    Path file;

    @Option(names = "--out", required = true, description = "Directory that the run is written to")
    Path out = Path.of("");

    @Option(names = "--overwrite", description = "Replace an existing run")
    boolean overwrite;

    @Option(names = "--resume", description = "Go on after the last finished epoch of an interrupted run")
    boolean resume;

    @Mixin
    ProcessOptions processes = new ProcessOptions();

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
        boolean starts = processes.startsOthers();
        processes.check(this, resume);
        onlyIf(
                !resume || file != null,
                "is a start for other settings, found --resume, which has the run's own; leave it out",
                "--preset");
        if (starts) {
            checked(Exchange.ALONE);
            return processes.start(this);
        }
        return processes.together(this, this::run);
    }

    private Recipe checked(Exchange exchange) {
        Recipe recipe = resume
                ? options.recipe(interrupted(exchange), file)
                : options.recipe(this, file, withTeacher && file == null);
        check(recipe);
        if (!resume && !processes.startedAgain() && exchange.writes()) RunDirectory.check(out, overwrite);
        return recipe;
    }

    /** Return the recipe of an interrupted run, whose folder the first process has. */
    private Recipe interrupted(Exchange exchange) {
        String own = exchange.writes() ? ResumePoint.at(out).recipe().toTree().toString() : "";
        return Recipe.parse(exchange.gather(own).get(0));
    }

    private RunRecord run(Exchange exchange) {
        Recipe recipe = checked(exchange);
        RunContext context = context().exchange(exchange);
        RecipeRun run = new RecipeRun(recipe, context);
        if (resume) run.resume();
        else if (processes.startedAgain()) run.autoResume();
        if (processes.elastic) run.elastic();
        // What a first attempt left is this run's own.
        RunRecord made = run.run(out, overwrite || processes.startedAgain() && !Files.exists(out));
        if (!exchange.writes()) return made;
        for (Split split : List.of(Split.VALID, Split.TEST)) {
            RunRecord.SplitResult result = made.results().of(split);
            // An embedding has no metrics of labels; its cosine is in the table of epochs.
            if (result != null && !result.metrics().isEmpty())
                say("%s: %s".formatted(split.label(), Texts.metrics(result.metrics())));
        }
        say("written to " + out);
        return made;
    }
}
