package dev.limbeck.train;

import dev.limbeck.Task;
import dev.limbeck.data.Targets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Hold the outputs of a model for the rows of a split, and the rows' targets.
 *
 * @param outputs rows×width values, row-major: logits, or standardized numbers for regression
 * @param width outputs per row
 * @param task the task of the targets
 * @param targets one row each
 */
public record Predictions(float[] outputs, int width, Task task, Targets targets) {
    public Predictions {
        if (outputs.length != targets.size() * width) {
            throw new IllegalArgumentException(
                    outputs.length + " outputs do not fill " + targets.size() + " rows of " + width);
        }
    }

    /** Hold the logits of a classifier whose classes have no names. */
    public static Predictions ofLabels(float[] logits, int classes, int... labels) {
        Task task = new Task.SingleLabel(Task.numbered(classes));
        return new Predictions(logits, classes, task, Targets.labels(labels));
    }

    public int size() {
        return targets.size();
    }

    /** Return the class indices; −1 for a row without a label. */
    public int[] labels() {
        return targets.labels();
    }

    /** Return the outputs of one row. */
    public float[] row(int row) {
        return Arrays.copyOfRange(outputs, row * width, (row + 1) * width);
    }

    /** Return an output. */
    public float output(int row, int column) {
        return outputs[row * width + column];
    }

    /** Return the number of rows with a NaN or infinite output. */
    public int rowsNotFinite() {
        int rows = 0;
        for (int at = 0; at < outputs.length; at += width) {
            boolean finite = true;
            for (int c = at; c < at + width; c++) finite &= Float.isFinite(outputs[c]);
            if (!finite) rows++;
        }
        return rows;
    }

    /** Return the index of the largest output. On a tie the lower index wins; −1 if the row contains a NaN. */
    public int argmax(int row) {
        int best = 0;
        for (int c = 0; c < width; c++) {
            float value = output(row, c);
            if (Float.isNaN(value)) return -1;
            if (value > output(row, best)) best = c;
        }
        return best;
    }

    /** Return the share of rows with the same largest output as another model's, in [0, 1]. */
    public double agreement(Predictions other) {
        return (double) IntStream.range(0, size())
                        .filter(row -> argmax(row) == other.argmax(row))
                        .count()
                / size();
    }

    /** Return the softmax probabilities of one row. */
    public double[] probabilities(int row) {
        return probabilities(row, 1);
    }

    /** Return the softmax probabilities of one row at a temperature above 0. */
    public double[] probabilities(int row, double temperature) {
        double[] values = new double[width];
        double largest = output(row, Math.max(0, argmax(row)));
        double sum = 0;
        for (int c = 0; c < width; c++) {
            sum += values[c] = Math.exp((output(row, c) - largest) / temperature);
        }
        for (int c = 0; c < width; c++) values[c] /= sum;
        return values;
    }

    /** Return what a user reads of one row: probabilities, or numbers in the targets' units. */
    public double[] decoded(int row) {
        return task.decode(
                IntStream.range(0, width).mapToDouble(c -> output(row, c)).toArray());
    }

    /**
     * Describe the prediction of one row: the class, the labels of a probability of at least 0.5, or numbers.
     *
     * @param named the task with the names to show, which files of earlier versions lack
     */
    public String words(int row, Task named) {
        if (task.kind() == Task.Kind.SINGLE_LABEL) {
            int top = argmax(row);
            return top < 0 ? "nothing" : named.names().get(top);
        }
        if (task.kind() == Task.Kind.EMBEDDING) return "an embedding";
        float[] predicted = row(row);
        if (task.kind() == Task.Kind.MULTI_LABEL) {
            for (int i = 0; i < predicted.length; i++) predicted[i] = predicted[i] >= 0 ? 1 : 0;
        }
        return Targets.values(predicted.length, predicted).words(0, named);
    }

    /** Return the known rows with the largest loss, worst first, at most {@code most}. */
    public List<Integer> worst(int most) {
        return IntStream.range(0, size())
                .filter(targets::isKnown)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer row) -> -loss(row)))
                .limit(most)
                .toList();
    }

    /** Return a number that rises with the loss of a row. */
    private double loss(int row) {
        if (targets.areLabels()) return -probabilities(row)[targets.label(row)];
        boolean numbers = task.kind() == Task.Kind.REGRESSION;
        double[] probabilities = decoded(row);
        double sum = 0;
        for (int column = 0; column < width; column++) {
            float target = targets.value(row, column);
            if (Float.isNaN(target)) continue;
            double output = numbers ? output(row, column) : probabilities[column];
            sum += (output - target) * (output - target);
        }
        return sum;
    }
}
