package dev.limbeck.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.text.TextPreprocessing;
import dev.limbeck.text.TokenizerTypes;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Test what a program without limbeck-tokenizers says, as this module's tests are. */
class MissingTokenizerTest {
    @Test
    void theKindAndTheArtifactAreNamed() {
        assertThat(TokenizerTypes.kinds()).isEmpty();
        Map<String, String> saved = Map.of("tokenizer", "bpe", "most_ids", "8", "tokenizer_json", "{}");
        assertThat(TextPreprocessing.isIn(saved)).isTrue();
        assertThatThrownBy(() -> TextPreprocessing.of("text").with(saved))
                .isInstanceOf(LimbeckException.class)
                .hasMessage(
                        "the tokenizer is of the kind 'bpe', which nothing on the class path reads; add the artifact "
                                + "limbeck-tokenizers (bpe, unigram)");
    }
}
