package dev.limbeck.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.train.Predictions;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Compare agreement, calibration and confusion with values computed by hand or by simulation. */
class EvaluationReportTest {
    private static Predictions of(int[] labels, float[]... rows) {
        float[] logits = new float[rows.length * rows[0].length];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(rows[i], 0, logits, i * rows[0].length, rows[0].length);
        }
        return Predictions.ofLabels(logits, rows[0].length, labels);
    }

    private static float[] row(double... values) {
        float[] row = new float[values.length];
        for (int i = 0; i < row.length; i++) row[i] = (float) values[i];
        return row;
    }

    @Test
    void aModelAgreesWithItself() {
        Predictions model = of(new int[] {0, 1}, row(1, 2, 3), row(0, -1, 4));
        assertThat(Fidelity.of(model, model)).isEqualTo(new Fidelity(1, 1, 0, Double.NaN));
    }

    @Test
    void agreementAndDivergenceAreThoseWorkedOutByHand() {
        Predictions teacher = of(new int[] {-1, -1}, row(Math.log(3), 0), row(0, Math.log(3)));
        Predictions student = of(new int[] {-1, -1}, row(0, 0), row(Math.log(3), 0));
        Fidelity fidelity = Fidelity.of(teacher, student);
        assertThat(fidelity.top1()).as("of equal logits the first counts").isEqualTo(0.5);
        // (3/4, 1/4) against (1/2, 1/2), then (1/4, 3/4) against (3/4, 1/4)
        double first = 0.75 * Math.log(1.5) + 0.25 * Math.log(0.5);
        double second = 0.25 * Math.log(1.0 / 3) + 0.75 * Math.log(3);
        assertThat(fidelity.kl()).isCloseTo((first + second) / 2, within(1e-6));
        assertThatThrownBy(() -> Fidelity.of(teacher, of(new int[] {0}, row(1, 2))))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("expected predictions of the same rows and classes, found 2×2 and 1×2");
    }

    @Test
    void theTopFiveLookDeeper() {
        Predictions teacher = of(new int[] {-1, -1}, row(9, 0, 0, 0, 0, 0, 0), row(9, 0, 0, 0, 0, 0, 0));
        Predictions student = of(new int[] {-1, -1}, row(3, 7, 6, 5, 4, 0, 0), row(2, 7, 6, 5, 4, 3, 0));
        assertThat(Fidelity.of(teacher, student).top5()).isEqualTo(0.5);
    }

    @Test
    void calibrationIsTheGapBetweenConfidenceAndAccuracy() {
        // Four rows have a confidence of 3/4, and two of them are correct: |0.75 − 0.5|. One unlabeled row does not
        // count.
        float[] sure = row(Math.log(3), 0);
        Calibration calibration = Calibration.of(of(new int[] {0, 0, 1, 1, -1}, sure, sure, sure, sure, sure), 1);
        assertThat(calibration.error()).isCloseTo(0.25, within(1e-6));
        assertThat(calibration.bins()).hasSize(15);
        assertThat(calibration.bins().get(11).rows()).isEqualTo(4);
        assertThat(calibration.bins().get(11).accuracy()).isEqualTo(0.5);
    }

    @Test
    void temperatureScalingFindsTheTemperatureThatBlewTheLogitsUp() {
        Random random = new Random(4);
        int rows = 20_000;
        float[][] logits = new float[rows][];
        int[] labels = new int[rows];
        for (int i = 0; i < rows; i++) {
            double[] honest = {random.nextGaussian(), random.nextGaussian(), random.nextGaussian()};
            logits[i] = row(3 * honest[0], 3 * honest[1], 3 * honest[2]);
            labels[i] = draw(honest, random);
        }
        Predictions overconfident = of(labels, logits);
        double temperature = Calibration.temperature(overconfident);
        assertThat(temperature).isCloseTo(3, within(0.1));
        assertThat(Calibration.of(overconfident, 1).error()).isGreaterThan(0.2);
        assertThat(Calibration.of(overconfident, temperature).error()).isLessThan(0.02);
        assertThat(Calibration.temperature(of(new int[] {-1}, row(1, 0, 0))))
                .as("without labels")
                .isNaN();
    }

    private static int draw(double[] logits, Random random) {
        double sum = 0;
        for (double logit : logits) sum += Math.exp(logit);
        double left = random.nextDouble() * sum;
        int c = 0;
        while ((left -= Math.exp(logits[c])) > 0 && c < logits.length - 1) c++;
        return c;
    }

    @Test
    void theConfusionMatrixCountsByLabelThenPrediction() {
        ConfusionMatrix matrix =
                ConfusionMatrix.of(of(new int[] {0, 0, 1, -1}, row(1, 0), row(0, 1), row(0, 1), row(0, 1)));
        assertThat(matrix.counts()).isDeepEqualTo(new int[][] {{1, 1}, {0, 1}});
        assertThat(matrix.recall(0)).isEqualTo(0.5);
    }
}
