package dev.limbeck.data.table;

import dev.limbeck.Preprocessing;
import dev.limbeck.data.rows.RowEncoding;
import dev.limbeck.data.rows.RowModality;
import dev.limbeck.table.TablePreprocessing;
import java.util.Map;

/** Read rows of tables: numbers into float32, words into ids. */
public final class TableModality implements RowModality {
    @Override
    public String kind() {
        return TablePreprocessing.KIND;
    }

    @Override
    public Preprocessing preprocessing(Map<String, String> saved) {
        return TablePreprocessing.of(saved);
    }

    @Override
    public RowEncoding encoding(Preprocessing preprocessing) {
        return new TableEncoding((TablePreprocessing) preprocessing);
    }
}
