package dev.limbeck;

import java.util.List;

/**
 * Classify inputs, by one class or by several labels. Thread-safe.
 *
 * @param <X> an input, such as an image
 */
public interface Classifier<X> extends AutoCloseable {
    /** Return the class names in the order of the logits; numbers if the model has no names. */
    List<String> classNames();

    /** Classify one input. */
    default Prediction predict(X input) {
        return predictAll(List.of(input)).get(0);
    }

    /** Classify several inputs as a batch, which is faster than one at a time. */
    List<Prediction> predictAll(List<X> inputs);

    /** Free the model's memory after all running predictions have finished. */
    @Override
    void close();
}
