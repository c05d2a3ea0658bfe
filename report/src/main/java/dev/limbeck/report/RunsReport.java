package dev.limbeck.report;

import dev.limbeck.LimbeckException;
import dev.limbeck.Version;
import dev.limbeck.compare.Comparison;
import dev.limbeck.data.Split;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.io.AtomicFile;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.run.RunDirectory;
import dev.limbeck.run.RunRecord;
import dev.limbeck.train.CsvLog;
import dev.limbeck.train.Metric;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Write the page of a folder of runs: a table with links to the page of each run and comparison. */
public final class RunsReport {
    /** Name of the page in the folder. */
    public static final String NAME = "index.html";

    private static final String TRAIN_LOSS = "train_loss";

    private RunsReport() {}

    /**
     * Write the page of a folder, and the pages of its complete runs that are missing or older than their run. These show predictions
     * that the run kept; none are computed. A damaged run is logged, and shown as such.
     *
     * @return the page's file
     * @throws LimbeckException if the folder holds no run, or a page cannot be written
     */
    public static Path write(Path folder, RunContext context) {
        FoundRun.Search found = FoundRun.below(folder);
        List<FoundRun> runs = found.runs();
        found.limit().ifPresent(context.log());
        if (runs.isEmpty()) {
            throw new LimbeckException(folder + " holds no run; expected a folder with " + RunDirectory.RECORD_NAME
                    + ", or a folder of such folders");
        }
        int without = 0;
        for (FoundRun run : runs) {
            if (run.state() != FoundRun.State.FINISHED) continue;
            Path page = run.folder().resolve(RunReport.NAME);
            if (isFresh(page, run)) continue;
            if (!Files.exists(run.folder().resolve(RunDirectory.PREDICTIONS_NAME))) without++;
            try {
                RunReport.write(run, page, context, false);
            } catch (LimbeckException e) {
                // The others are not lost; the table says the same.
                context.log().accept(run.name() + " has no page: " + LimbeckException.briefly(e));
            }
        }
        if (without > 0) {
            context.log()
                    .accept(
                            without + " of " + runs.size()
                                    + " runs kept no predictions, so their new pages show no confusion; limbeck report RUN computes them");
        }
        Path file = folder.resolve(NAME);
        AtomicFile.write(file, Html.page("runs", page(folder, found, run -> run.name() + "/" + RunReport.NAME, true)));
        return file;
    }

