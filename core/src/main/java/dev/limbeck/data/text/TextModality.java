package dev.limbeck.data.text;

import dev.limbeck.Preprocessing;
import dev.limbeck.data.rows.RowEncoding;
import dev.limbeck.data.rows.RowModality;
import dev.limbeck.data.rows.RowTable;
import dev.limbeck.text.TextPreprocessing;
import java.util.Map;

/** Read texts into ids of int64, N×length. */
public final class TextModality implements RowModality {
    @Override
    public String kind() {
        return TextPreprocessing.KIND;
    }

    @Override
    public Preprocessing preprocessing(Map<String, String> saved) {
        return TextPreprocessing.of(RowTable.TEXT).with(saved);
    }

    @Override
    public RowEncoding encoding(Preprocessing preprocessing) {
        return new TextEncoding((TextPreprocessing) preprocessing);
    }
}
