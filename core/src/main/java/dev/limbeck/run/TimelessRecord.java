package dev.limbeck.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.io.Checksum;
import java.util.Set;
import java.util.TreeMap;

/** Compare run records without times and speeds. */
public final class TimelessRecord {
    /** Key of the hash in a record. */
    public static final String KEY = "repeat_sha256";

    private static final Set<String> TIMES = Set.of("started", "finished", "seconds", "train_rows_per_second", KEY);
    private static final ObjectMapper JSON = new ObjectMapper();

    private TimelessRecord() {}

    /**
     * Return the SHA-256 of a record as JSON with sorted keys and without times, in hex. Repeated runs of a command
     * have equal hashes.
     */
    public static String sha256(Object runRecord) {
        try {
            return Checksum.sha256Of(JSON.writeValueAsString(timeless(JSON.readTree(RunJson.write(runRecord)))));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("what was written as JSON cannot be read", e);
        }
    }

    private static JsonNode timeless(JsonNode node) {
        if (node.isArray()) {
            ArrayNode all = JsonNodeFactory.instance.arrayNode();
            node.forEach(one -> all.add(timeless(one)));
            return all;
        }
        if (!node.isObject()) return node;
        TreeMap<String, JsonNode> sorted = new TreeMap<>();
        node.fields().forEachRemaining(field -> {
            if (!TIMES.contains(field.getKey())) sorted.put(field.getKey(), timeless(field.getValue()));
        });
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        sorted.forEach(object::set);
        return object;
    }
}
