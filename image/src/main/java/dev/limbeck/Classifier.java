package dev.limbeck;

import java.util.List;

/**
 * Classify inputs, by one class or by several labels. Any number of threads may call it at the same time.
 *
 * @param <X> an input, such as an image
 */
public interface Classifier<X> extends AutoCloseable {
    /** Return the class names in the order of the logits; numbers where the model has none. */
    List<String> classNames();

    /** Classify one input. */
    default Prediction predict(X input) {
        return predictAll(List.of(input)).get(0);
    }

    /** Classify several inputs at once, which is faster than one after the other. */
    List<Prediction> predictAll(List<X> inputs);

    /** Free the model's memory, once no thread computes with it any more. */
    @Override
    void close();
}
