package dev.limbeck.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.limbeck.text.TextPreprocessing;
import dev.limbeck.text.Tokenizer;
import java.io.IOException;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compare ids of hard texts with those of Python's tokenizers 0.23.2: emoji, marks, scripts, control characters, long words. */
class GoldenTest {
    @ParameterizedTest
    @ValueSource(strings = {"bpe", "unigram"})
    void idsAreThoseOfPython(String kind) throws IOException {
        JsonNode golden = Json.MAPPER.readTree(Resources.text("golden.json"));
        Tokenizer tokenizer = Resources.tokenizer(kind, 10_000);
        JsonNode texts = golden.path("texts");
        assertThat(texts).hasSizeGreaterThan(60);
        IntStream.range(0, texts.size()).forEach(i -> {
            String text = texts.path(i).asText();
            assertThat(tokenizer.encode(text))
                    .as(text)
                    .containsExactly(
                            Arrays.stream(golden.path(kind).path(i).asText().split(" "))
                                    .mapToLong(Long::parseLong)
                                    .toArray());
        });
    }

    /** Training and serving read the same metadata. */
    @ParameterizedTest
    @ValueSource(strings = {"bpe", "unigram"})
    void metadataHoldAllOfIt(String kind) throws IOException {
        TextPreprocessing text = new TextPreprocessing("body", Resources.tokenizer(kind, 16));
        TextPreprocessing again = TextPreprocessing.of("text").with(text.toMetadata());
        assertThat(again).isEqualTo(text).hasSameHashCodeAs(text);
        assertThat(again.identity()).isEqualTo(text.identity()).hasSizeLessThan(200);
        assertThat(again.toMetadata()).isEqualTo(text.toMetadata());
        // ONNX Runtime's Java library spoils characters beyond 16 bits.
        assertThat(text.toMetadata().get("tokenizer_json").codePoints()).allMatch(Character::isBmpCodePoint);
        for (JsonNode each : Json.MAPPER.readTree(Resources.text("golden.json")).path("texts")) {
            assertThat(again.tokenizer().encode(each.asText()))
                    .isEqualTo(text.tokenizer().encode(each.asText()));
        }
        assertThat(text.tokenizer().withMost(8)).isNotEqualTo(text.tokenizer());
    }

    /** Expected from enable_truncation(4) and (3) of Python's. */
    @Test
    void longTextsEndWithTheLastMark() throws IOException {
        Tokenizer bpe = Resources.tokenizer("bpe", 10_000);
        long[] all = bpe.encode("Where is my card?");
        assertThat(all).startsWith(0, 270, 291).endsWith(35, 2);
        assertThat(bpe.withMost(4).encode("Where is my card?")).containsExactly(0, 270, 291, 2);
        assertThat(bpe.withMost(3).encode("Where is my card?")).containsExactly(0, 270, 2);
        assertThat(bpe.withMost(all.length).encode("Where is my card?")).isEqualTo(all);
        assertThat(bpe.withMost(4).encode("")).containsExactly(0, 2);
    }

    @Test
    void halfACharacterSpoilsNothingElse() throws IOException {
        Tokenizer bpe = Resources.tokenizer("bpe", 10_000);
        assertThat(bpe.encode("café \ud800 😀")).isEqualTo(bpe.encode("café \ufffd 😀"));
        assertThat(bpe.encode("\udc00")).isEqualTo(bpe.encode("\ufffd"));
    }

    @Test
    void aTokenizerTellsWhatItIs() throws IOException {
        Tokenizer unigram = Resources.tokenizer("unigram", 12);
        assertThat(unigram.kind()).isEqualTo(Tokenizer.Kind.TOKENS);
        assertThat(unigram.size()).isEqualTo(180);
        assertThat(unigram.pad()).isEqualTo(1);
        assertThat(unigram.most()).isEqualTo(12);
        assertThat(unigram.identity()).startsWith("unigram most=12 vocabulary of 180 tokens, CRC32 ");
    }
}
