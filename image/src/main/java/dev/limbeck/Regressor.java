package dev.limbeck;

import java.util.List;
import java.util.Map;

/**
 * Predict numbers for inputs. Thread-safe.
 *
 * @param <X> an input, such as an image
 */
public interface Regressor<X> extends AutoCloseable {
    /** Return the names of the targets, in the order of the outputs. */
    List<String> targetNames();

    /** Predict the numbers for one input, by target, in the targets' units. */
    default Map<String, Double> predict(X input) {
        return predictAll(List.of(input)).get(0);
    }

    /** Predict the numbers for several inputs as a batch, which is faster than one at a time. */
    List<Map<String, Double>> predictAll(List<X> inputs);

    /** Free the model's memory after all running predictions have finished. */
    @Override
    void close();
}
