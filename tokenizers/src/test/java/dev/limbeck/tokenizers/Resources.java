package dev.limbeck.tokenizers;

import dev.limbeck.text.TextPreprocessing;
import dev.limbeck.text.Tokenizer;
import dev.limbeck.text.TokenizerType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;

/** Read the small tokenizers that Hugging Face's library trained on generated texts. */
final class Resources {
    private Resources() {}

    static String text(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(Resources.class.getResourceAsStream(name))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    static Tokenizer tokenizer(String kind, int most) throws IOException {
        return of(kind, text(kind + ".json"), most);
    }

    /** Make a tokenizer as saved models and files do: through the registry. */
    static Tokenizer of(String kind, String json, int most) {
        return TextPreprocessing.of("text")
                .with(Map.of(
                        TokenizerType.KIND, kind, TokenizerType.JSON, json, TokenizerType.MOST, String.valueOf(most)))
                .tokenizer();
    }
}
