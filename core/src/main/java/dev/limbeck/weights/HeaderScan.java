package dev.limbeck.weights;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.limbeck.Limit;
import java.io.IOException;

/**
 * Scan the JSON of a safetensors header before parsing: content that no header has would take far more memory than
 * text.
 */
final class HeaderScan {
    /** The header, a tensor in it, its shape. */
    private static final int DEEPEST = 3;

    private static final int MOST_MEMBERS = 64;

    private HeaderScan() {}

    /**
     * Check an object of JSON from its beginning to its end.
     *
     * @throws IllegalArgumentException saying what no header has
     * @throws IOException if it is not JSON
     */
    static void check(JsonParser json, String metadata) throws IOException {
        long most = Limit.TENSORS.value();
        long tensors = 0;
        int depth = 0;
        int members = 0;
        boolean unbounded = false;
        for (JsonToken token = json.nextToken(); token != null; token = json.nextToken()) {
            if (token.isStructStart()) {
                if (++depth > DEEPEST) {
                    throw new IllegalArgumentException("holds lists or maps where a header has none");
                }
                if (depth == 2 && token != JsonToken.START_OBJECT) {
                    String name = String.valueOf(json.currentName());
                    throw new IllegalArgumentException(
                            metadata.equals(name)
                                    ? "has " + name + ", which is not a map of strings"
                                    : "has '" + name + "', which does not describe a tensor");
                }
                if (depth == 2) unbounded = metadata.equals(json.currentName());
                if (depth == 2 && ++tensors > most + 1) {
                    throw new IllegalArgumentException(
                            "describes more than " + most + " tensors; " + Limit.TENSORS.advice());
                }
                members = 0;
            } else if (token.isStructEnd()) {
                depth--;
                members = 0;
            } else if (depth > 1 && ++members > (unbounded ? most : MOST_MEMBERS)) {
                throw new IllegalArgumentException("has a map or list of more members than a header has");
            }
        }
    }
}
