package dev.limbeck.train;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Compute a metric from predictions and targets. Rows without a target are ignored. */
public interface Metric {
    /** Return the name used in tables and JSON. */
    String name();

    /** Compute the metric, or return NaN if no row has a target. */
    double of(Predictions predictions);

    /** Return whether larger values are better. */
    default boolean higherIsBetter() {
        return true;
    }

    /** Return whether values are shares in [0, 1], shown as percent. */
    default boolean isShare() {
        return true;
    }

    /**
     * Return the metrics of a task. The first one selects the best epoch and is compared between models.
     *
     * <ul>
     *   <li>single-label: accuracy, ROC AUC with two classes, top-5 accuracy with more than five, macro F1
     *   <li>multi-label: average precision, ROC AUC, macro F1
     *   <li>regression: RMSE, MAE, R²
     *   <li>embedding: none, because there are no labels
     * </ul>
     */
    static List<Metric> of(Task task) {
        return switch (task.kind()) {
            case SINGLE_LABEL -> {
                if (task.outputs() == 2) yield List.of(accuracy(), auc(), macroF1());
                yield task.outputs() > 5 ? List.of(accuracy(), topK(5), macroF1()) : List.of(accuracy(), macroF1());
            }
            case MULTI_LABEL -> List.of(averagePrecision(), auc(), macroF1());
            case REGRESSION -> List.of(rmse(), mae(), r2());
            case EMBEDDING -> List.of();
        };
    }

    /**
     * Return the metric that selects the best epoch and is compared between models.
     *
     * @throws LimbeckException for an embedding, which has none
     */
    static Metric main(Task.Kind task) {
        return switch (task) {
            case SINGLE_LABEL -> accuracy();
            case MULTI_LABEL -> averagePrecision();
            case REGRESSION -> rmse();
            case EMBEDDING ->
                throw new LimbeckException(
                        "an embedding has no metric, because there are no labels; judge a classifier "
                                + "that starts from it (--weights RUN)");
        };
    }

    /** Return one of these metrics by its name. */
    static Optional<Metric> find(String name) {
        return Stream.of(accuracy(), topK(5), macroF1(), averagePrecision(), auc(), rmse(), mae(), r2())
                .filter(metric -> metric.name().equals(name))
                .findFirst();
    }

    /** Return whether values of a metric with this name are shares; true for an unknown one. */
    static boolean areShares(String name) {
        return find(name).map(Metric::isShare).orElse(true);
    }

    /** Format a value for people: shares as percent, numbers with four digits, NaN as a dash. */
    static String text(String name, double value) {
        if (Double.isNaN(value)) return "-";
        boolean share = areShares(name);
        return String.format(Locale.ROOT, share ? "%.2f %%" : "%.4g", share ? 100 * value : value);
    }

    /** Return top-1 accuracy: the share of rows, in [0, 1], whose largest logit is the label's. */
    static Metric accuracy() {
        return share("accuracy", p -> LabelMetrics.accuracy(p, 1), Task.Kind.SINGLE_LABEL);
    }

    /** Return top-k accuracy: the share of rows, in [0, 1], whose label is among the k largest logits. */
    static Metric topK(int k) {
        if (k < 1) throw new IllegalArgumentException("k must be at least 1, found " + k);
        return share("top" + k, p -> LabelMetrics.accuracy(p, k), Task.Kind.SINGLE_LABEL);
    }

    /**
     * Return macro F1: the unweighted mean of the F1 score over classes. A class that is neither present nor predicted
     * counts as 0. For several labels, a probability of at least 0.5 predicts the label.
     */
    static Metric macroF1() {
        return share(
                "macro_f1",
                p -> p.task().kind() == Task.Kind.SINGLE_LABEL
                        ? LabelMetrics.macroF1(p)
                        : meanOfColumns(p, ColumnMetrics::f1),
                Task.Kind.SINGLE_LABEL,
                Task.Kind.MULTI_LABEL);
    }

    /**
     * Return macro average precision (mAP): for each label Σ (Rₙ − Rₙ₋₁)·Pₙ over its ranked rows, then the mean over the
     * labels that occur. Rows with equal scores count together, as in scikit-learn.
     */
    static Metric averagePrecision() {
        return share(
                "average_precision", p -> meanOfColumns(p, ColumnMetrics::averagePrecision), Task.Kind.MULTI_LABEL);
    }

    /**
     * Return macro ROC AUC: the probability that a row with the label has a higher score than one without, half for ties;
     * the mean over the labels with both. Of two classes, it is the AUC of either; of more, NaN.
     */
    static Metric auc() {
        return share(
                "auc",
                p -> {
                    if (p.task().kind() == Task.Kind.MULTI_LABEL) return meanOfColumns(p, ColumnMetrics::auc);
                    return p.width() == 2 ? ColumnMetrics.ofTwoClasses(p).auc() : Double.NaN;
                },
                Task.Kind.SINGLE_LABEL,
                Task.Kind.MULTI_LABEL);
    }

    /** Return the root of the mean squared error in the targets' units; the mean over several targets. */
    static Metric rmse() {
        return number("rmse", false, ColumnMetrics::rmse);
    }

    /** Return the mean absolute error in the targets' units; the mean over several targets. */
    static Metric mae() {
        return number("mae", false, ColumnMetrics::mae);
    }

    /** Return R² = 1 − Σ(y − ŷ)² / Σ(y − ȳ)², the mean over several targets; NaN where a target is constant. */
    static Metric r2() {
        return number("r2", true, ColumnMetrics::r2);
    }

    /**
     * Compute a metric of each label or target alone, in the order of the task's names.
     *
     * @return one value per column; NaN where it is undefined
     */
    static List<Double> ofColumns(Predictions predictions, ToDoubleFunction<ColumnMetrics> metric) {
        return IntStream.range(0, predictions.width())
                .mapToObj(column -> metric.applyAsDouble(ColumnMetrics.of(predictions, column)))
                .toList();
    }

    /** Return the mean over the columns where a metric is defined; NaN if an output is not finite, as a column's metric may be then. */
    private static double meanOfColumns(Predictions predictions, ToDoubleFunction<ColumnMetrics> metric) {
        for (float output : predictions.outputs()) if (!Float.isFinite(output)) return Double.NaN;
        return ofColumns(predictions, metric).stream()
                .mapToDouble(Objects::requireNonNull)
                .filter(value -> !Double.isNaN(value))
                .average()
                .orElse(Double.NaN);
    }

    private static Metric share(String name, ToDoubleFunction<Predictions> function, Task.Kind... kinds) {
        return new Named(name, true, true, List.of(kinds), function);
    }

    private static Metric number(String name, boolean higherIsBetter, ToDoubleFunction<ColumnMetrics> function) {
        return new Named(
                name,
                higherIsBetter,
                false,
                List.of(Task.Kind.REGRESSION),
                predictions -> meanOfColumns(predictions, function));
    }

    /** Check the task before computing. */
    record Named(
            String name,
            boolean higherIsBetter,
            boolean isShare,
            List<Task.Kind> kinds,
            ToDoubleFunction<Predictions> function)
            implements Metric {
        @Override
        public double of(Predictions predictions) {
            Task.Kind kind = predictions.task().kind();
            if (!kinds.contains(kind)) {
                throw new LimbeckException("the metric " + name + " does not fit " + kind.words() + "; use one of "
                        + Metric.of(predictions.task()).stream()
                                .map(Metric::name)
                                .toList());
            }
            return function.applyAsDouble(predictions);
        }
    }
}
