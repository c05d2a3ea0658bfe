package dev.limbeck.tokenizers;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import java.util.Set;

/** Read values of JSON, and say in one line which is not as expected. */
final class Json {
    /** As for other tokenizers. */
    private static final int MOST_CHARACTERS = 1 << 26;

    private static final int DEEPEST = 32;
    private static final int LONGEST_SHOWN = 60;

    static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(DEEPEST)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private Json() {}

    static JsonNode parse(String text) {
        if (text.length() > MOST_CHARACTERS)
            throw new LimbeckException("the tokenizer is larger than 64 MiB; use a smaller one");
        try {
            JsonNode root = MAPPER.readTree(text);
            if (root.isObject()) return root;
        } catch (JsonProcessingException e) {
            throw new LimbeckException(
                    "the tokenizer is not JSON (" + Printable.quote(String.valueOf(e.getOriginalMessage()))
                            + "); copy or export it again",
                    e);
        }
        throw new LimbeckException("the tokenizer must be a JSON object; copy or export it again");
    }

    static LimbeckException wrong(String where, String expected, JsonNode found) {
        String text = found.isMissingNode() ? "nothing" : found.toString();
        String shown = text.length() > LONGEST_SHOWN ? text.substring(0, LONGEST_SHOWN) + "…" : text;
        return new LimbeckException("the tokenizer must have " + where + " " + expected + ", found "
                + Printable.quote(shown)
                + "; use a model with such a tokenizer, or export it as ONNX and use a function "
                + "as teacher");
    }

    static boolean isAbsent(JsonNode node) {
        return node.isMissingNode() || node.isNull();
    }

    static String text(String where, JsonNode node, int longest) {
        if (node.isTextual() && !node.asText().isEmpty() && node.asText().length() <= longest) return node.asText();
        throw wrong(Printable.quote(where), "as a text of 1 to " + longest + " characters", node);
    }

    static int whole(String where, JsonNode node, int bound) {
        if (node.isInt() && node.asInt() >= 0 && node.asInt() < bound) return node.asInt();
        throw wrong(Printable.quote(where), "from 0 to " + (bound - 1), node);
    }

    static void onlyKeys(String where, JsonNode node, Set<String> known) {
        if (!node.isObject()) throw wrong(where, "as an object", node);
        node.fieldNames().forEachRemaining(key -> {
            if (!known.contains(key)) throw wrong(where, "without the key '" + Printable.quote(key) + "'", node);
        });
    }
}
