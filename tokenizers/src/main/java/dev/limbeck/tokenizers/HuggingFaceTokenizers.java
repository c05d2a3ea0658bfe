package dev.limbeck.tokenizers;

import dev.limbeck.text.Tokenizer;
import dev.limbeck.text.TokenizerType;
import java.util.List;
import java.util.Map;

/** Make BPE and Unigram tokenizers of {@code tokenizer.json}. */
public final class HuggingFaceTokenizers implements TokenizerType {
    @Override
    public List<String> kinds() {
        return TokenizerJson.KINDS;
    }

    @Override
    public Tokenizer of(Map<String, String> metadata) {
        return HuggingFaceTokenizer.of(metadata);
    }
}
