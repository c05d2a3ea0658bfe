package dev.limbeck.text;

import dev.limbeck.LimbeckException;
import dev.limbeck.Preprocessing;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Prepare texts as the ids of a tokenizer.
 *
 * @param column the column of the text in tables
 */
public record TextPreprocessing(String column, Tokenizer tokenizer) implements Preprocessing {
    /** The kind of data. */
    public static final String KIND = "text";

    static final String MOST_IDS = "most_ids";
    private static final String COLUMN = "text_column";

    /** Return the preprocessing of a column with hashed words. */
    public static TextPreprocessing of(String column) {
        return new TextPreprocessing(column, HashedWords.defaults());
    }

    /** Return whether metadata contains such a preprocessing. */
    public static boolean isIn(Map<String, String> metadata) {
        return metadata.containsKey(HashedWords.SIZE) || WordPiece.isIn(metadata) || TokenizerTypes.isIn(metadata);
    }

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public Map<String, String> toMetadata() {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(COLUMN, column);
        metadata.putAll(tokenizer.toMetadata());
        return metadata;
    }

    @Override
    public TextPreprocessing with(Map<String, String> said) {
        String named = said.getOrDefault(COLUMN, column);
        if (WordPiece.isIn(said)) return new TextPreprocessing(named, WordPiece.of(said));
        if (TokenizerTypes.isIn(said)) return new TextPreprocessing(named, TokenizerTypes.of(said));
        if (!said.containsKey(HashedWords.SIZE)) return new TextPreprocessing(named, tokenizer);
        return new TextPreprocessing(named, HashedWords.of(said));
    }

    static int number(Map<String, String> said, String key, int other) {
        try {
            return said.containsKey(key) ? Integer.parseInt(said.get(key)) : other;
        } catch (NumberFormatException e) {
            throw new LimbeckException(
                    key + " must be a whole number, found '" + said.get(key) + "'; export it again", e);
        }
    }

    @Override
    public String describe() {
        return "texts of '" + column + "', " + tokenizer.identity();
    }

    @Override
    public String identity() {
        return KIND + " " + COLUMN + "=" + column + " " + tokenizer.identity();
    }
}
