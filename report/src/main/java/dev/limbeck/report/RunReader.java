package dev.limbeck.report;

import com.fasterxml.jackson.databind.JsonNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.Version;
import dev.limbeck.data.Split;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.recipe.ResumePoint;
import dev.limbeck.run.RunDirectory;
import dev.limbeck.run.RunRecord;
import dev.limbeck.train.CsvLog;
import dev.limbeck.train.Metric;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.jspecify.annotations.Nullable;

/** Read what a run's files tell, complete or not. */
final class RunReader {
    private static final int EPOCHS_OF_ESTIMATE = 5;
    private static final String SECONDS = "seconds";

    private RunReader() {}

    /** Return a run's page without an evaluation of predictions. */
    static RunPage page(FoundRun run, boolean hasIndex) {
        return run.state() == FoundRun.State.FINISHED
                ? page(run, RunRecord.read(run.folder().resolve(RunDirectory.RECORD_NAME)), null, null, hasIndex)
                : unfinished(run, hasIndex);
    }

    /** Return the page of a complete run. */
    static RunPage page(
            FoundRun run,
            RunRecord made,
            RunPage.@Nullable Evaluation evaluation,
            @Nullable String withoutEvaluation,
            boolean hasIndex) {
        List<RunPage.Result> results = new ArrayList<>();
        boolean savesBest = made.results().last() != null;
        String main = mainMetric(made);
        add(results, made.results(), savesBest, main);
        add(results, made.results().last(), false, main);
        add(results, made.results().best(), true, main);
        return new RunPage(
                run.name(),
                run.state().word(),
                hasIndex,
                facts(made),
                texts(made.data().path("warnings")),
                made.epochs().size(),
                null,
                made.seconds(),
                made.training().stopped(),
                made.epochs().stream().map(CsvLog::values).toList(),
                results,
                results.stream()
                        .flatMap(result -> result.metrics().keySet().stream())
                        .distinct()
                        .filter(Metric::areShares)
                        .toList(),
                RecipeFiles.flat(made.recipe()),
                evaluation,
                withoutEvaluation,
                "Trained by Limbeck " + made.limbeck() + " from " + made.started() + " to " + made.finished()
                        + (made.engine().system().isEmpty()
                                ? ""
                                : " on " + made.engine().system())
                        + "; written by Limbeck " + Version.number() + ".");
    }

    /** Return the name of the main metric of a run's task. */
    static String mainMetric(RunRecord made) {
        Task.Kind task = Task.Kind.of(made.recipe().path("data").path("task").asText("single-label"));
        return task == Task.Kind.EMBEDDING
                ? KnowledgeDistillation.COSINE
                : Metric.main(task).name();
    }

    private static Map<String, Double> mainFirst(Map<String, Double> metrics, String main) {
        Map<String, Double> sorted = new LinkedHashMap<>();
        if (metrics.containsKey(main)) sorted.put(main, metrics.get(main));
        sorted.putAll(metrics);
        return sorted;
    }

    private static void add(List<RunPage.Result> to, RunRecord.@Nullable Results results, boolean isBest, String main) {
        if (results == null) return;
        String epoch = !isBest
                ? "last epoch"
                : results.epoch() == null ? "best epoch" : "best epoch (" + results.epoch() + ")";
        for (Split split : List.of(Split.VALID, Split.TEST)) {
            RunRecord.SplitResult result = results.of(split);
            if (result == null) continue;
            Map<String, Double> metrics = new TreeMap<>(result.metrics());
            to.add(new RunPage.Result(
                    split.label() + ", " + epoch, mainFirst(metrics, main), result.loss(), result.rows()));
        }
    }

    private static List<String> facts(RunRecord made) {
        RunRecord.Training training = made.training();
        List<String> facts = new ArrayList<>();
        facts.add(String.format(
                Locale.ROOT,
                "%s with %,d parameters, seed %d, on %s in %s.",
                training.architecture(),
                training.parameters(),
                training.seed(),
                training.device(),
                training.precision()));
        String data = made.data().path("summary").asText();
        if (!data.isEmpty()) facts.add("Data: " + data + ".");
        String teacher = teacher(made);
        if (teacher != null) facts.add("Taught by " + teacher + ".");
        String machine = made.engine().machine();
        if (!machine.isEmpty()) facts.add("On " + machine + ".");
        return facts;
    }

