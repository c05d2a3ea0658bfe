package dev.limbeck.data;

import dev.limbeck.Task;
import java.util.List;

/** List rows of any kind of data with their targets and splits. Methods must be thread-safe. */
public interface RowSource {
    /** Return the class names in label order, or the names of the targets; empty if no row has a label. */
    List<String> classNames();

    /** Return what is to be predicted. The default is one class per row. */
    default Task task() {
        return new Task.SingleLabel(classNames());
    }

    /** Return the number of rows over all splits. */
    int size();

    /** Return the class index of a row; −1 for no label. For other tasks, 0 for a row with {@link #values}. */
    int label(int index);

    /**
     * Return the numbers of a row, one per target, for tasks other than single-label classification: 0 or 1 for
     * labels, numbers in their own unit for regression, NaN where unknown.
     */
    default double[] values(int index) {
        throw new IllegalStateException(origin() + " has class labels, not numbers");
    }

    /** Return a name for messages and labels; for files, the path relative to the folder, with slashes. */
    String name(int index);

    /** Return the predefined split of a row. */
    default Split split(int index) {
        return Split.TRAIN;
    }

    /** Return a cheap number that changes with the row, such as a checksum or a file size. */
    long signature(int index);

    /** Return the source of the rows, such as {@code folder /data/pets}. */
    String origin();

    /** Return the English word for a row, such as {@code image}. */
    default String noun() {
        return "row";
    }
}
