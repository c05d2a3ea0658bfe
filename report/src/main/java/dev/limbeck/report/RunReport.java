package dev.limbeck.report;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import dev.limbeck.evaluate.EvaluationReport;
import dev.limbeck.io.AtomicFile;
import dev.limbeck.model.SavedModel;
import dev.limbeck.recipe.PredictionFile;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.run.RunDirectory;
import dev.limbeck.run.RunRecord;
import dev.limbeck.tensor.Engine;
import dev.limbeck.train.Evaluator;
import dev.limbeck.train.Predictions;
import dev.limbeck.train.TaskLoss;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Device;
import org.jspecify.annotations.Nullable;

/** Write the page of one complete run: curves, results, confusion, worst rows, settings and warnings. */
public final class RunReport {
    /** Name of a run's page in its folder. */
    public static final String NAME = RunDirectory.REPORT_NAME;

    private final FoundRun run;
    private final RunContext context;
    private final boolean computes;

    private RunReport(FoundRun run, RunContext context, boolean computes) {
        this.run = run;
        this.context = context;
        this.computes = computes;
    }

    /** Return whether there is a run at a path, complete or not. */
    public static boolean isRun(Path path) {
        return FoundRun.at(path).isPresent();
    }

    /**
     * Write the page of a run. Predictions that it did not keep are computed, if its data is still there.
     *
     * @param run the run directory
     * @param file to write; null for {@value #NAME} in the run directory
     * @return the page's file
     * @throws LimbeckException if there is no complete run, or the page cannot be written
     */
    public static Path write(Path run, @Nullable Path file, RunContext context) {
        FoundRun found = FoundRun.at(run)
                .orElseThrow(() -> new LimbeckException(run + " holds no run; expected a folder with "
                        + RunDirectory.RECORD_NAME + ", or a folder of such folders"));
        if (found.state() != FoundRun.State.FINISHED) {
            throw new LimbeckException(run + " is " + found.state().word()
                    + ", expected a complete run; limbeck watch shows what there is");
        }
        Path page = file == null ? found.folder().resolve(NAME) : file;
        write(found, page, context, true);
        return page;
    }

    /**
     * Write the page of a complete run.
     *
     * @param computes whether to compute predictions that the run did not keep
     */
    static void write(FoundRun run, Path file, RunContext context, boolean computes) {
        AtomicFile.write(file, Html.page("run", new RunReport(run, context, computes).page()));
    }

    private RunPage page() {
        RunRecord made = RunRecord.read(run.folder().resolve(RunDirectory.RECORD_NAME));
        try {
            return RunReader.page(run, made, evaluation(made), null, false);
        } catch (LimbeckException e) {
            String reason = "There are no predictions to show: " + LimbeckException.briefly(e) + ".";
            if (computes) context.log().accept(run.name() + ": " + reason);
            return RunReader.page(run, made, null, reason, false);
        }
    }

    private RunPage.Evaluation evaluation(RunRecord made) {
        Path file = run.folder().resolve(PredictionFile.NAME);
        // They are of the last epoch.
        boolean isKept = Files.exists(file) && made.results().last() == null;
        if (!isKept && !computes) {
            throw new LimbeckException(
                    "the run did not keep any; limbeck report with the run's own folder computes them");
        }
        Map<Split, Predictions> kept = isKept ? PredictionFile.read(file) : Map.of();
        Recipe recipe = RecipeFiles.bind(made.recipe(), "");
        try (SavedModel saved = SavedModel.open(run.folder(), null);
                Data data = recipe.data()
                        .openFor(
                                recipe.training().seed(),
                                recipe.architecture(),
                                saved.preprocessing(),
                                context.quiet())) {
            if (!data.fingerprint().equals(made.dataFingerprint())) {
                throw new LimbeckException("the data at " + recipe.data().source() + " has changed since the training");
            }
            // A trial of a sweep has not seen the test split, and must not.
            Split split = Stream.of(Split.TEST, Split.VALID)
                    .filter(one -> made.results().of(one) != null && (computes || kept.containsKey(one)))
                    .filter(one -> data.has(one) && data.targets(one).known() > 0)
                    .findFirst()
                    .orElseThrow(() -> new LimbeckException("the run evaluated no labeled test or validation rows"));
            Predictions found = kept.get(split);
            if (found == null) found = computed(saved, data, split);
            Pictures pictures = new Pictures(data, split);
            List<String> names = List.of(run.name());
            return new RunPage.Evaluation(
                    split.label(),
                    data.classNames(),
                    EvaluationReport.of(Map.of(split, found), split, null),
                    pictures.misses(names, List.of(found)).get(0).rows(),
                    pictures.scatters(names, List.of(found)));
        }
    }

    private Predictions computed(SavedModel saved, Data data, Split split) {
        Device device = Engine.device(context.device());
        saved.module().to(device);
        return Evaluator.run(saved.module(), data, split, device, List.of(), TaskLoss.of(data.task()))
                .predictions();
    }
}
