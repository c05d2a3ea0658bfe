package dev.limbeck.compare;

import dev.limbeck.data.Split;
import dev.limbeck.evaluate.EvaluationReport;
import dev.limbeck.evaluate.Interval;
import dev.limbeck.evaluate.PredictionDiff;
import dev.limbeck.recipe.LoadedTeacher;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.tensor.Precision;
import dev.limbeck.train.Metric;
import dev.limbeck.zoo.Zoo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.io.FilenameUtils;
import org.jspecify.annotations.Nullable;

/**
 * Hold the result of a comparison by the task's main metric. Shares such as accuracy and their differences are in [0, 1];
 * one percentage point is 0.01. A difference is positive where the first variant is outdone, also if smaller values are better.
 *
 * @param split the evaluated split: {@code test}, or {@code valid} if the data has no test split
 * @param labeled number of labeled training rows
 * @param unlabeled number of unlabeled training rows, used only through a teacher or {@code mean_teacher}
 * @param steps optimizer steps of every student
 * @param sameStart whether all students of a seed start from the same weights, see {@link Variant#start}
 * @param cachesOutputs whether teacher outputs were cached across runs
 * @param teachers the teachers
 * @param variants the variants; all others are compared with the first
 * @param chosen the variant with the best mean validation metric; null without a validation split
 */
