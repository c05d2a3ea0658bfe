package dev.limbeck.weights;

import dev.limbeck.nn.Module;
import dev.limbeck.tensor.DType;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.bytedeco.pytorch.Tensor;

/**
 * Say which tensors a network needs from a file of weights.
 *
 * @param network what messages call it
 * @param tensors by name, in the order of its layers
 * @param open names whose first size may be any, as a classifier's may
 */
public record RequiredTensors(String network, Map<String, Need> tensors, Set<String> open) {
    private static final String BATCH_COUNTER = "num_batches_tracked";

    /** Describe one tensor by its shape and whether its numbers are of floating point. */
    public record Need(long[] shape, boolean floating) {
        private static Need of(Tensor tensor) {
            return new Need(tensor.shape(), DType.of(tensor).isFloatingPoint());
        }
    }

    /** Return all parameters and buffers of a network, in its shapes. */
    public static RequiredTensors of(String name, Module network) {
        Map<String, Need> needs = new LinkedHashMap<>();
        network.modules().forEach((path, module) -> {
            String prefix = path.isEmpty() ? "" : path + ".";
            module.ownParameters().forEach((own, tensor) -> needs.put(prefix + own, Need.of(tensor)));
            module.ownBuffers().forEach((own, tensor) -> needs.put(prefix + own, Need.of(tensor)));
        });
        return new RequiredTensors(name, needs, Set.of());
    }

    /**
     * Return the same for any number of classes.
     *
     * @param names of tensors that may be of a classifier
     * @param classes first size of those that are
     */
    public RequiredTensors forAnyClasses(Collection<String> names, long classes) {
        Set<String> any = new LinkedHashSet<>();
        tensors.forEach((name, need) -> {
            if (names.contains(name) && need.shape.length > 0 && need.shape[0] == classes) any.add(name);
        });
        return new RequiredTensors(network, tensors, any);
    }

    /** Return those whose names pass. */
    public RequiredTensors only(Predicate<String> names) {
        Map<String, Need> fewer = new LinkedHashMap<>();
        tensors.forEach((name, need) -> {
            if (names.test(name)) fewer.put(name, need);
        });
        return new RequiredTensors(network, fewer, open);
    }

    /** Return whether a name is of a count of batches, which files from before PyTorch 0.4.1 lack. */
    static boolean isCounter(String name) {
        return name.endsWith(BATCH_COUNTER);
    }
}
