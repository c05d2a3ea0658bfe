package dev.limbeck.data.rows;

import dev.limbeck.data.Draws;

/** Change the cells of training rows, differently in each epoch. Thread-safe. */
@FunctionalInterface
public interface RowAugmentation {
    /**
     * Change a row.
     *
     * @param draws of this epoch and row
     * @param cells in the order of {@link RowEncoding#columns}; they are not modified
     */
    String[] change(Draws draws, String... cells);
}
