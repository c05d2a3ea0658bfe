package dev.limbeck.data;

import dev.limbeck.tensor.InputSpec;
import java.util.List;
import java.util.Map;

/**
 * Tell what a model's file says of itself.
 *
 * @param kind such as TorchScript
 * @param inputs of the network, in its order; empty if the file does not say
 * @param outputs a line each, such as {@code logits float32 N×10}, the one that is used first; empty if the file does not say
 * @param metadata that the file carries, by name
 */
public record ModelFacts(String kind, List<InputSpec> inputs, List<String> outputs, Map<String, String> metadata) {
    /** The key of the class names in metadata, a JSON list in the order of the outputs. */
    public static final String CLASSES = "classes";

    /** The key of the place in the file's graph where the class names were found. */
    public static final String CLASSES_FROM = "classes_from";
}