    /** Return what taught a run; null without a teacher. */
    static @Nullable String teacher(RunRecord made) {
        if (made.distillation() == null) return null;
        String teacher = made.distillation().path("teacher").asText();
        return teacher.isEmpty() ? made.distillation().path("teacher_file").asText() : teacher;
    }

    private static List<String> texts(JsonNode list) {
        List<String> texts = new ArrayList<>();
        list.forEach(text -> texts.add(text.asText()));
        return texts;
    }

    private static RunPage unfinished(FoundRun run, boolean hasIndex) {
        List<Map<String, Double>> epochs = epochs(run.folder().resolve(RunDirectory.LOG_NAME));
        Optional<Recipe> recipe = recipe(run);
        Integer planned = recipe.map(Recipe::epochs).orElse(null);
        List<String> facts = new ArrayList<>();
        recipe.ifPresent(one -> {
            facts.add(one.student() + " on " + Report.name(one.data().source()) + ", seed "
                    + one.training().seed() + ".");
            if (one.teacher() != null) facts.add("Taught by " + one.teacher().model() + ".");
        });
        return new RunPage(
                run.name(),
                run.state().word(),
                hasIndex,
                facts,
                List.of(),
                planned,
                run.state() == FoundRun.State.RUNNING ? secondsLeft(epochs, planned) : null,
                seconds(epochs),
                null,
                epochs,
                List.of(),
                List.of(),
                recipe.map(one -> RecipeFiles.flat(one.toTree())).orElse(Map.of()),
                null,
                null,
                "Limbeck " + Version.number() + ".");
    }

    /** Return the recipe of a run that is not complete; empty before its first epoch is over. */
    static Optional<Recipe> recipe(FoundRun run) {
        return RunDirectory.checkpointsIn(run.folder()).stream()
                .flatMap(checkpoint -> ResumePoint.recipeIn(checkpoint).stream())
                .findFirst();
    }

    /** Return the name of the main metric of the validation split: it is the column behind that split's loss. */
    static Optional<String> mainMetric(List<Map<String, Double>> epochs) {
        if (epochs.isEmpty()) return Optional.empty();
        List<String> names = List.copyOf(epochs.get(epochs.size() - 1).keySet());
        int loss = names.indexOf("valid_loss");
        if (loss < 0 || loss + 1 == names.size() || names.get(loss + 1).equals("lr")) return Optional.empty();
        return Optional.of(names.get(loss + 1));
    }

    static double seconds(List<Map<String, Double>> epochs) {
        return seconds(epochs.stream()).sum();
    }

    private static DoubleStream seconds(Stream<Map<String, Double>> epochs) {
        return epochs.mapToDouble(row -> row.getOrDefault(SECONDS, 0.0));
    }

    private static @Nullable Double secondsLeft(List<Map<String, Double>> epochs, @Nullable Integer planned) {
        if (planned == null || epochs.isEmpty()) return null;
        double mean = seconds(epochs.stream().skip(Math.max(0, epochs.size() - EPOCHS_OF_ESTIMATE)))
                .average()
                .orElseThrow();
        return Math.max(0, planned - epochs.size()) * mean;
    }

    /** Read a table of epochs; empty if it is missing. A cell without a number is left out. */
    static List<Map<String, Double>> epochs(Path file) {
        if (!Files.exists(file)) return List.of();
        CSVFormat format = CSVFormat.DEFAULT
                .builder()
                .setHeader()
                .setSkipHeaderRecord(true)
                .get();
        List<Map<String, Double>> rows = new ArrayList<>();
        try (CSVParser lines = CSVParser.parse(file, StandardCharsets.UTF_8, format)) {
            List<String> names = lines.getHeaderNames();
            for (CSVRecord line : lines) {
                Map<String, Double> row = new LinkedHashMap<>();
                for (int i = 1; i < Math.min(names.size(), line.size()); i++) {
                    if (!line.get(i).isEmpty()) row.put(names.get(i), Double.valueOf(line.get(i)));
                }
                rows.add(row);
            }
            return rows;
        } catch (IOException | RuntimeException e) {
            throw new LimbeckException(
                    file + " is not a table of epochs as limbeck writes it (" + LimbeckException.briefly(e) + ")", e);
        }
    }
}
