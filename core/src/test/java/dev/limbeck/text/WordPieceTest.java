package dev.limbeck.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Test the tokenizer with ids that Hugging Face's tokenizers give for the same vocabulary. */
class WordPieceTest {
    private static final List<String> WORDS = List.of(
            "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##aff", "##able", "cafe", "Café", ",", "你", "好", "i",
            "the", "##s");

    private static WordPiece uncased() {
        return new WordPiece(WORDS, WordPiece.Rules.uncased(), 16);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '^',
            value = {
                "unaffable          | 2 5 6 7 3",
                "UnAffable, the     | 2 5 6 7 10 14 3",
                "Café               | 2 8 3",
                "Cafés café         | 2 8 15 8 3",
                "你好                | 2 11 12 3",
                "unknown            | 2 1 3",
                "the [MASK] the     | 2 14 4 14 3",
                "the\u200bthe        | 2 1 3",
                "İ                  | 2 13 3",
                "^^                 | 2 3",
            })
    void splitsAsTheReferenceDoes(String text, String ids) {
        assertThat(uncased().encode(text))
                .containsExactly(List.of(ids.strip().split(" ")).stream()
                        .mapToLong(Long::parseLong)
                        .toArray());
    }

    @Test
    void casedModelsKeepAccents() {
        WordPiece cased = new WordPiece(WORDS, new WordPiece.Rules(false, false, true), 16);
        assertThat(cased.encode("Café café the")).containsExactly(2, 9, 1, 14, 3);
    }

    @Test
    void longTextsEndWithTheLastMark() {
        assertThat(uncased().withMost(4).encode("the the the the the")).containsExactly(2, 14, 14, 3);
        assertThat(uncased().withMost(2).encode("the")).containsExactly(2, 3);
        assertThat(uncased().encode("the ".repeat(100))).hasSize(16).endsWith(3);
        assertThat(uncased().encode("x".repeat(101))).containsExactly(2, 1, 3);
    }

    @Test
    void furtherMarksAreCutOutAsTheyAreWritten() {
        WordPiece marked = new WordPiece(WORDS, WordPiece.Rules.uncased(), 16, List.of("un", "[MASK]", "i"));
        assertThat(marked.encode("the unthe ithe")).containsExactly(2, 14, 5, 14, 13, 14, 3);
        assertThat(uncased().encode("the unthe ithe")).containsExactly(2, 14, 1, 1, 3);
        TextPreprocessing text = new TextPreprocessing("body", marked);
        assertThat(TextPreprocessing.of("text").with(text.toMetadata())).isEqualTo(text);
        assertThat(marked.identity()).isNotEqualTo(uncased().identity());
        assertThat(marked).isNotEqualTo(uncased());
        assertThat(marked.withMost(8).encode("unun")).containsExactly(2, 5, 5, 3);
        WordPiece own = new WordPiece(WORDS, WordPiece.Rules.uncased(), 16, List.of("[CLS]", "[MASK]"));
        assertThat(own).isEqualTo(uncased()).hasToString(uncased().identity());
        for (String none : List.of("zz", "")) {
            assertThatThrownBy(() -> new WordPiece(WORDS, WordPiece.Rules.uncased(), 16, List.of(none)))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("the vocabulary must have " + none + ", found none among 16 words");
        }
    }

    @Test
    void metadataHoldsAllOfIt() {
        TextPreprocessing text = new TextPreprocessing("body", uncased());
        TextPreprocessing again = TextPreprocessing.of("text").with(text.toMetadata());
        assertThat(again).isEqualTo(text).hasSameHashCodeAs(text);
        assertThat(again.tokenizer().encode("Cafés, unaffable"))
                .isEqualTo(uncased().encode("Cafés, unaffable"));
        assertThat(again.identity()).isEqualTo(text.identity()).doesNotContain("unaff\n");
        assertThat(uncased().withMost(8)).isNotEqualTo(uncased());
    }

    @Test
    void aVocabularyIsChecked() {
        WordPiece.Rules rules = WordPiece.Rules.uncased();
        assertThatThrownBy(() -> new WordPiece(List.of("[PAD]", "[UNK]", "[CLS]", "a"), rules, 8))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("the vocabulary must have [SEP], found none among 4 words");
        assertThatThrownBy(() -> new WordPiece(List.of("a", "a"), rules, 8)).hasMessageContaining("found 'a' twice");
        assertThatThrownBy(() -> TextPreprocessing.of("t").with(Map.of("tokenizer", "wordpiece")))
                .isInstanceOf(LimbeckException.class);
    }
}
