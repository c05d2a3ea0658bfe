package dev.limbeck.nn;

import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** Compare the tensors that a network has with those that a state dict offers. */
public record StateDictFit(List<String> missing, List<String> unexpected, List<String> shapes) {
    private static final String BATCH_COUNTER = "num_batches_tracked";
    private static final int NAMED = 4;

    /** Compare the tensors of a network with a state dict; counts of batches may be missing. */
    public StateDictFit(Map<String, Tensor> expected, StateDict found) {
        this(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        expected.forEach((name, tensor) -> {
            if (!found.contains(name)) {
                if (!name.endsWith(BATCH_COUNTER)) missing.add(name);
                return;
            }
            long[] want = tensor.shape();
            long[] have = found.get(name).shape();
            if (!Arrays.equals(want, have)) {
                shapes.add(differing(name, want, have));
            }
        });
        found.names().stream().filter(name -> !expected.containsKey(name)).forEach(unexpected::add);
    }

    /** Word that a tensor has another shape than expected. */
    public static String differing(String name, long[] want, long[] have) {
        return name + " (expected " + Tensors.shapeText(want) + ", found " + Tensors.shapeText(have) + ")";
    }

    /**
     * Refuse a misfit.
     *
     * @throws LimbeckException listing what is missing, unexpected and of other shapes, if there is any
     */
    public void orThrow(String network) {
        List<String> problems = new ArrayList<>();
        describe(problems, "missing", missing);
        describe(problems, "unexpected", unexpected);
        describe(problems, "other shapes", shapes);
        if (!problems.isEmpty()) {
            throw new LimbeckException("the weights do not fit " + network + ": " + String.join("; ", problems));
        }
    }

    private static void describe(List<String> problems, String what, List<String> names) {
        if (names.isEmpty()) return;
        String rest = names.size() > NAMED ? " and " + (names.size() - NAMED) + " more" : "";
        problems.add(what + ": " + String.join(", ", names.subList(0, Math.min(NAMED, names.size()))) + rest);
    }
}
