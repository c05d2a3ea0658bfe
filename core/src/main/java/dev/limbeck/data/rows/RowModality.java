package dev.limbeck.data.rows;

import dev.limbeck.LimbeckException;
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

    /**
     * Return the encoding of another model for rows. A text whose column they do not have is that of the own encoding, or the only column.
     *
     * @param header columns of the rows that are no labels
     * @param own columns that the rows' own encoding reads
     * @throws LimbeckException if the model is not of rows, or the columns do not tell
     */
    static RowEncoding encoding(Preprocessing other, List<String> header, List<String> own) {
        if (!(Modalities.byKind(other.kind()) instanceof RowModality modality)) {
            throw new LimbeckException(
                    "rows cannot be prepared as " + other.kind() + "; choose a model of text or tables");
        }
        RowEncoding theirs = modality.encoding(other).forColumns(header);
        List<String> texts = own.size() == 1 ? own : header;
        return header.containsAll(theirs.columns()) || texts.size() != 1 ? theirs : theirs.withText(texts.get(0));
    }

    @Override
    default List<InputSpec> inputs(Preprocessing preprocessing) {
        return encoding(preprocessing).inputs();
    }
}
