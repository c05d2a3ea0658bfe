package dev.limbeck.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.text.TextPreprocessing;
import dev.limbeck.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Test what is read of a tokenizer's files besides its words. */
class TokenizerFilesTest {
    private static final String WORDS =
            "[PAD]\n[unused0]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\ncard\nun\n[\n]\n##used\n##0\n";
    private static final String JSON = """
            {"truncation": {"direction": "Right", "max_length": 24},
             "added_tokens": [
               {"id": 0, "content": "[PAD]", "special": true, "normalized": false, "single_word": false},
               {"id": 1, "content": "[unused0]", "special": true, "normalized": false, "single_word": false},
               {"id": 3, "content": "[CLS]", "special": true, "normalized": false, "single_word": false}],
             "normalizer": {"type": "BertNormalizer"},
             "pre_tokenizer": {"type": "BertPreTokenizer"},
             "post_processor": {"type": "TemplateProcessing",
               "single": [{"SpecialToken": {"id": "[CLS]"}}, {"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "[SEP]"}}],
               "special_tokens": {"[CLS]": {"ids": [3]}, "[SEP]": {"ids": [4]}}},
             "model": {"type": "WordPiece", "vocab": {"[PAD]": 0, "[unused0]": 1, "[UNK]": 2, "[CLS]": 3, "[SEP]": 4,
               "[MASK]": 5, "the": 6, "card": 7, "un": 8, "[": 9, "]": 10, "##used": 11, "##0": 12}}}
            """;

    @TempDir
    Path home;

    private Tokenizer words(String config) throws IOException {
        Files.writeString(home.resolve("vocab.txt"), WORDS);
        Files.writeString(home.resolve("tokenizer_config.json"), config);
        return TokenizerFiles.read(home);
    }

    private Tokenizer json(String from, String to) throws IOException {
        assertThat(JSON).contains(from);
        Files.writeString(home.resolve("tokenizer.json"), JSON.replace(from, to));
        return TokenizerFiles.read(home);
    }

    /** What transformers writes for no limit does not fit into a long. */
    @ParameterizedTest
    @CsvSource({
        "1000000000000000019884624838656, 512",
        "1e30, 512",
        "null, 512",
        "0, 512",
        "-1, 512",
        "24, 24",
        "4096, 512"
    })
    void aLimitOfTokensIsOneThatCanBe(String said, int most) throws IOException {
        assertThat(words("{\"model_max_length\": " + said + "}").most()).isEqualTo(most);
        assertThat(json("\"max_length\": 24", "\"max_length\": " + said).most()).isEqualTo(most);
    }

    @Test
    void theStartOfATextIsNotCut() throws IOException {
        assertThatThrownBy(() -> words("{\"truncation_side\": \"left\"}"))
                .isInstanceOf(LimbeckException.class)
                .hasMessage(home.resolve("vocab.txt")
                        + ": must cut long texts at their end (truncation right), found 'left'; set it to right if texts fit, "
                        + "or export the model as ONNX and use a function as teacher");
        Files.delete(home.resolve("tokenizer_config.json"));
        assertThatThrownBy(() -> json("\"Right\"", "\"Left\""))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("found 'Left'");
        Files.writeString(home.resolve("tokenizer_config.json"), "{\"truncation_side\": \"right\"}");
        assertThat(json("\"Right\"", "\"Left\"").most())
                .as("the configuration decides")
                .isEqualTo(24);
    }

    /** The ids of Hugging Face's tokenizers 0.23.2 for this file. */
    @Test
    void addedTokensAreCutOut() throws IOException {
        Tokenizer marks = json("24", "24");
        assertThat(marks.encode("the[unused0]card [UNUSED0]")).containsExactly(3, 6, 1, 7, 9, 8, 11, 12, 10, 4);
        Tokenizer again = TextPreprocessing.of("text").with(marks.toMetadata()).tokenizer();
        assertThat(again).isEqualTo(marks);
        assertThat(again.withMost(8).encode("[unused0]")).containsExactly(3, 1, 4);
        Tokenizer plain = json("{\"id\": 1, \"content\": \"[unused0]\"", "{\"id\": 5, \"content\": \"[MASK]\"");
        assertThat(plain).isNotEqualTo(marks);
        assertThat(plain.identity()).isNotEqualTo(marks.identity());
        assertThat(plain.toMetadata()).doesNotContainKey("marks");
        assertThat(plain.encode("[unused0]")).containsExactly(3, 9, 8, 11, 12, 10, 4);
        assertThatThrownBy(() -> json(
                        "\"[unused0]\", \"special\": true, \"normalized\": false",
                        "\"[unused0]\", \"special\": false, \"normalized\": true"))
                .isInstanceOf(LimbeckException.class)
                .hasMessageEndingWith("cuts out the token '[unused0]' of normalized texts or of whole words; set its "
                        + "normalized and single_word to false");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"SpecialToken\": {\"id\": \"[SEP]\"}}] | \"SpecialToken\": {\"id\": \"[CLS]\"}}]",
                "\"[CLS]\": {\"ids\": [3]} | \"[CLS]\": {\"ids\": [4]}",
                "\"Sequence\": {\"id\": \"A\"} | \"Sequence\": {\"id\": \"B\"}",
                "[{\"SpecialToken\": {\"id\": \"[CLS]\"}},  | [",
                "\"TemplateProcessing\" | \"ByteLevel\"",
                "\"post_processor\" | \"other\""
            })
    void otherMarksAroundATextAreRefused(String change) {
        String[] parts = change.split(" [|] ");
        assertThatThrownBy(() -> json(parts[0], parts[1]))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining(" must have post_processor [CLS] A [SEP] as BERT's tokenizers do, found '")
                .hasMessageNotContaining("\n");
    }

    @Test
    void bothFormsOfMarksAreRead() throws IOException {
        String processor =
                JSON.substring(JSON.indexOf("{\"type\": \"TemplateProcessing\""), JSON.indexOf(",\n \"model\""));
        Tokenizer bert =
                json(processor, "{\"type\": \"BertProcessing\", \"sep\": [\"[SEP]\", 4], \"cls\": [\"[CLS]\", 3]}");
        assertThat(bert.encode("the card")).containsExactly(3, 6, 7, 4);
    }
}
