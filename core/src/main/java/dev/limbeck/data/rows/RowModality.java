package dev.limbeck.data.rows;

import dev.limbeck.Preprocessing;
import dev.limbeck.data.Modalities;
import dev.limbeck.data.Modality;
import dev.limbeck.tensor.InputSpec;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Know a kind of data that comes in rows with named columns. */
public interface RowModality extends Modality {
    /** Return the encoding of a preprocessing of this kind. */
    RowEncoding encoding(Preprocessing preprocessing);

    /** Return the encoding of a saved model's preprocessing; empty if its data does not come in rows. */
    static Optional<RowEncoding> ofSaved(Map<String, String> preprocessing) {
        return Modalities.ofSaved(preprocessing) instanceof RowModality kind
                ? Optional.of(kind.encoding(kind.preprocessing(preprocessing)))
                : Optional.empty();
    }

    @Override
    default List<InputSpec> inputs(Preprocessing preprocessing) {
        return encoding(preprocessing).inputs();
    }
}
