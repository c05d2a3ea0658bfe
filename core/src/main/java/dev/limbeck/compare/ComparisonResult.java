package dev.limbeck.compare;

import dev.limbeck.data.Split;
import dev.limbeck.evaluate.EvaluationReport;
import dev.limbeck.evaluate.Interval;
import dev.limbeck.evaluate.PredictionDiff;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Hold what a comparison found. Accuracies are shares, differences too; a point is 0.01.
 *
 * @param judgedOn {@code test}, or {@code valid} where the data has no test split
 * @param labeled labeled training images of every student
 * @param unlabeled training images without a label, which teach through a teacher only
 * @param steps optimizer steps of every student
 * @param sameStart whether all students of a seed begin with the same weights; not where some begin with trained ones
 * @param answersKept whether teachers remembered their answers from run to run
 * @param teachers the teachers
 * @param variants the first is the one that all others are compared with
 * @param chosen the variant with the best mean validation accuracy; null without a validation split
 */
public record ComparisonResult(
        String judgedOn,
        int labeled,
        int unlabeled,
        int steps,
        boolean sameStart,
        boolean answersKept,
        List<Long> seeds,
        List<Taught> teachers,
        List<Variant> variants,
        @Nullable String chosen) {
    /** Say in sentences what the students had in common and what is to be known before their numbers are believed. */
    public List<String> facts() {
        List<String> facts = new ArrayList<>();
        facts.add(String.format(
                Locale.ROOT,
                "Every student: %,d labeled and %,d unlabeled images, %,d optimizer steps; %s %s; evaluated on the %s split.",
                labeled,
                unlabeled,
                steps,
                seeds.size() == 1 ? "seed" : "seeds",
                seeds.size() == 1 ? seeds.get(0) : seeds.get(0) + " to " + seeds.get(seeds.size() - 1),
                judgedOn));
        if (unlabeled > 0) facts.add("On images without a label only students with a teacher learn anything.");
        if (!sameStart) facts.add("Initial weights differ, as the recipes say: some students begin with trained ones.");
        if (judgedOn.equals(Split.VALID.label())) {
            facts.add("There is no test split: the images that validate judge too, which flatters what they chose.");
        }
        if (answersKept) {
            facts.add(
                    "Seconds include the teacher's; it answers each image once, so the first run that asks pays for all"
                            + " (not where a loss looks inside the teacher).");
        }
        return facts;
    }

    /**
     * Hold a teacher.
     *
     * @param model where it was read from
     * @param architecture name in the zoo, or the kind of file
     * @param weightsKey where in its file the weights lie, if it holds several sets
     * @param preparation of its inputs, as far as is known
     * @param accuracy on the judged split; the mean over the seeds where that is at random for each of them
     * @param file of its predictions, relative to the comparison's folder
     */
    public record Taught(
            String model,
            String architecture,
            @Nullable String weightsKey,
            Map<String, String> preparation,
            double accuracy,
            EvaluationReport judgment,
            String sha256,
            String file) {}

    /**
     * Hold one run.
     *
     * @param valid validation accuracy after the last epoch; NaN without such a split
     * @param accuracy after the last epoch
     * @param bestAccuracy of the epoch with the best validation accuracy, on the same images; NaN without such a split
     * @param seconds of training
     * @param directory relative to the comparison's folder
     */
    public record Run(
            long seed, double valid, double accuracy, double bestAccuracy, double seconds, String directory) {}

    /**
     * Hold what the runs of one recipe say together.
     *
     * @param teacher position of its teacher; null if it has none
     * @param difference paired, to the first variant; null for that one
     * @param bestDifference the same between the best epochs of both
     * @param gapClosed share of the gap between its teacher and the first variant; null without a teacher
     * @param judgment of the run with the first seed; agreement is with its teacher, or the first one
     * @param change from the first variant's run with that seed to this one's; null for that variant
     * @param verdict in words; empty for the first variant
     */
    public record Variant(
            String name,
            @Nullable Integer teacher,
            List<Run> runs,
            Interval accuracy,
            @Nullable Interval bestAccuracy,
            @Nullable Interval difference,
            @Nullable Interval bestDifference,
            @Nullable Interval gapClosed,
            double seconds,
            EvaluationReport judgment,
            @Nullable PredictionDiff change,
            String verdict) {
        /** Return its name and the verdict as they are read together. */
        public String sentence() {
            return name + (difference != null && showsNothing(difference) ? ", " : " ") + verdict;
        }

        /** Return one number of each run, in the order of the seeds. */
        double[] each(java.util.function.ToDoubleFunction<Run> number) {
            return runs.stream().mapToDouble(number).toArray();
        }
    }

    /** Say in words what a paired difference shows. */
    static String verdict(Interval difference, @Nullable Interval gapClosed) {
        String points = points(difference.mean()) + " points";
        String gap = gapClosed == null || Double.isNaN(gapClosed.mean()) ? "" : ", " + gap(gapClosed);
        if (difference.n() < 2) {
            return "cannot be judged by one seed: " + points + gap + ", but no interval; use more seeds";
        }
        String between = String.format(
                Locale.ROOT, ", 95 %% interval %s to %s", points(difference.low()), points(difference.high()));
        if (difference.isPositive()) return "helped: " + points + between + gap;
        if (difference.isNegative()) return "hurt: " + points + between;
        return "no effect shown: " + points + between;
    }

    private static boolean showsNothing(Interval difference) {
        return difference.n() > 1 && !difference.isPositive() && !difference.isNegative();
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
