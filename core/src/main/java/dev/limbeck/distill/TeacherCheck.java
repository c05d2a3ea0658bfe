package dev.limbeck.distill;

import dev.limbeck.Preprocessing;
import dev.limbeck.data.Split;
import dev.limbeck.distill.loss.OutputKind;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.distill.teacher.TeacherContext;
import dev.limbeck.distill.teacher.TeacherFacts;
import dev.limbeck.distill.teacher.TeacherOutput;
import dev.limbeck.distill.teacher.TeacherSession;
import dev.limbeck.train.Evaluator;
import dev.limbeck.train.Metric;
import dev.limbeck.train.Predictions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Check a teacher's outputs on the validation split before training. A teacher with wrong preprocessing or another
 * class order degrades the student without any error. This check reports it, with a better setting if there is one.
 *
 * @param teacher name of the teacher
 * @param rows number of validation rows
 * @param accuracy accuracy of the teacher, in [0, 1]
 * @param knowledge kind of information in its outputs
 * @param output description of its outputs
 * @param namesClasses whether it has class names; otherwise the data's order is assumed
 * @param entropies for each temperature in use, the mean entropy of the softened probabilities, as a share of its
 *     maximum log C
 * @param warnings one line per warning
 */
public record TeacherCheck(
        String teacher,
        int rows,
        double accuracy,
        OutputKind knowledge,
        String output,
        boolean namesClasses,
        Map<Double, Double> entropies,
        List<String> warnings) {
    /** Accuracy below which other preprocessing is tried. */
    private static final double POOR = 0.5;

    private static final double BETTER = 0.05;
    private static final int TRIED_ROWS = 256;
    private static final double ALL_BUT_SURE = 0.05;
    private static final double ALL_BUT_EVEN = 0.98;
    private static final double SOFT_ENOUGH = 0.2;
    /** Relative tolerance of equal outputs. */
    private static final double ROUNDING = 1e-6;

    private static final double[] TEMPERATURES = {1, 2, 3, 4, 5, 8, 10, 15, 20};

    /**
     * Check outputs.
     *
     * @param outputs outputs for all rows of the validation split
     * @param declared the teacher's own class names, before any matching; empty if it has none
     * @param temperatures temperatures in use
     * @param thorough whether to try other preprocessing even if the accuracy is high
     */
    static TeacherCheck of(
            Teacher teacher,
            TeacherFacts facts,
            Predictions outputs,
            TeacherContext context,
            List<String> declared,
            double[] temperatures,
            boolean thorough) {
        double accuracy = Metric.accuracy().of(outputs);
        List<String> warnings = new ArrayList<>();
        String odd = oddOutputs(outputs, facts.kind(), teacher.name());
        if (odd != null) warnings.add(odd);
        if (thorough || accuracy < POOR) {
            Better prepared = betterPreparation(teacher, facts, context);
            Better ordered = betterOrder(outputs, context.data().classNames(), declared, accuracy);
            Better better =
                    prepared == null || (ordered != null && ordered.accuracy > prepared.accuracy) ? ordered : prepared;
            if (better != null) {
                warnings.add(String.format(
                        Locale.ROOT,
                        "teacher %s has %.1f %% accuracy on the validation split (chance: %.1f %%), but %s",
                        teacher.name(),
                        100 * accuracy,
                        100.0 / outputs.classes(),
                        better.words));
            } else if (accuracy < 2.0 / outputs.classes() && outputs.classes() > 2) {
                warnings.add(String.format(
                        Locale.ROOT,
                        "teacher %s has %.1f %% accuracy on the validation split, close to chance (%.1f %%): it "
                                + "is of no use for this data",
                        teacher.name(),
                        100 * accuracy,
                        100.0 / outputs.classes()));
            }
        }
        Map<Double, Double> entropies = new LinkedHashMap<>();
        for (double temperature : temperatures) {
            double entropy = entropy(outputs, temperature);
            entropies.put(temperature, entropy);
            String advice = advice(outputs, temperature, entropy);
            if (advice != null) warnings.add("teacher " + teacher.name() + advice);
        }
        return new TeacherCheck(
                teacher.name(),
                outputs.size(),
                accuracy,
                facts.kind(),
                facts.output(),
                !teacher.classNames().isEmpty(),
                entropies,
                warnings);
    }

    private static boolean areSame(Predictions outputs) {
        float[] all = outputs.logits();
        int classes = outputs.classes();
        double largest = 0;
        double difference = 0;
        for (int i = 0; i < all.length; i++) {
            largest = Math.max(largest, Math.abs(all[i]));
            difference = Math.max(difference, Math.abs(all[i] - all[i % classes]));
        }
        return difference <= ROUNDING * largest;
    }

    /** Return a warning about degenerate outputs; null if there is none. */
    private static @Nullable String oddOutputs(Predictions outputs, OutputKind knowledge, String teacher) {
        if (outputs.size() > 1 && areSame(outputs)) {
            return "teacher " + teacher + " returns the same outputs for all " + outputs.size()
                    + " validation rows; check its file and its preprocessing";
        }
        return knowledge == OutputKind.LOGITS
                ? TeacherOutput.doubt(outputs.logits(), outputs.classes(), teacher)
                : null;
    }

    /** Return a one-line summary. */
    public String summary() {
        StringBuilder line = new StringBuilder(String.format(
                Locale.ROOT, "teacher %s: %.1f %% accuracy on %,d validation rows", teacher, 100 * accuracy, rows));
        if (!output.equals(TeacherOutput.LOGITS.words()))
            line.append(", returns ").append(output);
        entropies.forEach((temperature, entropy) -> line.append(String.format(
                Locale.ROOT, ", entropy at T = %s: %.0f %% of the maximum", plain(temperature), 100 * entropy)));
        return line.toString();
    }

    private static String plain(double value) {
        return value == Math.rint(value) ? String.valueOf((long) value) : String.valueOf(value);
    }

    /** Compute the mean entropy of softmax(z/T) as a share of log C. */
    static double entropy(Predictions outputs, double temperature) {
        double sum = 0;
        for (int row = 0; row < outputs.size(); row++) {
            float[] logits = outputs.row(row);
            double largest = Double.NEGATIVE_INFINITY;
            for (float logit : logits) largest = Math.max(largest, logit);
            double total = 0;
            double weighted = 0;
            for (float logit : logits) {
                double z = (logit - largest) / temperature;
                total += Math.exp(z);
                weighted += z * Math.exp(z);
            }
            sum += Math.log(total) - weighted / total;
        }
        return sum / outputs.size() / Math.log(outputs.classes());
    }

    private static @Nullable String advice(Predictions outputs, double temperature, double entropy) {
        String seen = String.format(
                Locale.ROOT, " at T = %s (mean entropy %.1f %% of the maximum)", plain(temperature), 100 * entropy);
        if (entropy > ALL_BUT_EVEN) {
            return " is nearly uniform over all classes" + seen + "; use a lower T";
        }
        if (entropy >= ALL_BUT_SURE) return null;
        for (double higher : TEMPERATURES) {
            if (higher > temperature && entropy(outputs, higher) >= SOFT_ENOUGH) {
                return " is nearly certain of every output" + seen + ", which adds little to the labels; T = "
                        + plain(higher) + " would show more";
            }
        }
        return " is nearly certain of every output" + seen + ", which adds little to the labels";
    }

    /** Hold an alternative setting with a higher accuracy. */
    private record Better(double accuracy, String words) {}

    /** Look for a preparation with which the teacher is clearly more often right; null if there is none. */
    private static @Nullable Better betterPreparation(Teacher teacher, TeacherFacts facts, TeacherContext context) {
        double now = right(teacher, context);
        Better best = null;
        double most = now + Math.max(BETTER, 3 * Math.sqrt(now * (1 - now) / TRIED_ROWS));
        for (Preprocessing.Variant variant : facts.preprocessing().variants()) {
            double share = right(teacher, context.trying(variant.preprocessing()));
            if (share <= most) continue;
            most = share;
            best = new Better(
                    share,
                    String.format(
                            Locale.ROOT,
                            "with %s it would have %.1f %%; set its preprocessing",
                            variant.words(),
                            100 * share));
        }
        return best;
    }

    private static double right(Teacher teacher, TeacherContext context) {
        try (TeacherSession session = teacher.open(context)) {
            Predictions some = Evaluator.sample(context.data(), Split.VALID, TRIED_ROWS, session::logits);
            long right = IntStream.range(0, some.size())
                    .filter(row -> some.argmax(row) == some.labels()[row])
                    .count();
            return some.size() == 0 ? 0 : (double) right / some.size();
        }
    }

    /** Search for a permutation of the classes with clearly higher accuracy; null if there is none. */
    private static @Nullable Better betterOrder(
            Predictions outputs, List<String> names, List<String> declared, double accuracy) {
        int classes = outputs.classes();
        if (classes != names.size()) return null;
        int[][] counts = new int[classes][classes];
        for (int row = 0; row < outputs.size(); row++) counts[outputs.argmax(row)][outputs.labels()[row]]++;
        int[] meant = IntStream.range(0, classes)
                .map(output -> IntStream.range(0, classes)
                        .reduce((a, b) -> counts[output][b] > counts[output][a] ? b : a)
                        .orElse(output))
                .toArray();
        if (IntStream.of(meant).distinct().count() < classes) return null;
        double share = IntStream.range(0, classes)
                        .map(output -> counts[output][meant[output]])
                        .sum()
                / (double) outputs.size();
        if (share < accuracy + BETTER) return null;
        // In the order of the outputs, not of the classes they were matched with.
        List<String> order = new ArrayList<>();
        for (String name : declared.isEmpty() ? names : declared) {
            int matched = names.indexOf(name);
            if (matched < 0) return null;
            order.add(names.get(meant[matched]));
        }
        return new Better(
                share,
                String.format(
                        Locale.ROOT,
                        "with the classes %s it would have %.1f %%; set them in that order (teacher.classes, "
                                + "--teacher-classes) and match them by name (--match-classes)",
                        order,
                        100 * share));
    }
}
