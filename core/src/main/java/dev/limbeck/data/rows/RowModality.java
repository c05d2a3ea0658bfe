package dev.limbeck.data.rows;

import dev.limbeck.Preprocessing;
import dev.limbeck.data.Modality;
import dev.limbeck.tensor.InputSpec;
import java.util.List;

/** Know a kind of data that comes in rows with named columns. */
public interface RowModality extends Modality {
    /** Return the encoding of a preprocessing of this kind. */
    RowEncoding encoding(Preprocessing preprocessing);

    /**
     * Return the encoding for rows of data.
     *
     * @param header columns of the data that are no labels. The default has no use for them
     * @throws dev.limbeck.LimbeckException if the data lacks a column
     */
    default RowEncoding encoding(Preprocessing preprocessing, List<String> header) {
        return encoding(preprocessing);
    }

    @Override
    default List<InputSpec> inputs(Preprocessing preprocessing) {
        return encoding(preprocessing).inputs();
    }
}
