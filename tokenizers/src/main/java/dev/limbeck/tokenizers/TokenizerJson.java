package dev.limbeck.tokenizers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.zip.CRC32;

/**
 * Check the content of a {@code tokenizer.json} by a list of what is allowed, so that the native library gets nothing else: a panic there
 * would end the process. Two are equal if their contents are.
 */
final class TokenizerJson {
    /** The kinds of models, as metadata names them. */
    static final List<String> KINDS = List.of("bpe", "unigram");

    private static final int MOST_IDS = 1 << 21;
    private static final int MOST_MERGES = 1 << 22;
    private static final int MOST_ADDED = 1 << 14;
    private static final int LONGEST_TOKEN = 1000;
    private static final double LARGEST_SCORE = 1e6;
    private static final Set<String> PARTS = Set.of(
            "version",
            "truncation",
            "padding",
            "added_tokens",
            "normalizer",
            "pre_tokenizer",
            "post_processor",
            "decoder",
            "model");
    private static final Set<String> ADDED =
            Set.of("id", "content", "single_word", "lstrip", "rstrip", "normalized", "special");
    private static final Set<String> BPE = Set.of(
            "type",
            "dropout",
            "unk_token",
            "continuing_subword_prefix",
            "end_of_word_suffix",
            "fuse_unk",
            "byte_fallback",
            "ignore_merges",
            "vocab",
            "merges");
    private static final Set<String> UNIGRAM = Set.of("type", "unk_id", "vocab", "byte_fallback");

    private static final Pattern SUPPLEMENTARY = Pattern.compile("[\\x{10000}-\\x{10ffff}]");

    private final String kind;
    private final String content;
    private final String checksum;
    private final Map<String, Integer> ids = new HashMap<>();
    private final Marks marks;
    private int modelSize;
    private int size;

    private TokenizerJson(JsonNode root) {
        Json.onlyKeys("parts", root, PARTS);
        JsonNode model = root.path("model");
        kind = model.path("type").asText().toLowerCase(Locale.ROOT);
        switch (kind) {
            case "bpe" -> bpe(model);
            case "unigram" -> unigram(model);
            default -> throw Json.wrong("model.type", "BPE or Unigram", model.path("type"));
        }
        added(root.path("added_tokens"));
        Components.NORMALIZERS.check(root.path("normalizer"));
        Components.PRE_TOKENIZERS.check(root.path("pre_tokenizer"));
        marks = Marks.of(root.path("post_processor"), ids);
        // Cutting, padding and decoding are not for the library.
        ObjectNode kept = Json.MAPPER.createObjectNode();
        kept.put("version", "1.0");
        kept.set(
                "added_tokens",
                Json.isAbsent(root.path("added_tokens")) ? kept.arrayNode() : root.path("added_tokens"));
        for (String part : List.of("normalizer", "pre_tokenizer", "post_processor", "model")) {
            kept.set(part, Json.isAbsent(root.path(part)) ? kept.nullNode() : root.path(part));
        }
        String written = kept.toString();
        if (written.codePoints().anyMatch(c -> Character.getType(c) == Character.SURROGATE)) {
            throw new LimbeckException(
                    "the tokenizer must not have half characters (lone surrogates); copy or export it again");
        }
        // ONNX Runtime's Java library spoils such characters in metadata.
        content = SUPPLEMENTARY.matcher(written).replaceAll(TokenizerJson::escaped);
        CRC32 sum = new CRC32();
        sum.update(content.getBytes(StandardCharsets.UTF_8));
        checksum = Long.toHexString(sum.getValue());
    }

    /**
     * Check a file's content.
     *
     * @throws LimbeckException if it is damaged, or has something that is not known
     */
    static TokenizerJson of(String text) {
        return new TokenizerJson(Json.parse(text));
    }

    /** Return JSON's escapes of a character that takes two in Java. */
    private static String escaped(MatchResult character) {
        String pair = character.group();
        return "\\\\u%04x\\\\u%04x".formatted((int) pair.charAt(0), (int) pair.charAt(1));
    }

