package dev.limbeck.report;

import dev.limbeck.compare.ComparisonResult;
import dev.limbeck.evaluate.EvaluationReport;
import dev.limbeck.evaluate.Interval;
import dev.limbeck.evaluate.Profile;
import dev.limbeck.train.EpochRecord;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Hold the data of the page. The script reads it as JSON with names in snake_case.
 *
 * @param facts what all students have in common, and remarks on the numbers, in sentences
 * @param metric name of the metric for comparing variants
 * @param isShare whether its values are fractions in [0, 1]
 * @param shownSeed seed of the runs that agreement, classes, images and cards are taken from
 */
record Page(
        String title,
        List<String> facts,
        String footer,
        String metric,
        boolean isShare,
        String split,
        long shownSeed,
        List<String> classNames,
        List<Teacher> teachers,
        List<Variant> variants,
        List<Card> cards,
        List<PredictionChange> changes,
        List<Misses> misses,
        List<Scatter> scatters,
        List<Cost> costs) {
    record Teacher(String title, double value, EvaluationReport report) {}

    /**
     * Hold a variant.
     *
     * @param sentence name and verdict; empty for the first variant
     * @param curves records per epoch as in run.json, for each run
     */
    record Variant(
            String name,
            String sentence,
            Interval value,
            @Nullable Interval bestValue,
            @Nullable Interval difference,
            @Nullable Interval bestDifference,
            @Nullable Interval gapClosed,
            double seconds,
            List<ComparisonResult.Run> runs,
            List<List<EpochRecord>> curves,
            EvaluationReport report) {}

    /**
     * Hold the logits of an image, or of the tutorial's example.
     *
     * @param image as a data URL; null if there is none
     * @param label −1 if there is none
     */
    record Card(
            String title,
            @Nullable String image,
            List<String> names,
            int label,
            List<Float> teacher,
            List<Student> students) {}

    record Student(String name, List<Float> logits) {}

    /**
     * Hold the images that a variant predicts correctly and the first variant does not, and vice versa.
     *
     * @param recall difference of recall for each class or label
     */
    record PredictionChange(
            String name, int won, int lost, List<Tile> wonImages, List<Tile> lostImages, List<Double> recall) {}

    /** Hold an image with its label and the predictions of the first and of another variant. */
    record Tile(String image, String label, String before, String after) {}

    /** Hold the rows that a variant predicts worst, worst first. */
    record Misses(String name, List<Miss> rows) {}

    /** Hold a row with its label and what a variant predicted. */
    record Miss(String image, String label, String predicted) {}

    /** Hold true and predicted numbers of one target, in its unit, for some rows. */
    record Scatter(String target, List<Points> models) {}

    /**
     * Hold the rows of a model.
     *
     * @param points true and predicted number of each row
     */
    record Points(String name, List<List<Double>> points) {}

    record Cost(String name, Profile profile) {}
}