    private static boolean isFresh(Path page, FoundRun run) {
        try {
            return Files.isRegularFile(page)
                    && Files.getLastModifiedTime(page)
                                    .compareTo(Files.getLastModifiedTime(
                                            run.folder().resolve(RunDirectory.RECORD_NAME)))
                            >= 0;
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Return the data of a folder's page.
     *
     * @param address of a run's page, relative to this one
     * @param onlyComplete whether only complete runs have a page, a file that may be missing
     */
    static RunsPage page(Path folder, FoundRun.Search found, Function<FoundRun, String> address, boolean onlyComplete) {
        List<FoundRun> runs = found.runs();
        List<RunsPage.Row> rows = new ArrayList<>();
        Set<String> shares = new LinkedHashSet<>();
        for (FoundRun run : runs) {
            boolean linked = !onlyComplete
                    || run.state() == FoundRun.State.FINISHED
                            && Files.isRegularFile(run.folder().resolve(RunReport.NAME));
            rows.add(row(run, linked ? escaped(address.apply(run)) : null, shares));
        }
        Map<FoundRun.State, Long> states =
                runs.stream().collect(Collectors.groupingBy(FoundRun::state, Collectors.counting()));
        String counts = Stream.of(FoundRun.State.values())
                .filter(states::containsKey)
                .map(state -> states.get(state) + " " + state.word())
                .collect(Collectors.joining(", "));
        List<String> facts = new ArrayList<>();
        facts.add(counts.isEmpty() ? "No runs." : "Runs: " + counts + ".");
        found.limit().ifPresent(facts::add);
        Path name = folder.toAbsolutePath().normalize().getFileName();
        return new RunsPage(
                "Limbeck: runs in " + (name == null ? folder : name),
                facts,
                onlyComplete ? comparisons(folder, runs) : List.of(),
                rows,
                List.copyOf(shares),
                "Written by Limbeck " + Version.number() + ".");
    }

    /** Escape a relative address: names may have any characters. */
    static String escaped(String path) {
        return Stream.of(path.split("/"))
                .map(part -> URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20"))
                .collect(Collectors.joining("/"));
    }

    private static List<RunsPage.Link> comparisons(Path folder, List<FoundRun> runs) {
        Path whole = folder.toAbsolutePath().normalize();
        Set<Path> above = new LinkedHashSet<>();
        for (FoundRun run : runs) {
            for (Path one = run.out().getParent(); one != null && one.startsWith(whole); one = one.getParent())
                above.add(one);
        }
        return above.stream()
                .filter(one -> Files.exists(one.resolve(Comparison.RESULT_NAME)))
                .sorted()
                .map(one -> {
                    String name = whole.relativize(one).toString().replace('\\', '/');
                    String report = (name.isEmpty() ? "" : name + "/") + Report.NAME;
                    return new RunsPage.Link(
                            name.isEmpty() ? "this folder" : name,
                            Files.exists(whole.resolve(report)) ? escaped(report) : null);
                })
                .toList();
    }

    private static RunsPage.Row row(FoundRun run, @Nullable String href, Set<String> shares) {
        try {
            return run.state() == FoundRun.State.FINISHED ? complete(run, href, shares) : unfinished(run, href, shares);
        } catch (LimbeckException e) {
            return new RunsPage.Row(
                    run.name(),
                    null,
                    "unreadable: " + LimbeckException.briefly(e),
                    null,
                    null,
                    0,
                    null,
                    Map.of(),
                    null,
                    0,
                    null);
        }
    }

    private static RunsPage.Row complete(FoundRun run, @Nullable String href, Set<String> shares) {
        RunRecord made = RunRecord.read(run.folder().resolve(RunDirectory.RECORD_NAME));
        Map<String, Double> scores = new LinkedHashMap<>();
        String metric = RunReader.mainMetric(made);
        for (Split split : List.of(Split.TEST, Split.VALID)) {
            RunRecord.SplitResult result = made.results().of(split);
            if (result == null || !result.metrics().containsKey(metric)) continue;
            addScore(split, metric, result.metric(metric), scores, shares);
        }
        List<Map<String, Double>> epochs =
                made.epochs().stream().map(CsvLog::values).toList();
        // An embedding is not evaluated against labels.
        if (scores.isEmpty()) addLast(epochs, metric, scores, shares);
        return new RunsPage.Row(
                run.name(),
                href,
                run.state().word(),
                made.training().architecture(),
                RunReader.teacher(made),
                epochs.size(),
                null,
                scores,
                trainLoss(epochs),
                made.seconds(),
                made.started());
    }

    private static RunsPage.Row unfinished(FoundRun run, @Nullable String href, Set<String> shares) {
        List<Map<String, Double>> epochs = RunReader.epochs(run.folder().resolve(RunDirectory.LOG_NAME));
        Optional<Recipe> recipe = RunReader.recipe(run);
        Map<String, Double> scores = new LinkedHashMap<>();
        RunReader.mainMetric(epochs).ifPresent(metric -> addLast(epochs, metric, scores, shares));
        return new RunsPage.Row(
                run.name(),
                href,
                run.state().word(),
                recipe.map(Recipe::student).orElse(null),
                recipe.map(Recipe::teacher).map(teacher -> teacher.model()).orElse(null),
                epochs.size(),
                recipe.map(Recipe::epochs).orElse(null),
                scores,
                trainLoss(epochs),
                RunReader.seconds(epochs),
                null);
    }

    /** Add the last epoch's value, if it has one: metrics of epochs are of the validation split. */
    private static void addLast(
            List<Map<String, Double>> epochs, String metric, Map<String, Double> scores, Set<String> shares) {
        Double value = epochs.isEmpty() ? null : epochs.get(epochs.size() - 1).get(metric);
        if (value != null) addScore(Split.VALID, metric, value, scores, shares);
    }

    private static void addScore(
            Split split, String metric, double value, Map<String, Double> scores, Set<String> shares) {
        String name = split.label() + " " + metric;
        scores.put(name, value);
        if (Metric.areShares(metric) && !metric.equals(KnowledgeDistillation.COSINE)) shares.add(name);
    }

    private static @Nullable Double trainLoss(List<Map<String, Double>> epochs) {
        return epochs.isEmpty() ? null : epochs.get(epochs.size() - 1).get(TRAIN_LOSS);
    }
}
