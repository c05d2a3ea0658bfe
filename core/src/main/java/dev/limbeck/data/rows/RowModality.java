package dev.limbeck.data.rows;

import dev.limbeck.Preprocessing;
import dev.limbeck.data.Modality;
import dev.limbeck.tensor.InputSpec;
import java.util.List;

/** Know a kind of data that comes in rows with named columns. */
public interface RowModality extends Modality {
    /** Return the encoding of a preprocessing of this kind. */
    RowEncoding encoding(Preprocessing preprocessing);

    @Override
    default List<InputSpec> inputs(Preprocessing preprocessing) {
        return encoding(preprocessing).inputs();
    }
}
