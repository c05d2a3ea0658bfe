package dev.limbeck.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.text.TextPreprocessing;
import dev.limbeck.text.Tokenizer;
import dev.limbeck.text.TokenizerType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Test that damaged and unknown files are refused in Java with one line. */
class TokenizerJsonTest {
    private static void refused(String kind, String json, String message) {
        assertThatThrownBy(() -> Resources.of(kind, json, 16))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }

    private static String changed(String kind, String from, String to) throws IOException {
        String text = Resources.text(kind + ".json");
        assertThat(text).contains(from);
        return text.replace(from, to);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '^',
            value = {
                "bpe     | {\"version\" | [\"version\" | is not JSON (",
                "bpe     | \"type\":\"BPE\" | \"type\":\"WordLevel\" | must have model.type BPE or Unigram, found \"WordLevel\"",
                "bpe     | \"dropout\":null | \"dropout\":0.1 | must have model.dropout null, as ids would be random, found 0.1",
                "bpe     | \"unk_token\":null | \"unk_token\":\"zz\" | must have model.unk_token in its vocabulary",
                "bpe     | \"continuing_subword_prefix\":null | \"continuing_subword_prefix\":\"##\" | must have model.continuing_subword_prefix empty",
                "bpe     | \"!\":5 | \"!\":6 | must have model.vocab with each id once",
                "bpe     | \"!\":5 | \"!\":-5 | must have the id of '!' from 0 to 2097151, found -5",
                "bpe     | \"!\":5 | \"!\":4294967296 | must have the id of '!' from 0 to 2097151",
                "bpe     | \"!\":5 | \"\":5 | must have tokens of 1 to 1000 characters, found 0",
                "bpe     | \"!\":5 | \"\\ud800\":5 | is not JSON (Broken surrogate",
                "bpe     | \"!\":5 | \"!\":5,\"!\":5 | is not JSON (Duplicate",
                "bpe     | \"merges\":[ | \"merges\":[[\"!\",\"qqq\"], | must have model.merges of pairs of tokens that make a token",
                "bpe     | \"merges\":[ | \"merges\":[\"! ! !\", | must have model.merges of pairs of tokens that make a token",
                "bpe     | \"type\":\"ByteLevel\",\"add_prefix_space\":false | \"type\":\"Delphi\",\"add_prefix_space\":false | must have pre_tokenizer.type as one of BertPreTokenizer, ByteLevel",
                "bpe     | \"use_regex\":true | \"use_regex\":3 | must have pre_tokenizer.use_regex true or false, found 3",
                "bpe     | \"use_regex\":true | \"novel\":true | must have pre_tokenizer without the key 'novel'",
                "bpe     | \"sep\":[\"</s>\",2] | \"sep\":[\"</s>\",9] | must have post_processor with tokens of the vocabulary and their ids",
                "bpe     | RobertaProcessing | OtherProcessing | must have post_processor.type ByteLevel, BertProcessing",
                "bpe     | {\"id\":4,\"content\":\"<mask>\" | {\"id\":5,\"content\":\"<mask>\" | must have added_tokens with the id 4 here",
                "bpe     | {\"id\":4,\"content\":\"<mask>\" | {\"id\":500,\"content\":\"<new>\" | must have added_tokens with the id 420 here",
                "unigram | \"unk_id\":3 | \"unk_id\":999 | must have model.unk_id from 0 to 179, found 999",
                "unigram | \"unk_id\":3 | \"unk_id\":null | must have model.unk_id from 0 to 179, found null",
                "unigram | [\"<unk>\",0.0] | [\"<unk>\",1e999] | of pairs of a token and a score",
                "unigram | {\"String\":\"``\"} | {\"String\":\"\\udc00\"} | must not have half characters",
                "unigram | [\"<unk>\",0.0] | [\"\",0.0] | must have a token as a text of 1 to 1000 characters",
                "unigram | \"Regex\":\" {2,}\" | \"Regex\":\"(a*)*b\" | one of the regular expressions",
                "unigram | \"content\":\" \" | \"content\":\"123456789\" | without replacements that lengthen texts",
                "unigram | \"replacement\":\"▁\" | \"replacement\":\"ab\" | must have pre_tokenizer.replacement as one character",
                "unigram | \"ids\":[2] | \"ids\":[777] | must have post_processor with ids of the vocabulary, found 777",
                "unigram | {\"type\":\"NFKD\"} | {\"type\":\"Precompiled\",\"precompiled_charsmap\":\"?\"} | in Base64"
            })
    void whatDoesNotFitIsOneLine(String kind, String from, String to, String message) throws IOException {
        refused(kind, changed(kind, from, to), message);
    }

