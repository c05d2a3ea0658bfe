package dev.limbeck.distill.cache;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Data;
import dev.limbeck.distill.teacher.TeacherFacts;
import dev.limbeck.tensor.Tensors;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Say what cached rows depend on besides their keys: the teacher, its precision, the preparation of the data, and the encoding. */
final class CacheFacts {
    private CacheFacts() {}

    /**
     * Return the facts.
     *
     * @param name of the teacher, for messages
     * @throws LimbeckException if the teacher has no fingerprint
     */
    static Map<String, String> of(String name, TeacherFacts teacher, Encoding encoding, Data data) {
        String identity = teacher.identity();
        if (identity.isEmpty()) {
            throw new LimbeckException("outputs of teacher " + name + " cannot be cached in a folder, because "
                    + "it has no fingerprint; turn the cache off, or, if it is a "
                    + "served model, name its version (…/versions/3)");
        }
        Map<String, String> facts = new TreeMap<>();
        facts.put("form", "2");
        facts.put("teacher", identity);
        facts.put("precision", teacher.precision().toString());
        facts.put("numbers", encoding.toString());
        data.cacheKey().forEach((key, value) -> facts.put("data." + key, value));
        facts.put(
                "input",
                teacher.inputs().stream()
                        .map(input -> Tensors.shapeText(input.shape()))
                        .collect(Collectors.joining(" ")));
        return facts;
    }
}
