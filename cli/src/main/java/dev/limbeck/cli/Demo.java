package dev.limbeck.cli;

import dev.limbeck.LimbeckException;
import dev.limbeck.compare.Comparison;
import dev.limbeck.compare.ComparisonResult;
import dev.limbeck.data.Split;
import dev.limbeck.evaluate.Latency;
import dev.limbeck.model.SavedModel;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeRun;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.report.Report;
import dev.limbeck.run.RunDirectory;
import dev.limbeck.run.RunRecord;
import dev.limbeck.zoo.Architecture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Run the demonstration on generated data: a teacher, a student without it, and the same student distilled. */
public final class Demo {
    /** Hold the settings of the demonstration. Both students share rows, order, initial weights and number of steps. */
    public record Settings(
            DemoData data,
            Architecture teacher,
            Architecture student,
            int teacherEpochs,
            int studentEpochs,
            double teacherRate,
            double studentRate,
            double temperature,
            double weight) {}

    /** Hold the result of one of the three networks. Both students have the same latency. */
    public record Outcome(
            String architecture, double accuracy, long parameters, long bytes, double p50Millis, double seconds) {}

    /** Hold the three results of a seed. */
    public record Result(long seed, Outcome teacher, Outcome alone, Outcome distilled) {
        /**
         * Return the share of the accuracy gap between student and teacher that distillation closed; NaN without a gap.
         */
        public double gapClosed() {
            double gap = teacher.accuracy - alone.accuracy;
            return gap > 0 ? (distilled.accuracy - alone.accuracy) / gap : Double.NaN;
        }
    }

    private static final String RECIPE = """
            data: {%s}
            student: %s
            training: {epochs: %d, lr: %s}
            """;
    private static final String DISTILLED = """
            teacher: {model: %s}
            distillation: {kd_weight: %s, losses: [{name: soft-target, temperature: %s}]}
            """;
    private static final int LATENCY_RUNS = 100;

    private final Settings settings;
    private final RunContext context;

    /** Create a demonstration. */
    public Demo(Settings settings, RunContext context) {
        this.settings = settings;
        this.context = context;
    }

    /**
     * Run it with a seed for weights and order. The generated rows are always the same; where students have the labels of some of
     * them, the seed draws which.
     *
     * @param out output folder for the data's files, the teacher, the comparison and the report
     */
    public Result run(long seed, Path out) {
        settings.data.write(out);
        DemoData.Part many = settings.data.ofTeacher(out);
        DemoData.Part few = settings.data.ofStudents(out);
        context.log().accept(Texts.format("teacher: %s on %s", settings.teacher, many.words()));
        Path teacher = out.resolve("teacher");
        Recipe teacherRecipe = recipe(many, settings.teacher, settings.teacherEpochs, settings.teacherRate, "");
        new RecipeRun(teacherRecipe.withSeed(seed), context).run(teacher, true);
        context.log()
                .accept(Texts.format(
                        "students: %s on %s; T = %s, weight %s",
                        settings.student, few.words(), settings.temperature, settings.weight));
        Recipe distilled = recipe(
                few,
                settings.student,
                settings.studentEpochs,
                settings.studentRate,
                Texts.format(DISTILLED, Texts.quoted(teacher), settings.weight, settings.temperature));
        // The teacher's outputs are not cached, as with augmented images, to give honest times.
        ComparisonResult compared = new Comparison(Map.of("distilled", distilled), 1, seed, out, context)
                .cacheRows(0)
                .run();
        Report.write(compared, out, context);
        Path alone = out.resolve(compared.variants().get(0).runs().get(0).directory());
        Path taught = out.resolve(compared.variants().get(1).runs().get(0).directory());
        // Both students are the same network, so one of them is measured.
        double p50 = p50(alone);
        return new Result(seed, outcome(teacher, p50(teacher)), outcome(alone, p50), outcome(taught, p50));
    }

    private static double p50(Path run) {
        try (SavedModel saved = SavedModel.open(run, null)) {
            return Latency.measure(saved.module(), LATENCY_RUNS, ModelInputs.of(saved, null), 1)
                    .p50();
        }
    }

    private static Recipe recipe(DemoData.Part data, Architecture network, int epochs, double rate, String more) {
        return Recipe.parse(Texts.format(RECIPE, data.settings(), network, epochs, rate) + more);
    }

    private static Outcome outcome(Path run, double p50) {
        RunRecord made = RunRecord.read(run.resolve(RunDirectory.RECORD_NAME));
        try (SavedModel saved = SavedModel.open(run, null)) {
            return new Outcome(
                    saved.architecture(),
                    made.results().metric(Split.TEST, "accuracy"),
                    saved.module().parameterCount(),
                    Files.size(saved.file()),
                    p50,
                    made.seconds());
        } catch (IOException e) {
            throw new LimbeckException("cannot read " + run + ": " + e.getMessage(), e);
        }
    }

    /** Return the three results for the command's JSON. */
    static Map<String, Object> json(Result result) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("seed", result.seed);
        json.put("teacher", result.teacher);
        json.put("alone", result.alone);
        json.put("distilled", result.distilled);
        json.put("gap_closed", Double.isNaN(result.gapClosed()) ? null : result.gapClosed());
        return json;
    }
}
