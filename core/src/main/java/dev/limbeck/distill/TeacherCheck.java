package dev.limbeck.distill;

import dev.limbeck.Preprocessing;
import dev.limbeck.Task;
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
 * @param metric name of the task's main metric; for embeddings, of their mean cosine between two rows
 * @param value its value for the teacher
 * @param knowledge kind of information in its outputs
 * @param output description of its outputs
 * @param namesClasses whether it has class names; otherwise the data's order is assumed
 * @param entropies for each temperature in use, the mean entropy of the softened probabilities, as a share of its
 *     maximum log C; empty if the task is not single-label classification
 * @param warnings one line per warning
 */
public record TeacherCheck(
        String teacher,
        int rows,
        String metric,
        double value,
        OutputKind knowledge,
        String output,
        boolean namesClasses,
        Map<Double, Double> entropies,
        List<String> warnings) {
    /** Accuracy below which other preprocessing is tried. */
    private static final double POOR = 0.5;

    private static final double BETTER = 0.05;
    /** Gain of 2·AUC − 1 or R² that few rows do not give by chance. */
    private static final double CLEARLY_BETTER = 0.25;

    private static final int TRIED_ROWS = 256;
    private static final double ALL_BUT_SURE = 0.05;
    /** Mean cosine of two images above which embeddings say little. */
    private static final double ALL_BUT_SAME = 0.99;

    private static final String ROW_COSINE = "mean_cosine_of_two_images";
    private static final double TINY = 1e-30;
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
        if (outputs.task().kind() == Task.Kind.EMBEDDING) return ofEmbeddings(teacher, facts, outputs);
        Metric main = Metric.main(outputs.task().kind());
        List<String> warnings = new ArrayList<>();
        String odd = oddOutputs(outputs, facts.kind(), teacher.name());
        if (odd != null) warnings.add(odd);
        boolean oneClass = outputs.task().kind() == Task.Kind.SINGLE_LABEL;
        double score = score(outputs);
        if (thorough || score < POOR) {
            Better prepared = betterPreparation(teacher, facts, context);
            Better ordered = oneClass ? betterOrder(outputs, context.data().classNames(), declared, score) : null;
            Better better =
                    prepared == null || (ordered != null && ordered.score > prepared.score) ? ordered : prepared;
            if (better != null || isUseless(outputs, score)) warnings.add(poor(teacher.name(), outputs, score, better));
        }
        Map<Double, Double> entropies = new LinkedHashMap<>();
        for (double temperature : oneClass ? temperatures : new double[0]) {
            double entropy = entropy(outputs, temperature);
            entropies.put(temperature, entropy);
            String advice = advice(outputs, temperature, entropy);
            if (advice != null) warnings.add("teacher " + teacher.name() + advice);
        }
        return new TeacherCheck(
                teacher.name(),
                outputs.size(),
                main.name(),
                main.of(outputs),
                facts.kind(),
                facts.output(),
                !teacher.classNames().isEmpty(),
                entropies,
                warnings);
    }

    /** Check embeddings by how different those of two images are, because there are no labels. */
    private static TeacherCheck ofEmbeddings(Teacher teacher, TeacherFacts facts, Predictions outputs) {
        double cosine = cosineOfRows(outputs);
        List<String> warnings = new ArrayList<>();
        String odd = oddOutputs(outputs, facts.kind(), teacher.name());
        if (odd != null) warnings.add(odd);
        else if (cosine > ALL_BUT_SAME) {
            warnings.add(String.format(
                    Locale.ROOT,
                    "teacher %s gives all images nearly the same embedding (mean cosine %.4f); check its preprocessing, or "
                            + "name another layer (teacher.embedding in a recipe)",
                    teacher.name(),
                    cosine));
        }
        return new TeacherCheck(
                teacher.name(),
                outputs.size(),
                ROW_COSINE,
                cosine,
                facts.kind(),
                outputs.width() + " numbers of " + facts.output(),
                false,
                Map.of(),
                warnings);
    }

    /** Return the mean cosine between a row and the next one. */
    private static double cosineOfRows(Predictions outputs) {
        double sum = 0;
        for (int row = 1; row < outputs.size(); row++) {
            double product = 0;
            double first = 0;
            double second = 0;
            for (int c = 0; c < outputs.width(); c++) {
                double a = outputs.output(row - 1, c);
                double b = outputs.output(row, c);
                product += a * b;
                first += a * a;
                second += b * b;
            }
            sum += product / Math.sqrt(Math.max(TINY, first * second));
        }
        return outputs.size() < 2 ? Double.NaN : sum / (outputs.size() - 1);
    }

    /** Return a score that is comparable between tasks: accuracy, 2·AUC − 1, or R². */
    private static double score(Predictions outputs) {
        double score = switch (outputs.task().kind()) {
            case SINGLE_LABEL -> Metric.accuracy().of(outputs);
            case MULTI_LABEL -> 2 * Metric.auc().of(outputs) - 1;
            case REGRESSION -> Metric.r2().of(outputs);
            case EMBEDDING -> throw new IllegalStateException("embeddings have no score");
        };
        return Double.isNaN(score) ? 0 : score;
    }

    private static boolean isUseless(Predictions outputs, double score) {
        return switch (outputs.task().kind()) {
            case SINGLE_LABEL -> score < 2.0 / outputs.width() && outputs.width() > 2;
            case MULTI_LABEL, REGRESSION, EMBEDDING -> score < BETTER;
        };
    }

    private static String poor(String teacher, Predictions outputs, double score, @Nullable Better better) {
        String chance = outputs.task().kind() == Task.Kind.SINGLE_LABEL
                ? String.format(Locale.ROOT, "%.1f %%", 100.0 / outputs.width())
                : words(outputs.task().kind(), 0);
        String start =
                "teacher " + teacher + " has " + words(outputs.task().kind(), score) + " on the validation split";
        return better != null
                ? start + " (chance: " + chance + "), but " + better.words
                : start + ", close to chance (" + chance
                        + "): it is of no use for this data, or expects other inputs (--teacher-image-size, "
                        + "--teacher-mean, --teacher-std)";
    }

    private static String words(Task.Kind task, double score) {
        return switch (task) {
            case SINGLE_LABEL -> String.format(Locale.ROOT, "%.1f %% accuracy", 100 * score);
            case MULTI_LABEL -> String.format(Locale.ROOT, "an AUC of %.3f", (score + 1) / 2);
            case REGRESSION, EMBEDDING -> String.format(Locale.ROOT, "an R² of %.3f", score);
        };
    }

    private static boolean areSame(Predictions outputs) {
        float[] all = outputs.outputs();
        int classes = outputs.width();
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
        return knowledge == OutputKind.LOGITS && outputs.task().kind() == Task.Kind.SINGLE_LABEL
                ? TeacherOutput.doubt(outputs.outputs(), outputs.width(), teacher)
                : null;
    }

    /** Return a one-line summary. */
    public String summary() {
        StringBuilder line = new StringBuilder(String.format(
                Locale.ROOT,
                metric.equals(Metric.accuracy().name())
                        ? "teacher %s: %.1f %% %s on %,d validation rows"
                        : "teacher %s: %.4g %s on %,d validation rows",
                teacher,
                metric.equals(Metric.accuracy().name()) ? 100 * value : value,
                metric.replace('_', ' '),
                rows));
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
        return sum / outputs.size() / Math.log(outputs.width());
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

    /** Hold an alternative setting with a higher score. */
    private record Better(double score, String words) {}

    /** Look for a preprocessing with which the teacher is clearly better; null if there is none. */
    private static @Nullable Better betterPreparation(Teacher teacher, TeacherFacts facts, TeacherContext context) {
        Task.Kind task = context.data().task().kind();
        double now = score(teacher, context.judging());
        Better best = null;
        int rows = Math.min(TRIED_ROWS, context.data().targets(Split.VALID).known());
        if (rows == 0) return null;
        double noise = task == Task.Kind.SINGLE_LABEL ? 3 * Math.sqrt(now * (1 - now) / rows) : CLEARLY_BETTER;
        double most = now + Math.max(BETTER, noise);
        for (Preprocessing.Variant variant : facts.preprocessing().variants()) {
            double score = score(teacher, context.trying(variant.preprocessing()));
            if (score <= most) continue;
            most = score;
            String found = task == Task.Kind.SINGLE_LABEL
                    ? String.format(Locale.ROOT, "%.1f %%", 100 * score)
                    : words(task, score);
            best = new Better(score, "with " + variant.words() + " it would have " + found + "; set its preprocessing");
        }
        return best;
    }

    private static double score(Teacher teacher, TeacherContext context) {
        try (TeacherSession session = teacher.open(context)) {
            Predictions some = Evaluator.sample(context.data(), Split.VALID, TRIED_ROWS, session::logits);
            return some.size() == 0 ? 0 : score(some);
        }
    }

    /** Search for a permutation of the classes with clearly higher accuracy; null if there is none. */
    private static @Nullable Better betterOrder(
            Predictions outputs, List<String> names, List<String> declared, double accuracy) {
        int classes = outputs.width();
        if (classes != names.size()) return null;
        int[][] counts = new int[classes][classes];
        for (int row = 0; row < outputs.size(); row++) {
            int output = outputs.argmax(row);
            int label = outputs.labels()[row];
            // A row may have no label, and outputs that are no numbers have no largest one.
            if (output >= 0 && label >= 0) counts[output][label]++;
        }
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
