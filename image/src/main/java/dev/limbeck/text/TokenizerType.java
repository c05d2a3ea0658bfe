package dev.limbeck.text;

import java.util.List;
import java.util.Map;

/**
 * Make tokenizers of other kinds than {@link HashedWords} and {@link WordPiece}, from the metadata that {@link Tokenizer#toMetadata} returned
 * or that a file's reader put together. Found by {@link TokenizerTypes}.
 */
public interface TokenizerType {
    /** Key of the metadata that has the kind. */
    String KIND = "tokenizer";

    /** Key of the metadata that has the content of {@code tokenizer.json}. */
    String JSON = "tokenizer_json";

    /** Key of the metadata that has the token which fills shorter texts of a batch. */
    String PAD = "pad_token";

    /** Key of the metadata that has the maximum number of ids of a text. */
    String MOST = TextPreprocessing.MOST_IDS;

    /** Return the kinds it makes: values of {@code model.type} in {@code tokenizer.json}, in lower case. */
    List<String> kinds();

    /**
     * Make a tokenizer.
     *
     * @param metadata values of the keys above
     * @throws dev.limbeck.LimbeckException if a value is damaged or not supported
     */
    Tokenizer of(Map<String, String> metadata);
}
