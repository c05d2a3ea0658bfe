package dev.limbeck.tensor;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Hold what a network computes from: one tensor, or several by name in the network's order. The first dimension of each is
 * the row. They live in the scope in which their tensors were made.
 */
public final class Inputs {
    /** The name of an input that needs none, since it is the only one. */
    public static final String ONLY = "x";

    private final Map<String, Tensor> tensors;
    private final @Nullable List<InputSpec> exampleOf;

    private Inputs(Map<String, Tensor> tensors) {
        this(tensors, null);
    }

    private Inputs(Map<String, Tensor> tensors, @Nullable List<InputSpec> exampleOf) {
        this.tensors = tensors;
        this.exampleOf = exampleOf;
    }

    /** Hold one tensor. */
    public static Inputs of(Tensor only) {
        return new Inputs(Map.of(ONLY, only));
    }

    /**
     * Hold rows of numbers as one float32 tensor of shape N×length.
     *
     * @throws LimbeckException if a row has another length than the first
     */
    public static Inputs ofRows(List<float[]> rows) {
        int length = rows.isEmpty() ? 0 : rows.get(0).length;
        float[] all = new float[Math.multiplyExact(rows.size(), length)];
        for (int i = 0; i < rows.size(); i++) {
            if (rows.get(i).length != length) {
                throw new LimbeckException("rows must have one length, found " + length + " and " + rows.get(i).length);
            }
            System.arraycopy(rows.get(i), 0, all, i * length, length);
        }
        return of(Tensors.of(all, rows.size(), length));
    }

    /**
     * Hold several tensors.
     *
     * @param tensors by name, in the network's order; at least one
     */
    public static Inputs of(Map<String, Tensor> tensors) {
        if (tensors.isEmpty()) throw new IllegalArgumentException("a network needs at least one input");
        return new Inputs(Collections.unmodifiableMap(new LinkedHashMap<>(tensors)));
    }

    /** Make the example of each input, see {@link InputSpec#example}. */
    public static Inputs example(List<InputSpec> specs, int rows) {
        return example(specs, rows, InputSpec.EXAMPLE_LENGTH);
    }

    /** Make the example of each input, whose free lengths are as requested. */
    public static Inputs example(List<InputSpec> specs, int rows, long free) {
        Map<String, Tensor> examples = new LinkedHashMap<>();
        for (InputSpec spec : specs) examples.put(spec.name(), spec.example(rows, free));
        return new Inputs(of(examples).tensors, List.copyOf(specs));
    }

    /** Return whether they are the unchanged example of a network's inputs, and not rows of data. */
    public boolean isExampleOf(List<InputSpec> specs) {
        return specs.equals(exampleOf);
    }

    /** Return the tensors by name, in the network's order. */
    public Map<String, Tensor> tensors() {
        return tensors;
    }

    /** Return the names, in the network's order. */
    public Set<String> names() {
        return tensors.keySet();
    }

    /**
     * Return the only tensor.
     *
     * @throws LimbeckException if there are several
     */
    public Tensor only() {
        if (tensors.size() != 1) {
            throw new LimbeckException("expected one input, found " + tensors.size() + " (" + String.join(", ", names())
                    + "); use a network that takes these inputs");
        }
        return tensors.values().iterator().next();
    }

    /**
     * Return a tensor by its name.
     *
     * @throws LimbeckException if there is none: the nearest names
     */
    public Tensor get(String name) {
        Tensor found = tensors.get(name);
        if (found == null) throw Names.unknown("input", name, names());
        return found;
    }

    /** Return the number of rows. */
    public int rows() {
        return Math.toIntExact(tensors.values().iterator().next().size(0));
    }

    /** Return the same inputs after a change of each tensor. */
    public Inputs map(UnaryOperator<Tensor> change) {
        if (tensors.size() == 1) {
            Map.Entry<String, Tensor> only = tensors.entrySet().iterator().next();
            return new Inputs(Map.of(only.getKey(), change.apply(only.getValue())));
        }
        Map<String, Tensor> changed = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> changed.put(name, change.apply(tensor)));
        return of(changed);
    }

    /** Return the same inputs after a function of each tensor and the one of that name among others. */
    public Inputs with(Inputs others, BinaryOperator<Tensor> change) {
        Map<String, Tensor> changed = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> changed.put(name, change.apply(tensor, others.get(name))));
        return of(changed);
    }

    /** Return the same inputs on a device. */
    public Inputs to(Device device) {
        return map(tensor -> Tensors.to(tensor, device));
    }

    /** Return the device of the first tensor. */
    public Device device() {
        return tensors.values().iterator().next().device();
    }
}
