package dev.limbeck;

import java.util.List;
import java.util.Map;

/**
 * Say how what a user has, such as a photograph, becomes the inputs of a model. It travels in the metadata of a saved model, so
 * that new inputs are prepared as those that it was trained on. Instances are immutable, and equal where they prepare alike.
 */
public interface Preprocessing {
    /** Return the kind of data that it prepares, such as {@code image}. */
    String kind();

    /** Return what a saved model carries, keys in a fixed order. */
    Map<String, String> toMetadata();

    /**
     * Return the same with what is known of another model, such as the metadata of a teacher's file.
     *
     * @param said keys of {@link #toMetadata}; any may be missing, and then this one's hold; others are not looked at
     * @throws LimbeckException if a value is malformed or out of range
     */
    Preprocessing with(Map<String, String> said);

    /** Return in one line what decides how inputs look; it changes whenever they do, but for the order of {@link #layout}. */
    String identity();

    /** Return in words the order of numbers that the model takes; empty if there is one order only. */
    String layout();

    /** Return other ways to prepare inputs, to be tried where a model does worse than it should. */
    List<Variant> variants();

    /** Leave inputs as they are: for data that comes in one form only. */
    static Preprocessing none() {
        return NoPreprocessing.INSTANCE;
    }

    /**
     * Describe inputs that come in one form, which is known by some facts such as a length.
     *
     * @param facts what a saved model carries, keys in a fixed order
     */
    static Preprocessing fixed(String kind, Map<String, String> facts) {
        return new FixedPreprocessing(kind, facts);
    }

    /**
     * Name another way to prepare inputs.
     *
     * @param words what it is called
     */
    record Variant(String words, Preprocessing preprocessing) {}
}
