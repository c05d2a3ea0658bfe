package dev.limbeck.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.Targets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ColumnMetricsTest {
    private static ColumnMetrics of(double[] outputs, double... targets) {
        return new ColumnMetrics(outputs, targets);
    }

    /** The examples in scikit-learn's documentation of both metrics: 0.83 and 0.75. */
    @Test
    void areThoseOfTheLiterature() {
        ColumnMetrics example = of(new double[] {0.1, 0.4, 0.35, 0.8}, 0, 0, 1, 1);
        assertThat(example.averagePrecision()).isCloseTo(5.0 / 6, within(1e-12));
        assertThat(example.auc()).isCloseTo(0.75, within(1e-12));
    }

    @Test
    void equalScoresCountTogether() {
        ColumnMetrics same = of(new double[] {1, 1, 1, 1}, 0, 1, 1, 0);
        assertThat(same.auc()).isEqualTo(0.5);
        assertThat(same.averagePrecision()).isEqualTo(0.5);
    }

    @Test
    void theAreaIsTheShareOfPairsInOrder() {
        Random random = new Random(1);
        for (int trial = 0; trial < 50; trial++) {
            int rows = 2 + random.nextInt(20);
            double[] scores = random.doubles(rows).map(x -> Math.round(10 * x)).toArray();
            double[] targets = random.ints(rows, 0, 2).mapToDouble(x -> x).toArray();
            double right = 0;
            int pairs = 0;
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < rows; j++) {
                    if (targets[i] != 1 || targets[j] != 0) continue;
                    pairs++;
                    right += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
                }
            }
            double area = of(scores, targets).auc();
            if (pairs == 0) assertThat(area).isNaN();
            else assertThat(area).isCloseTo(right / pairs, within(1e-12));
        }
    }

    @Test
    void ofNumbers() {
        ColumnMetrics numbers = of(new double[] {1, 2, 3, 6}, 1, 2, 5, 4);
        assertThat(numbers.rmse()).isCloseTo(Math.sqrt(2), within(1e-12));
        assertThat(numbers.mae()).isEqualTo(1);
        assertThat(numbers.r2()).isCloseTo(1 - 8.0 / 10, within(1e-12));
        assertThat(of(new double[] {1, 2}, 3, 3).r2()).isNaN();
    }

    @Test
    void areInTheUnitsOfTheTargetsAndLeaveUnknownOnesOut() {
        Task.Regression task = new Task.Regression(List.of("kg"), List.of(100.0), List.of(10.0));
        Targets targets = Targets.values(1, 1, Float.NaN, -1);
        Predictions predictions = new Predictions(new float[] {2, 50, -1}, 1, task, targets);
        assertThat(predictions.decoded(0)).containsExactly(120);
        assertThat(Metric.mae().of(predictions)).isEqualTo(5);
        assertThat(Metric.rmse().of(predictions)).isCloseTo(Math.sqrt(50), within(1e-9));
    }

    @Test
    void isTheMeanOverLabelsThatHaveOne() {
        Task task = new Task.MultiLabel(List.of("a", "never"));
        Predictions predictions = new Predictions(new float[] {1, 0, -1, 0}, 2, task, Targets.values(2, 1, 0, 0, 0));
        assertThat(Metric.averagePrecision().of(predictions)).isEqualTo(1);
        assertThat(Metric.auc().of(predictions)).isEqualTo(1);
        assertThat(Metric.ofColumns(predictions, ColumnMetrics::auc)).containsExactly(1.0, Double.NaN);
    }

    /** The mean of ten ones is rounded to less than one. */
    @Test
    void equalTargetsHaveNoVarianceToExplain() {
        double[] ones = new double[10];
        Arrays.fill(ones, 1);
        assertThat(of(new double[10], ones).r2()).isNaN();
        ones[3] = 2;
        assertThat(of(ones, ones).r2()).isEqualTo(1);
    }

    @Test
    void aMetricOfAnotherTaskIsOneLine() {
        Task task = new Task.MultiLabel(List.of("a"));
        Predictions predictions = new Predictions(new float[] {1}, 1, task, Targets.values(1, 1));
        assertThatThrownBy(() -> Metric.accuracy().of(predictions))
                .isInstanceOf(LimbeckException.class)
                .hasMessage(
                        "the metric accuracy does not fit multi-label classification; use one of [average_precision,"
                                + " auc, macro_f1]");
    }
}
