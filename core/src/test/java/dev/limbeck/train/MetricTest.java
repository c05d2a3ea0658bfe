package dev.limbeck.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class MetricTest {
    private static final float NAN = Float.NaN;

    private static Predictions predictions(int[] labels, float[]... rows) {
        int classes = rows[0].length;
        float[] logits = new float[rows.length * classes];
        for (int row = 0; row < rows.length; row++) System.arraycopy(rows[row], 0, logits, row * classes, classes);
        return Predictions.ofLabels(logits, classes, labels);
    }

    private static float[] row(float... logits) {
        return logits;
    }

    @Test
    void accuracyIsTheShareOfRightTopClasses() {
        Predictions p = predictions(new int[] {0, 1, 2, 0}, row(3, 1, 2), row(3, 1, 2), row(0, 1, 2), row(-1, -3, -2));
        assertThat(Metric.accuracy().of(p)).isEqualTo(0.75);
        assertThat(Metric.accuracy().name()).isEqualTo("accuracy");
    }

    @Test
    void topKAsksWhetherTheLabelIsAmongTheKLargest() {
        Predictions p = predictions(new int[] {0, 1, 2}, row(3, 1, 2), row(3, 1, 2), row(3, 1, 2));
        assertThat(Metric.topK(1).of(p)).isEqualTo(1.0 / 3);
        assertThat(Metric.topK(2).of(p)).isEqualTo(2.0 / 3);
        assertThat(Metric.topK(3).of(p)).isOne();
        assertThat(Metric.topK(9).of(p)).isOne();
        assertThat(Metric.topK(5).name()).isEqualTo("top5");
        assertThatThrownBy(() -> Metric.topK(0)).hasMessage("k must be at least 1, found 0");
    }

    @Test
    void ofEqualLogitsTheFirstCountsAsTheLarger() {
        Predictions p = predictions(new int[] {0, 1, 2}, row(1, 1, 0), row(1, 1, 0), row(1, 1, 1));
        assertThat(Metric.accuracy().of(p)).isEqualTo(1.0 / 3);
        assertThat(p.argmax(0)).isZero();
        assertThat(p.argmax(2)).isZero();
        assertThat(Metric.topK(2).of(p)).isEqualTo(2.0 / 3);
    }

    @Test
    void aRowWithANaNIsNeverRight() {
        Predictions p =
                predictions(new int[] {0, 0, 0, 0}, row(NAN, 1, 2), row(5, NAN, 2), row(5, 1, NAN), row(5, 1, 2));
        assertThat(Metric.accuracy().of(p)).isEqualTo(0.25);
        assertThat(p.argmax(1)).isEqualTo(-1);
        assertThat(Metric.macroF1().of(p)).isEqualTo(2.0 * 1 / (1 + 4) / 3);
    }

    @Test
    void rowsWithoutALabelDoNotCount() {
        Predictions p = predictions(new int[] {-1, 1, -1}, row(3, 1), row(0, 1), row(0, 1));
        assertThat(Metric.accuracy().of(p)).isOne();
        assertThat(Metric.topK(2).of(p)).isOne();
        assertThat(Metric.macroF1().of(p)).isEqualTo(0.5);
        Predictions none = predictions(new int[] {-1, -1}, row(3, 1), row(0, 1));
        assertThat(Metric.accuracy().of(none)).isNaN();
        assertThat(Metric.macroF1().of(none)).isNaN();
    }

    @Test
    void macroF1IsTheMeanOverClasses() {
        // Class 0: 2 of 3 found, 1 false positive: F1 = 4/6. Class 1: 1 of 2 found, 1 false positive: 2/4. Class 2:
        // none, 0.
        Predictions p = predictions(
                new int[] {0, 0, 0, 1, 1}, row(1, 0, 0), row(1, 0, 0), row(0, 1, 0), row(0, 1, 0), row(1, 0, 0));
        assertThat(Metric.macroF1().of(p)).isEqualTo((4.0 / 6 + 2.0 / 4 + 0) / 3, within(1e-12));
    }

    @Test
    void predictionsGiveRowsAndProbabilities() {
        Predictions p = predictions(new int[] {0, 1}, row(0, (float) Math.log(3)), row(1000, -1000));
        assertThat(p.size()).isEqualTo(2);
        assertThat(p.row(1)).containsExactly(1000, -1000);
        assertThat(p.probabilities(0)).containsExactly(new double[] {0.25, 0.75}, within(1e-7));
        assertThat(p.probabilities(1)).containsExactly(1, 0);
        Predictions broken = predictions(new int[] {0}, row(1, NAN));
        assertThat(broken.probabilities(0)).containsOnly(Double.NaN);
    }

    @Test
    void predictionsMustFillTheirRows() {
        assertThatThrownBy(() -> Predictions.ofLabels(new float[5], 2, new int[2]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("5 outputs do not fill 2 rows of 2");
    }
}