    @Test
    void sequencesAreBounded() throws IOException {
        String step = "{\"type\":\"Lowercase\"},";
        refused("unigram", changed("unigram", "{\"type\":\"NFKD\"},", step.repeat(40)), "of at most 32 steps");
        String deep = "{\"type\":\"Sequence\",\"normalizers\":[".repeat(6) + "]}".repeat(6) + ",";
        refused("unigram", changed("unigram", "{\"type\":\"NFKD\"},", deep), "with a list of normalizers");
        refused("bpe", "{}", "must have model.type BPE or Unigram, found nothing");
        refused("bpe", "", "must be a JSON object");
        refused("bpe", "[".repeat(100), "is not JSON");
    }

    @Test
    void aTokenThatFillsRowsIsNeeded() throws IOException {
        refused(
                "bpe",
                changed("bpe", "<pad>", "<fill>"),
                "must have the token '<pad>' that fills shorter texts, found none among 420");
        String json = changed("bpe", "<pad>", "<fill>");
        Tokenizer named = TextPreprocessing.of("text")
                .with(Map.of("tokenizer", "bpe", "tokenizer_json", json, "most_ids", "8", "pad_token", "<fill>"))
                .tokenizer();
        assertThat(named.pad()).isEqualTo(1);
    }

    @Test
    void metadataAreChecked() throws IOException {
        String json = Resources.text("bpe.json");
        refused("unigram", json, "must be of the kind bpe, found 'unigram'");
        refused(
                "wordlevel",
                json,
                "kind 'wordlevel', which nothing on the class path reads; expected wordpiece, bpe, unigram");
        assertThatThrownBy(() -> Resources.of("bpe", json, 2))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("a text must have at least 3 ids, found a limit of 2; raise it (max_tokens, --max-tokens)");
        Map<String, String> bad =
                Map.of(TokenizerType.KIND, "bpe", TokenizerType.JSON, json, TokenizerType.MOST, "many");
        assertThatThrownBy(() -> TextPreprocessing.of("text").with(bad))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("most_ids must be a whole number, found 'many'");
    }

    /** A trie of one block: the root's child 'a' has a leaf whose value is the offset of its replacement. */
    private static byte[] map(int value, int nodes, String texts) {
        ByteBuffer map = ByteBuffer.allocate(4 + 4 * nodes + texts.getBytes(StandardCharsets.UTF_8).length)
                .order(ByteOrder.LITTLE_ENDIAN);
        map.putInt(4 * nodes);
        int[] units = new int[nodes];
        units[0] = 1 << 10; // the root's children start at 1
        units[1 ^ 'a'] = 2 << 10 | 1 << 8 | 'a'; // a leaf follows, at this node ^ 2
        units[1 ^ 'a' ^ 2] = 1 << 31 | value;
        for (int unit : units) map.putInt(unit);
        map.put(texts.getBytes(StandardCharsets.UTF_8));
        return map.array();
    }

    private static String precompiled(byte... map) throws IOException {
        return changed(
                "unigram",
                "{\"type\":\"NFKD\"}",
                "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\""
                        + Base64.getEncoder().encodeToString(map) + "\"}");
    }

    @Test
    void mapsOfCharactersAreWalkedBeforeTheyAreUsed() throws IOException {
        String json = precompiled(map(2, 256, "x\0c\0é\0"));
        Tokenizer mapped = Resources.of("unigram", json, 16);
        Tokenizer plain = Resources.tokenizer("unigram", 16);
        assertThat(mapped.encode("aard")).isEqualTo(plain.encode("ccrd")).isNotEqualTo(plain.encode("aard"));
        refused(
                "unigram",
                precompiled(map(99, 256, "x\0c\0")),
                "map of characters is damaged: a value beyond its texts");
        refused(
                "unigram",
                precompiled(map(5, 256, "x\0c\0é\0")),
                "map of characters is damaged: a value beyond its texts");
        refused("unigram", precompiled(map(0, 200, "x\0")), "map of characters is damaged: a node beyond its trie");
        refused("unigram", precompiled(map(0, 256, "x".repeat(100))), "a value beyond its texts");
        refused("unigram", precompiled((byte) 1, (byte) 2), "map of characters is damaged: its trie's length");
        refused("unigram", precompiled(map(0, 256, "")), "map of characters is damaged: its texts");
        byte[] far = map(0, 256, "x\0");
        far[4 + 3] = 1; // the root's children start beyond the block
        refused("unigram", precompiled(far), "map of characters is damaged: a node beyond its trie");
    }

    @Test
    void tokensMayBeAddedBehindTheVocabulary() throws IOException {
        ObjectNode root = (ObjectNode) Json.parse(Resources.text("bpe.json"));
        ObjectNode added = ((ObjectNode) root.path("added_tokens").path(4)).deepCopy();
        added.put("id", 420).put("content", "<new>");
        root.withArray("added_tokens").add(added);
        Tokenizer more = Resources.of("bpe", root.toString(), 16);
        assertThat(more.size()).isEqualTo(421);
        assertThat(more.encode("<new>")).containsExactly(0, 420, 2);
    }
}
