package dev.limbeck.text;

import java.util.Map;

/** Convert texts to the ids of their parts. Instances are immutable and thread-safe; two are equal if they produce the same ids. */
public interface Tokenizer {
    /** Return the ids of a text, at most {@link #most}. */
    long[] encode(String text);

    /** Tell what ids stand for. */
    enum Kind {
        /** Parts of the text without order. */
        BAG,
        /** Whole words in the order of the text. */
        WORDS,
        /** Parts of words in the order of the text, with marks of a model. */
        TOKENS
    }

    /** Return what the ids stand for. */
    Kind kind();

    /** Return the maximum number of ids of a text; later ones are left out. */
    int most();

    /** Return a copy with another maximum. */
    Tokenizer withMost(int most);

    /** Return the number of different ids, including {@link #pad}; all are below it. */
    int size();

    /** Return the id that fills shorter texts of a batch. */
    long pad();

    /** Return the metadata entries for a saved model, keys in a fixed order; {@link TextPreprocessing} reads them again. */
    Map<String, String> toMetadata();

    /** Return one line that identifies the ids of all texts. */
    String identity();
}
