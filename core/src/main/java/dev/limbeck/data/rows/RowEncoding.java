package dev.limbeck.data.rows;

import dev.limbeck.Preprocessing;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import java.util.List;

/** Make a network's inputs of rows. Thread-safe. */
public interface RowEncoding {
    /** Return what a saved model carries of it. */
    Preprocessing preprocessing();

    /** Return the names of the columns that it reads. */
    List<String> columns();

    /**
     * Return the same encoding for rows of data whose columns decide what is read. The default reads the same columns of any data.
     *
     * @param header columns of the data that are no labels
     * @throws dev.limbeck.LimbeckException if they do not tell
     */
    default RowEncoding forColumns(List<String> header) {
        return this;
    }

    /** Return the same encoding for a text of another column. The default is the same: it reads no single text. */
    default RowEncoding withText(String column) {
        return this;
    }

    /** Describe the inputs. */
    List<InputSpec> inputs();

    /**
     * Encode one row.
     *
     * @param cells in the order of {@link #columns}; an empty text for no value
     * @throws dev.limbeck.LimbeckException if a cell does not fit
     */
    Encoded encode(String... cells);

    /** Return lines about rows that lost something when they were encoded. The default is none. */
    default List<String> warnings(List<Encoded> rows) {
        return List.of();
    }

    /**
     * Return lines about cells that a model does not know, such as words that its training rows did not have. The default is none.
     *
     * @param rows cells in the order of {@link #columns}
     */
    default List<String> unknown(List<String[]> rows) {
        return List.of();
    }

    /** Join rows to a batch, in the caller's scope. */
    Inputs batch(List<Encoded> rows);

    /** Hold an encoded row: numbers, ids, or both. */
    record Encoded(float[] numbers, long[] ids) {}
}
