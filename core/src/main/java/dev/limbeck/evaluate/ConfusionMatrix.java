package dev.limbeck.evaluate;

import dev.limbeck.train.Predictions;

/**
 * Count predictions by label and predicted class.
 *
 * @param counts counts by label, then by predicted class; rows without a label are ignored
 */
public record ConfusionMatrix(int[][] counts) {
    public static ConfusionMatrix of(Predictions predictions) {
        int[][] counts = new int[predictions.width()][predictions.width()];
        for (int row = 0; row < predictions.size(); row++) {
            int label = predictions.labels()[row];
            int top = predictions.argmax(row);
            if (label >= 0 && top >= 0) counts[label][top]++;
        }
        return new ConfusionMatrix(counts);
    }

    /** Return the recall of a class, in [0, 1]; NaN if it has no rows. */
    public double recall(int label) {
        int rows = 0;
        for (int count : counts[label]) rows += count;
        return (double) counts[label][label] / rows;
    }
}
