package dev.limbeck.tokenizers;

import com.fasterxml.jackson.databind.JsonNode;
import dev.limbeck.Printable;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;

/** List the normalizers and pre-tokenizers that are allowed, with their settings. */
final class Components {
    private static final String TYPE = "type";
    private static final String SEQUENCE = "Sequence";
    private static final String PATTERN = "pattern";
    private static final int MOST = 32;
    private static final int DEEPEST = 4;
    private static final int LONGEST = 16;
    private static final int LONGEST_MAP = 1 << 24;
    /** How many times longer a text may become by replacements. */
    private static final int MOST_GROWTH = 8;
    /** Regular expressions of transformers' own converters; a hostile one would take forever. */
    private static final Set<String> EXPRESSIONS = Set.of(" {2,}", "\\s+");

    private static final Set<String> BEHAVIORS =
            Set.of("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous");

    private static final BiConsumer<String, JsonNode> FLAG = (where, node) -> {
        if (!node.isBoolean()) throw Json.wrong(where, "true or false", node);
    };
    private static final BiConsumer<String, JsonNode> OPTIONAL_FLAG = (where, node) -> {
        if (!node.isNull()) FLAG.accept(where, node);
    };
    private static final BiConsumer<String, JsonNode> SHORT = (where, node) -> Json.text(where, node, LONGEST);
    private static final BiConsumer<String, JsonNode> CHARACTER = (where, node) -> {
        String text = Json.text(where, node, 2);
        if (text.codePointCount(0, text.length()) != 1) throw Json.wrong(where, "as one character", node);
    };
    private static final BiConsumer<String, JsonNode> CONTENT = (where, node) -> {
        boolean fits = node.isTextual() && node.asText().length() <= LONGEST;
        if (!fits) throw Json.wrong(where, "as a text of at most " + LONGEST + " characters", node);
    };

    static final Components NORMALIZERS = new Components("normalizer", "normalizers")
            .allow(
                    "BertNormalizer",
                    Map.of(
                            "clean_text", FLAG,
                            "handle_chinese_chars", FLAG,
                            "strip_accents", OPTIONAL_FLAG,
                            "lowercase", FLAG))
            .allow("Strip", Map.of("strip_left", FLAG, "strip_right", FLAG))
            .allow("StripAccents", Map.of())
            .allow("NFC", Map.of())
            .allow("NFD", Map.of())
            .allow("NFKC", Map.of())
            .allow("NFKD", Map.of())
            .allow("Lowercase", Map.of())
            .allow("Nmt", Map.of())
            .allow("Prepend", Map.of("prepend", SHORT))
            .allow("Replace", Map.of(PATTERN, Components::pattern, "content", CONTENT))
            .allow("Precompiled", Map.of("precompiled_charsmap", Components::map));

    static final Components PRE_TOKENIZERS = new Components("pre_tokenizer", "pretokenizers")
            .allow("ByteLevel", Map.of("add_prefix_space", FLAG, "trim_offsets", FLAG, "use_regex", FLAG))
            .allow(
                    "Metaspace",
                    Map.of(
                            "replacement", CHARACTER,
                            "str_rep", CHARACTER,
                            "add_prefix_space", FLAG,
                            "prepend_scheme", oneOf(Set.of("always", "never", "first")),
                            "split", FLAG))
            .allow("BertPreTokenizer", Map.of())
            .allow("Whitespace", Map.of())
            .allow("WhitespaceSplit", Map.of())
            .allow("Digits", Map.of("individual_digits", FLAG))
            .allow("Punctuation", Map.of("behavior", oneOf(BEHAVIORS)))
            .allow("Split", Map.of(PATTERN, Components::pattern, "behavior", oneOf(BEHAVIORS), "invert", FLAG));

    private final String where;
    private final String members;
    private final Map<String, Map<String, BiConsumer<String, JsonNode>>> allowed = new HashMap<>();

    private Components(String where, String members) {
        this.where = where;
        this.members = members;
    }

    private Components allow(String type, Map<String, BiConsumer<String, JsonNode>> settings) {
        allowed.put(type, settings);
        return this;
    }

    private static BiConsumer<String, JsonNode> oneOf(Set<String> words) {
        return (where, node) -> {
            if (!words.contains(node.asText())) {
                throw Json.wrong(where, words.stream().sorted().collect(Collectors.joining(", ")), node);
            }
        };
    }

    private static void pattern(String where, JsonNode node) {
        Json.onlyKeys(where, node, Set.of("String", "Regex"));
        if (node.size() != 1) throw Json.wrong(where, "as a text or a regular expression", node);
        if (node.has("String")) Json.text(where, node.path("String"), LONGEST);
        else if (!EXPRESSIONS.contains(node.path("Regex").asText())) {
            throw Json.wrong(where, "as a text, or one of the regular expressions ' {2,}' and '\\s+'", node);
        }
    }

    private static void map(String where, JsonNode node) {
        if (node.isNull()) return;
        String text = Json.text(where, node, LONGEST_MAP);
        try {
            CharsMap.check(Base64.getDecoder().decode(text));
        } catch (IllegalArgumentException e) {
            throw Json.wrong(where, "in Base64", node);
        }
    }

    /** Check a component, or a sequence of some. */
    void check(JsonNode node) {
        if (Json.isAbsent(node)) return;
        int[] budget = {MOST, MOST_GROWTH};
        check(node, 0, budget);
    }

    private void check(JsonNode node, int depth, int... budget) {
        String type = node.path(TYPE).asText();
        if (--budget[0] < 0) throw Json.wrong(where, "of at most " + MOST + " steps", node.path(TYPE));
        if (type.equals(SEQUENCE)) {
            Json.onlyKeys(where, node, Set.of(TYPE, members));
            JsonNode each = node.path(members);
            if (!each.isArray() || depth >= DEEPEST) throw Json.wrong(where, "with a list of " + members, each);
            for (JsonNode one : each) check(one, depth + 1, budget);
            return;
        }
        Map<String, BiConsumer<String, JsonNode>> settings = allowed.get(type);
        if (settings == null) {
            String known = allowed.keySet().stream().sorted().collect(Collectors.joining(", "));
            throw Json.wrong(where + ".type", "as one of " + known, node.path(TYPE));
        }
        Set<String> keys = new HashSet<>(settings.keySet());
        keys.add(TYPE);
        Json.onlyKeys(where, node, keys);
        settings.forEach((key, rule) -> {
            if (node.has(key)) rule.accept(where + "." + Printable.quote(key), node.path(key));
        });
        grow(node, budget);
    }

    /** A chain of replacements by longer texts would double a text each time. */
    private void grow(JsonNode node, int... budget) {
        if (!node.has("content")) return;
        int found = node.path(PATTERN).has("String")
                ? node.path(PATTERN).path("String").asText().length()
                : 1;
        int length = node.path("content").asText().length();
        if (length <= found) return;
        budget[1] /= (length + found - 1) / found;
        if (budget[1] < 1) throw Json.wrong(where, "without replacements that lengthen texts", node.path("content"));
    }
}
