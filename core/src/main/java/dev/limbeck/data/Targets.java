package dev.limbeck.data;

import dev.limbeck.Task;
import dev.limbeck.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Hold the targets of rows in host memory: a class index per row, or numbers per row. A row may have no target, or only
 * some of its numbers. Immutable; do not change the arrays.
 */
public final class Targets {
    private final int @Nullable [] labels;
    private final float[] values;
    private final int columns;

    private Targets(int @Nullable [] labels, float[] values, int columns) {
        this.labels = labels;
        this.values = values;
        this.columns = columns;
    }

    /** Hold class indices; −1 for a row without a label. */
    public static Targets labels(int... labels) {
        return new Targets(labels, new float[0], 1);
    }

    /**
     * Hold numbers, row-major.
     *
     * @param columns numbers per row, at least 1
     * @param values 0 or 1 for labels, standardized targets for regression, NaN where unknown
     */
    public static Targets values(int columns, float... values) {
        if (columns < 1 || values.length % columns != 0) {
            throw new IllegalArgumentException(values.length + " values do not fill rows of " + columns);
        }
        return new Targets(null, values, columns);
    }

    /** Return the number of rows. */
    public int size() {
        return labels != null ? labels.length : values.length / columns;
    }

    /** Return the numbers per row; 1 for class indices. */
    public int columns() {
        return columns;
    }

    /** Return whether these are class indices. */
    public boolean areLabels() {
        return labels != null;
    }

    /**
     * Return the class indices; −1 for a row without a label.
     *
     * @throws IllegalStateException if these are numbers
     */
    public int[] labels() {
        if (labels == null) throw new IllegalStateException("these targets are numbers, not class indices");
        return labels;
    }

    /** Return the class index of a row; −1 for none. */
    public int label(int row) {
        return labels()[row];
    }

    /** Return a number of a row; NaN if unknown. */
    public float value(int row, int column) {
        return values[row * columns + column];
    }

    /** Return whether a row has a target; for numbers, at least one of them. */
    public boolean isKnown(int row) {
        return knownTargets(row) > 0;
    }

    /** Return how many targets of a row are known: 0 or 1 for a class index, up to all of its numbers. */
    public int knownTargets(int row) {
        if (labels != null) return labels[row] >= 0 ? 1 : 0;
        return (int) IntStream.range(0, columns)
                .filter(column -> !Float.isNaN(value(row, column)))
                .count();
    }

    /** Return the number of rows with a target. */
    public int known() {
        return (int) IntStream.range(0, size()).filter(this::isKnown).count();
    }

    /** Return the targets of these rows, in this order. */
    public Targets rows(int... rows) {
        if (labels != null) {
            int[] all = labels;
            return labels(Arrays.stream(rows).map(row -> all[row]).toArray());
        }
        float[] some = new float[rows.length * columns];
        for (int i = 0; i < rows.length; i++) System.arraycopy(values, rows[i] * columns, some, i * columns, columns);
        return values(columns, some);
    }

    /** Create the tensor of all rows: int64 of shape N for class indices, float32 of shape N×columns for numbers. */
    public Tensor tensor() {
        if (labels == null) return Tensors.of(values, size(), columns);
        return Tensors.of(Arrays.stream(labels).asLongStream().toArray(), labels.length);
    }

    /** Describe the target of a row: the class, the labels that are present, or numbers in their units. */
    public String words(int row, Task task) {
        if (!isKnown(row)) return "no label";
        if (labels != null) return task.names().get(labels[row]);
        List<String> words = new ArrayList<>();
        for (int column = 0; column < columns; column++) {
            float value = value(row, column);
            String name = task.names().get(column);
            if (task instanceof Task.Regression regression) {
                double number = regression.value(column, value);
                String text = Float.isNaN(value) ? "?" : String.format(Locale.ROOT, "%.4g", number);
                words.add(columns == 1 ? text : name + " " + text);
            } else if (value >= 0.5) {
                words.add(name);
            }
        }
        return words.isEmpty() ? "none" : String.join(", ", words);
    }

    /**
     * Return the labels that no known row has, or that all have, and the targets of one value: metrics of these have no value.
     *
     * @return their names, each with what it lacks
     */
    public List<String> constant(Task task) {
        List<String> found = new ArrayList<>();
        for (int column = 0; labels == null && column < columns; column++) {
            Set<Float> different = new HashSet<>();
            for (int row = 0; row < size() && different.size() < 2; row++) {
                float value = value(row, column);
                if (!Float.isNaN(value)) different.add(value);
            }
            if (different.size() > 1) continue;
            boolean all = task.kind() == Task.Kind.MULTI_LABEL && different.contains(1f);
            String lack = task.kind() == Task.Kind.REGRESSION ? "one value of" : all ? "no row without" : "no row with";
            found.add(lack + " '" + task.names().get(column) + "'");
        }
        return found;
    }

    /** Return whether no row of a batch's target tensor is known. */
    public static boolean areUnknown(Tensor targets) {
        if (targets.dim() == 1) return Arrays.stream(Tensors.toLongs(targets)).allMatch(label -> label < 0);
        for (float value : Tensors.toFloats(targets)) if (!Float.isNaN(value)) return false;
        return true;
    }
}
