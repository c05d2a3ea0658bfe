package dev.limbeck.evaluate;

import dev.limbeck.train.Predictions;

/**
 * Count how often each class was taken for each.
 *
 * @param counts by label, then by predicted class; rows without a label do not count
 */
public record ConfusionMatrix(int[][] counts) {
    public static ConfusionMatrix of(Predictions predictions) {
        int[][] counts = new int[predictions.classes()][predictions.classes()];
        for (int row = 0; row < predictions.size(); row++) {
            int label = predictions.labels()[row];
            int top = predictions.argmax(row);
            if (label >= 0 && top >= 0) counts[label][top]++;
        }
        return new ConfusionMatrix(counts);
    }

    /** Return the share of a class's rows that were recognized; NaN if it has none. */
    public double recall(int label) {
        int rows = 0;
        for (int count : counts[label]) rows += count;
        return (double) counts[label][label] / rows;
    }
}
