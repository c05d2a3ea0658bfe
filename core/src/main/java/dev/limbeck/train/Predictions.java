package dev.limbeck.train;

import java.util.Arrays;

/**
 * Hold the logits and labels of a split, row-major.
 *
 * @param logits rows×classes values
 * @param classes number of classes
 * @param labels one per row; −1 for a row without a label
 */
public record Predictions(float[] logits, int classes, int[] labels) {
    public Predictions {
        if (logits.length != labels.length * classes) {
            throw new IllegalArgumentException(
                    logits.length + " logits do not fill " + labels.length + " rows of " + classes + " classes");
        }
    }

    public int size() {
        return labels.length;
    }

    /** Return the logits of one row. */
    public float[] row(int row) {
        return Arrays.copyOfRange(logits, row * classes, (row + 1) * classes);
    }

    /** Return the number of rows with a NaN or infinite logit. */
    public int rowsNotFinite() {
        int rows = 0;
        for (int at = 0; at < logits.length; at += classes) {
            boolean finite = true;
            for (int c = at; c < at + classes; c++) finite &= Float.isFinite(logits[c]);
            if (!finite) rows++;
        }
        return rows;
    }

    /** Return the class with the largest logit. On a tie the lower index wins; −1 if the row contains a NaN. */
    public int argmax(int row) {
        int best = 0;
        for (int c = 0; c < classes; c++) {
            float value = logits[row * classes + c];
            if (Float.isNaN(value)) return -1;
            if (value > logits[row * classes + best]) best = c;
        }
        return best;
    }

    /** Return the softmax probabilities of one row. */
    public double[] probabilities(int row) {
        return probabilities(row, 1);
    }

    /** Return the softmax probabilities of one row at a temperature above 0. */
    public double[] probabilities(int row, double temperature) {
        double[] values = new double[classes];
        double largest = logits[row * classes + Math.max(0, argmax(row))];
        double sum = 0;
        for (int c = 0; c < classes; c++) {
            sum += values[c] = Math.exp((logits[row * classes + c] - largest) / temperature);
        }
        for (int c = 0; c < classes; c++) values[c] /= sum;
        return values;
    }
}
