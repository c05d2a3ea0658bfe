package dev.limbeck;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Define how a user's data, such as a photograph, is converted to the inputs of a model. It is stored in the metadata
 * of a saved model, so that new inputs are preprocessed like the training data. Instances are immutable; two are equal
 * if they produce the same inputs.
 */
public interface Preprocessing {
    /** Return the kind of data, such as {@code image}. */
    String kind();

    /** Return the metadata entries for a saved model, keys in a fixed order. */
    Map<String, String> toMetadata();

    /**
     * Return a copy with the known settings of another model, such as the metadata of a teacher's file.
     *
     * @param said keys of {@link #toMetadata}; missing keys keep this instance's values, other keys are ignored
     * @throws LimbeckException if a value is malformed or out of range
     */
    Preprocessing with(Map<String, String> said);

    /**
     * Return one line that identifies the preprocessed values; it changes whenever they do, except for the order of
     * {@link #layout}.
     */
    String identity();

    /** Return a description of the memory layout that the model expects; empty if there is only one, as by default. */
    default String layout() {
        return "";
    }

    /** Describe the preprocessing in words, for a model card. The default is {@link #identity}. */
    default String describe() {
        return identity();
    }

    /** Return the last step if it is a normalization, which exported files can do themselves. The default is null. */
    default @Nullable Normalization normalization() {
        return null;
    }

    /** Return alternative preprocessings to try if a model performs worse than expected. The default is none. */
    default List<Variant> variants() {
        return List.of();
    }

    /** Return the identity, for data with a single format. */
    static Preprocessing none() {
        return NoPreprocessing.INSTANCE;
    }

    /**
     * Describe inputs with a single fixed format, identified by properties such as a length.
     *
     * @param facts metadata entries for a saved model, in a fixed order
     */
    static Preprocessing fixed(String kind, Map<String, String> facts) {
        return new FixedPreprocessing(kind, facts);
    }

    /**
     * Hold an alternative preprocessing.
     *
     * @param words description for messages
     */
    record Variant(String words, Preprocessing preprocessing) {}
}
