package dev.limbeck.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class TextPreprocessingTest {
    private final TextPreprocessing text = TextPreprocessing.of("text");

    /** The ids are those of Python's zlib.crc32 over the same words, pairs and runs of letters. */
    @Test
    void idsAreHashesOfWordsPairsAndRuns() {
        assertThat(text.tokenizer().encode("Ça va, Anna?"))
                .containsExactly(
                        2796, 7490, 879, 16056, 689, 5400, 5896, 2315, 10818, 7369, 2694, 3837, 13952, 3762, 867, 927);
        assertThat(text.tokenizer().encode("")).containsExactly(11119);
        assertThat(text.tokenizer().encode("ÇA  VA,\nanna?"))
                .isEqualTo(text.tokenizer().encode("ça va, Anna?"));
    }

    /** Networks that read in order would take pairs and runs after the words for more text. */
    @Test
    void idsInOrderAreThoseOfTheWordsAlone() {
        Tokenizer words = HashedWords.defaults().ordered();
        assertThat(words.kind()).isEqualTo(Tokenizer.Kind.WORDS);
        assertThat(text.tokenizer().kind()).isEqualTo(Tokenizer.Kind.BAG);
        assertThat(words.encode("Ça va, Anna?")).containsExactly(2796, 7490, 879, 16056, 689);
        assertThat(words.encode("Anna, va ça?")).containsExactly(16056, 879, 7490, 2796, 689);
        assertThat(words.encode(" \n")).isEmpty();
        assertThat(words.withMost(2).encode("Ça va, Anna?")).containsExactly(2796, 7490);
    }

    @Test
    void longTextsAreCut() {
        TextPreprocessing few = new TextPreprocessing("text", new HashedWords(100, 7));
        assertThat(LongStream.of(few.tokenizer().encode("one two three four five six seven eight nine"))
                        .boxed())
                .hasSize(7)
                .allMatch(id -> id >= 1 && id <= 100);
    }

    @Test
    void metadataHoldsAllOfIt() {
        TextPreprocessing other = new TextPreprocessing("body", new HashedWords(512, 64));
        assertThat(text.with(other.toMetadata())).isEqualTo(other);
        TextPreprocessing inOrder = new TextPreprocessing("body", new HashedWords(512, 64).ordered());
        assertThat(text.with(inOrder.toMetadata())).isEqualTo(inOrder).isNotEqualTo(other);
        assertThat(inOrder.with(other.toMetadata())).isEqualTo(other);
        assertThat(inOrder.identity()).isNotEqualTo(other.identity());
        assertThat(text.with(Map.of())).isEqualTo(text);
        assertThatThrownBy(() -> text.with(Map.of("buckets", "many")))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("buckets must be a whole number, found 'many'; export it again");
        assertThatThrownBy(() -> text.with(Map.of("buckets", "9", "parts", "pairs")))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("parts must be words, found 'pairs'; export it again");
    }
}
