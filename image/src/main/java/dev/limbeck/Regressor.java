package dev.limbeck;

import java.util.List;
import java.util.Map;

/**
 * Predict numbers for inputs. Any number of threads may call it at the same time.
 *
 * @param <X> an input, such as an image
 */
public interface Regressor<X> extends AutoCloseable {
    /** Return the names of the targets, in the order of the outputs. */
    List<String> targetNames();

    /** Predict the numbers of one input, by target, in the targets' units. */
    default Map<String, Double> predict(X input) {
        return predictAll(List.of(input)).get(0);
    }

    /** Predict the numbers of several inputs at once, which is faster than one after the other. */
    List<Map<String, Double>> predictAll(List<X> inputs);

    /** Free the model's memory, once no thread computes with it any more. */
    @Override
    void close();
}
