package dev.limbeck.tokenizers;

import com.fasterxml.jackson.databind.JsonNode;
import dev.limbeck.Printable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Hold the ids around a text, such as {@code <s>} and {@code </s>}.
 *
 * @param before ids before the text
 * @param after ids behind it
 */
record Marks(List<Integer> before, List<Integer> after) {
    private static final int MOST = 16;
    private static final String WHERE = "post_processor";

    /** Read a post-processor; of a sequence, one may add marks. */
    static Marks of(JsonNode node, Map<String, Integer> ids) {
        if (Json.isAbsent(node)) return new Marks(List.of(), List.of());
        return switch (node.path("type").asText()) {
            case "ByteLevel" -> new Marks(List.of(), List.of());
            case "BertProcessing", "RobertaProcessing" ->
                new Marks(List.of(mark(node.path("cls"), ids)), List.of(mark(node.path("sep"), ids)));
            case "TemplateProcessing" -> template(node, ids);
            case "Sequence" -> sequence(node, ids);
            default ->
                throw Json.wrong(
                        WHERE + ".type",
                        "ByteLevel, BertProcessing, RobertaProcessing, TemplateProcessing or Sequence",
                        node.path("type"));
        };
    }

    private static Marks sequence(JsonNode node, Map<String, Integer> ids) {
        Marks found = new Marks(List.of(), List.of());
        JsonNode processors = node.path("processors");
        if (!processors.isArray() || processors.size() > MOST) throw Json.wrong(WHERE, "of a few processors", node);
        for (JsonNode each : processors) {
            Marks marks = of(each, ids);
            if (marks.isEmpty()) continue;
            if (!found.isEmpty()) throw Json.wrong(WHERE, "with marks of one processor", each);
            found = marks;
        }
        return found;
    }

    private boolean isEmpty() {
        return before.isEmpty() && after.isEmpty();
    }

    private static Marks template(JsonNode node, Map<String, Integer> ids) {
        Json.onlyKeys(WHERE, node, Set.of("type", "single", "pair", "special_tokens"));
        List<Integer> before = new ArrayList<>();
        List<Integer> after = new ArrayList<>();
        boolean seen = false;
        for (JsonNode piece : node.path("single")) {
            if (piece.has("Sequence")) {
                boolean isFirst = !seen && piece.at("/Sequence/id").asText().equals("A");
                if (!isFirst) throw Json.wrong(WHERE + ".single", "with the text A once", piece);
                seen = true;
            } else {
                String name = piece.at("/SpecialToken/id").asText();
                JsonNode marks = node.path("special_tokens").path(name).path("ids");
                if (!marks.isArray() || marks.isEmpty()) {
                    throw Json.wrong(WHERE + ".special_tokens", "with '" + Printable.quote(name) + "'", marks);
                }
                for (JsonNode mark : marks) (seen ? after : before).add(known(mark, ids));
            }
            if (before.size() + after.size() > MOST) throw Json.wrong(WHERE, "with at most " + MOST + " marks", piece);
        }
        if (!seen) throw Json.wrong(WHERE + ".single", "with the text A", node.path("single"));
        return new Marks(List.copyOf(before), List.copyOf(after));
    }

    private static int mark(JsonNode pair, Map<String, Integer> ids) {
        Integer id = ids.get(pair.path(0).asText());
        if (id != null && pair.path(1).isInt() && id == pair.path(1).asInt()) return id;
        throw Json.wrong(WHERE, "with tokens of the vocabulary and their ids", pair);
    }

    private static int known(JsonNode id, Map<String, Integer> ids) {
        if (id.isInt() && ids.containsValue(id.asInt())) return id.asInt();
        throw Json.wrong(WHERE, "with ids of the vocabulary", id);
    }
}