public record ComparisonResult(
        String metric,
        String split,
        int labeled,
        int unlabeled,
        int steps,
        boolean sameStart,
        boolean cachesOutputs,
        List<Long> seeds,
        List<TeacherResult> teachers,
        List<Variant> variants,
        @Nullable String chosen) {
    private static final int MOST_SEEDS = 100;

    /** Return sentences about what the students share and about limits of the numbers. */
    public List<String> facts() {
        List<String> facts = new ArrayList<>();
        facts.add(String.format(
                Locale.ROOT,
                "Every student: %,d labeled and %,d unlabeled rows, %,d optimizer steps; %s %s; evaluated on the %s split.",
                labeled,
                unlabeled,
                steps,
                seeds.size() == 1 ? "seed" : "seeds",
                seeds.size() == 1 ? seeds.get(0) : seeds.get(0) + " to " + seeds.get(seeds.size() - 1),
                split));
        if (unlabeled > 0) facts.add("Only students with a teacher or mean_teacher use the unlabeled rows.");
        facts.addAll(startFacts());
        if (split.equals(Split.VALID.label())) {
            facts.add(
                    "There is no test split: the validation split also selected the best epochs, so their results are optimistic.");
        }
        if (seeds.size() > 1) {
            facts.add("Intervals cover the seeds, not the choice of the evaluated rows"
                    + (variants.size() > 2
                            ? "; each of the " + (variants.size() - 1)
                                    + " comparisons has its own 95 %, so with many of them one may differ by chance."
                            : "."));
        }
        if (cachesOutputs) {
            facts.add(
                    "Seconds include the teacher's; its outputs are cached, so the first run that needs them pays for all"
                            + " (except for feature losses).");
        }
        machineFacts().forEach(facts::add);
        return facts;
    }

    private List<String> startFacts() {
        Map<String, List<String>> names = new LinkedHashMap<>();
        for (Variant variant : variants) {
            if (!variant.start.isEmpty()) {
                names.computeIfAbsent(variant.start, start -> new ArrayList<>()).add(variant.name);
            }
        }
        if (names.size() > 1) {
            return List.of("Initial weights differ: "
                    + names.entrySet().stream()
                            .map(entry -> String.join(", ", entry.getValue())
                                    + (entry.getValue().size() == 1 ? " starts from " : " start from ")
                                    + entry.getKey())
                            .collect(Collectors.joining("; "))
                    + ".");
        }
        if (!sameStart) return List.of("Initial weights differ, because some recipes use pretrained students.");
        return names.isEmpty() || names.containsKey(Recipe.RANDOM_WEIGHTS)
                ? List.of()
                : List.of(
                        "Every student starts from " + names.keySet().iterator().next() + ".");
    }

    /** Return the known machines of the runs, each once. */
    public List<String> machines() {
        return machines(variants.stream().flatMap(variant -> variant.runs().stream()));
    }

    private static List<String> machines(Stream<Run> runs) {
        return runs.map(Run::machine)
                .filter(machine -> !machine.isEmpty())
                .distinct()
                .toList();
    }

    private List<String> machineFacts() {
        List<String> machines = machines();
        if (machines.size() < 2) return List.of();
        String all = String.join("; ", machines) + ".";
        if (countWithoutPrecision(machines) < 2) return List.of("The runs differ in precision: " + all);
        List<String> facts = new ArrayList<>();
        facts.add("The runs come from " + machines.size()
                + " kinds of machines, devices or precisions, so their seconds cannot be compared: " + all);
        long mixed = IntStream.range(0, seeds.size())
                .filter(seed -> countWithoutPrecision(machines(
                                variants.stream().map(variant -> variant.runs().get(seed))))
                        > 1)
                .count();
        if (mixed > 0) {
            facts.add("In " + mixed + " of " + seeds.size() + " seeds, students come from different ones, so their"
                    + " differences are not those of the recipes alone.");
        }
        return facts;
    }

    /** Count kinds of machines and devices: recipes may differ in precision. */
    private static long countWithoutPrecision(List<String> machines) {
        String precision = Arrays.stream(Precision.values())
                .map(Precision::toString)
                .collect(Collectors.joining("|", ", (", ")$"));
        return machines.stream()
                .map(machine -> machine.replaceFirst(precision, ""))
                .distinct()
                .count();
    }

    /**
     * Hold the facts about a teacher.
     *
     * @param model path it was read from
     * @param architecture name in the zoo, or the file format
     * @param weightsKey where in its file the weights are stored, if there are several sets
     * @param preprocessing preprocessing of its inputs, as far as known
     * @param value metric on the evaluated split; the mean over the seeds if the split is random
     * @param file path of its predictions, relative to the comparison's folder
     */
    public record TeacherResult(
            String model,
            String architecture,
            @Nullable String weightsKey,
            Map<String, String> preprocessing,
            double value,
            EvaluationReport report,
            String sha256,
            String file) {
        /** Return what lines and pages call it: the architecture; for a file of another format, the format and its name. */
        public String title() {
            boolean isFile = Zoo.find(architecture).isEmpty() && !architecture.contains(LoadedTeacher.JOINED);
            return isFile ? architecture + " " + FilenameUtils.getName(model) : architecture;
        }
    }

    /**
     * Hold the result of one run.
     *
     * @param valid validation metric after the last epoch; NaN without a validation split
     * @param value metric on the evaluated split after the last epoch
     * @param bestValue metric on the same rows of the epoch with the best validation metric; NaN without a
     *     validation split
     * @param seconds training time
     * @param machine processor, engine, threads, device and precision, as far as they are known
     * @param directory run directory, relative to the comparison's folder
     */
    public record Run(
            long seed,
            double valid,
            double value,
            double bestValue,
            double seconds,
            String machine,
            String directory) {}

    /**
     * Hold the joint results of one recipe's runs.
     *
     * @param teacher index of its teacher; null if it has none
     * @param start what its students start from, in words; empty in results of older versions
     * @param difference paired difference to the first variant; null for the first one
     * @param bestDifference the same, with the best epoch of each run
     * @param gapClosed share of the gap between the first variant and the teacher that it closes; null without
     *     a teacher
     * @param report evaluation of the run with the first seed; agreement is with its teacher, or the first teacher
     * @param change how predictions differ from the first variant's, for the first seed; null for the first one, and for
     *     regression
     * @param verdict the conclusion as text; empty for the first variant
     */
    public record Variant(
            String name,
            @Nullable Integer teacher,
            String start,
            List<Run> runs,
            Interval value,
            @Nullable Interval bestValue,
            @Nullable Interval difference,
            @Nullable Interval bestDifference,
            @Nullable Interval gapClosed,
            double seconds,
            EvaluationReport report,
            @Nullable PredictionDiff change,
            String verdict) {
        public Variant {
            start = start == null ? "" : start;
        }

        /** Return the name and the verdict as one sentence. */
        public String sentence() {
            return name + (difference != null && showsNothing(difference) ? ", " : " ") + verdict;
        }

        /** Return one number per run, in the order of the seeds. */
        double[] each(java.util.function.ToDoubleFunction<Run> number) {
            return runs.stream().mapToDouble(number).toArray();
        }
    }

    /** Describe what a paired difference shows, and how many seeds would show one of its size if it shows none. */
    static String verdict(Interval difference, @Nullable Interval gapClosed, Metric metric) {
        if (Double.isNaN(difference.mean())) {
            return "has no verdict: " + metric.name().replace('_', ' ')
                    + " has no value (NaN) on the evaluated rows of a seed; evaluate on other rows";
        }
        String points = metric.isShare()
                ? points(difference.mean()) + " points"
                : metric.name() + (difference.mean() < 0 ? " worse" : " better") + " by "
                        + number(Math.abs(difference.mean()));
        String gap = gapClosed == null || Double.isNaN(gapClosed.mean()) ? "" : ", " + gap(gapClosed);
        if (difference.n() < 2) {
            return "one seed is not enough: " + points + gap + ", without an interval; use more seeds";
        }
        String between = String.format(
                Locale.ROOT,
                ", 95 %% interval %s to %s",
                metric.isShare() ? points(difference.low()) : number(difference.low()),
                metric.isShare() ? points(difference.high()) : number(difference.high()));
        if (difference.isPositive()) return "helped: " + points + between + gap;
        if (difference.isNegative()) return "hurt: " + points + between;
        int seeds = difference.valuesToShow(MOST_SEEDS);
        return "no effect shown: " + points + between + "; a difference this small needs "
                + (seeds > MOST_SEEDS ? "more than " + MOST_SEEDS : "some " + seeds) + " seeds";
    }

    private static boolean showsNothing(Interval difference) {
        return difference.low() <= 0 && difference.high() >= 0;
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.3g", value);
    }

    private static String points(double share) {
        return String.format(Locale.ROOT, "%+.1f", 100 * share);
    }

    private static String gap(Interval closed) {
        String share = String.format(Locale.ROOT, "%.0f %% of the gap", 100 * closed.mean());
        return closed.n() < 2
                ? share
                : share + String.format(Locale.ROOT, " (%.0f to %.0f)", 100 * closed.low(), 100 * closed.high());
    }
}
