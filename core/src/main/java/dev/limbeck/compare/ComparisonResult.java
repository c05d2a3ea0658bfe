package dev.limbeck.compare;

import dev.limbeck.evaluate.Interval;
import dev.limbeck.evaluate.Judgement;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Hold what a comparison found. Accuracies are shares, differences too; a point is 0.01.
 *
 * @param judgedOn {@code test}, or {@code valid} where the data has no test split
 * @param labelled labelled training images of every student
 * @param unlabelled training images without a label, which teach through a teacher only
 * @param steps optimiser steps of every student
 * @param teachers the teachers
 * @param contestants the first is the one that all others are compared with
 * @param chosen the contestant with the best mean validation accuracy; null without a validation split
 */
public record ComparisonResult(
        String judgedOn,
        int labelled,
        int unlabelled,
        int steps,
        List<Long> seeds,
        List<Taught> teachers,
        List<Contestant> contestants,
        @Nullable String chosen) {
    /**
     * Hold a teacher.
     *
     * @param model where it was read from
     * @param architecture name in the zoo, or the kind of file
     * @param preparation of its inputs, as far as is known
     * @param file of its predictions, relative to the comparison's folder
     */
    public record Taught(
            String model,
            String architecture,
            Map<String, String> preparation,
            double accuracy,
            Judgement judgement,
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
     * @param difference paired, to the first contestant; null for that one
     * @param bestDifference the same between the best epochs of both
     * @param gapClosed share of the gap between its teacher and the first contestant; null without a teacher
     * @param judgement of the run with the first seed; agreement is with its teacher, or the first one
     * @param verdict in words; empty for the first contestant
     */
    public record Contestant(
            String name,
            @Nullable Integer teacher,
            List<Run> runs,
            Interval accuracy,
            @Nullable Interval bestAccuracy,
            @Nullable Interval difference,
            @Nullable Interval bestDifference,
            @Nullable Interval gapClosed,
            double seconds,
            Judgement judgement,
            String verdict) {
        /** Return one number of each run, in the order of the seeds. */
        double[] each(java.util.function.ToDoubleFunction<Run> number) {
            return runs.stream().mapToDouble(number).toArray();
        }
    }

    /** Say in words what a paired difference shows. */
    static String verdict(Interval difference, @Nullable Interval gapClosed) {
        String points = points(difference.mean());
        if (difference.n() < 2) return "one seed gives no interval: " + points + " points; use more seeds";
        String between = String.format(
                Locale.ROOT, ", 95 %% interval %s to %s", points(difference.low()), points(difference.high()));
        String gap = gapClosed == null || Double.isNaN(gapClosed.mean())
                ? ""
                : String.format(Locale.ROOT, ", %.0f %% of the gap", 100 * gapClosed.mean());
        if (difference.isPositive()) return "helped: " + points + " points" + between + gap;
        if (difference.isNegative()) return "hurt: " + points + " points" + between;
        return "no effect shown: " + points + " points" + between;
    }

    private static String points(double share) {
        return String.format(Locale.ROOT, "%+.1f", 100 * share);
    }
}