    private void bpe(JsonNode model) {
        Json.onlyKeys("model", model, BPE);
        JsonNode dropout = model.path("dropout");
        if (!Json.isAbsent(dropout) && !(dropout.isNumber() && dropout.asDouble() == 0)) {
            throw Json.wrong("model.dropout", "null, as ids would be random", dropout);
        }
        for (String key : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
            JsonNode mark = model.path(key);
            if (!Json.isAbsent(mark) && !mark.asText("x").isEmpty()) throw Json.wrong("model." + key, "empty", mark);
        }
        JsonNode vocabulary = model.path("vocab");
        if (!vocabulary.isObject() || vocabulary.isEmpty() || vocabulary.size() > MOST_IDS) {
            throw Json.wrong("model.vocab", "of 1 to " + MOST_IDS + " tokens", vocabulary);
        }
        Set<Integer> seen = new HashSet<>();
        vocabulary.properties().forEach(token -> {
            int id = Json.whole("the id of '" + token.getKey() + "'", token.getValue(), MOST_IDS);
            if (!seen.add(id)) throw Json.wrong("model.vocab", "with each id once", token.getValue());
            add(token.getKey(), id);
        });
        modelSize = vocabulary.size();
        JsonNode unknown = model.path("unk_token");
        if (!Json.isAbsent(unknown) && !ids.containsKey(unknown.asText())) {
            throw Json.wrong("model.unk_token", "in its vocabulary", unknown);
        }
        JsonNode merges = model.path("merges");
        if (!merges.isArray() || merges.size() > MOST_MERGES) {
            throw Json.wrong("model.merges", "of at most " + MOST_MERGES + " pairs", merges);
        }
        for (JsonNode merge : merges) {
            String[] pair = merge.isTextual()
                    ? merge.asText().split(" ", -1)
                    : new String[] {merge.path(0).asText(), merge.path(1).asText()};
            boolean known = pair.length == 2 && (merge.isTextual() || merge.size() == 2);
            if (!known || !ids.keySet().containsAll(List.of(pair[0], pair[1], pair[0] + pair[1]))) {
                throw Json.wrong("model.merges", "of pairs of tokens that make a token", merge);
            }
        }
    }

    private void unigram(JsonNode model) {
        Json.onlyKeys("model", model, UNIGRAM);
        JsonNode vocabulary = model.path("vocab");
        if (!vocabulary.isArray() || vocabulary.isEmpty() || vocabulary.size() > MOST_IDS) {
            throw Json.wrong("model.vocab", "of 1 to " + MOST_IDS + " tokens", vocabulary);
        }
        modelSize = vocabulary.size();
        Json.whole("model.unk_id", model.path("unk_id"), modelSize);
        int id = 0;
        for (JsonNode entry : vocabulary) {
            JsonNode score = entry.path(1);
            if (entry.size() != 2 || !score.isNumber() || !(Math.abs(score.asDouble()) <= LARGEST_SCORE)) {
                throw Json.wrong("model.vocab", "of pairs of a token and a score", entry);
            }
            add(Json.text("a token", entry.path(0), LONGEST_TOKEN), id++);
        }
    }

    private void add(String token, int id) {
        if (token.isEmpty() || token.length() > LONGEST_TOKEN) {
            throw new LimbeckException(
                    "the tokenizer must have tokens of 1 to " + LONGEST_TOKEN + " characters, found " + token.length());
        }
        if (ids.put(token, id) != null) {
            throw new LimbeckException("the tokenizer must have each token once, found '" + Printable.quote(token)
                    + "' again; copy or export it again");
        }
        size = Math.max(size, id + 1);
    }

    /** Check added tokens; the library numbers those that the model lacks anew, in their order. */
    private void added(JsonNode tokens) {
        if (Json.isAbsent(tokens)) return;
        if (!tokens.isArray() || tokens.size() > MOST_ADDED) {
            throw Json.wrong("added_tokens", "as a list of at most " + MOST_ADDED, tokens);
        }
        int next = modelSize;
        int largest = -1;
        Set<String> seen = new HashSet<>();
        for (JsonNode token : tokens) {
            Json.onlyKeys("added_tokens", token, ADDED);
            for (String key : ADDED) {
                JsonNode flag = token.path(key);
                if (!key.equals("id") && !key.equals("content") && !flag.isBoolean()) {
                    throw Json.wrong("added_tokens." + key, "true or false", flag);
                }
            }
            String content = Json.text("an added token", token.path("content"), LONGEST_TOKEN);
            int id = Json.whole("the id of an added token", token.path("id"), MOST_IDS);
            if (!seen.add(content)) throw Json.wrong("added_tokens", "with each token once", token);
            Integer known = ids.get(content);
            if (known == null) {
                next = Math.max(modelSize, largest + 1);
                if (id == next) add(content, id);
                else known = next;
            }
            if (known != null && known != id) {
                throw Json.wrong("added_tokens", "with the id " + known + " here", token);
            }
            largest = Math.max(largest, id);
        }
    }

    String kind() {
        return kind;
    }

    /** Return what saved models hold; it reads as the same. */
    String content() {
        return content;
    }

    /** Return what the library gets: marks are added in Java. */
    String forNative() {
        ObjectNode root = (ObjectNode) Json.parse(content);
        root.putNull("post_processor");
        return root.toString();
    }

    String checksum() {
        return checksum;
    }

    /** Return the ids of all tokens, read-only. */
    Map<String, Integer> ids() {
        return Collections.unmodifiableMap(ids);
    }

    /** Return the largest id and 1. */
    int size() {
        return size;
    }

    List<Integer> before() {
        return marks.before();
    }

    List<Integer> after() {
        return marks.after();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TokenizerJson json && json.content.equals(content);
    }

    @Override
    public int hashCode() {
        return content.hashCode();
    }
}
