package dev.limbeck.text;

import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import dev.limbeck.Registry;
import java.util.List;
import java.util.Map;

/** Look up the kinds of tokenizers that jars on the class path bring. */
public final class TokenizerTypes {
    private static final Registry<TokenizerType> ALL = Registry.ofFamilies(
            "tokenizer",
            TokenizerType.class,
            TokenizerType::kinds,
            line -> System.getLogger(TokenizerTypes.class.getName()).log(System.Logger.Level.WARNING, line));

    private TokenizerTypes() {}

    /** Return all kinds. */
    public static List<String> kinds() {
        return ALL.names();
    }

    /** Return whether metadata contains a tokenizer of such a kind, known or not. */
    static boolean isIn(Map<String, String> metadata) {
        return metadata.containsKey(TokenizerType.JSON) && metadata.containsKey(TokenizerType.KIND);
    }

    /**
     * Make the tokenizer of metadata, which has its kind and {@link TokenizerType#JSON}.
     *
     * @throws LimbeckException if nothing on the class path makes the kind, or a value is damaged
     */
    public static Tokenizer of(Map<String, String> metadata) {
        String kind = metadata.getOrDefault(TokenizerType.KIND, "");
        return ALL.find(kind)
                .orElseThrow(() -> new LimbeckException("the tokenizer is of the kind '" + Printable.quote(kind)
                        + "', which nothing on the class path reads"
                        + (kinds().isEmpty()
                                ? "; add the artifact limbeck-tokenizers (bpe, unigram)"
                                : "; expected wordpiece, " + String.join(", ", kinds()))))
                .of(metadata);
    }
}
