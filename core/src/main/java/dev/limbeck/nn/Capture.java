package dev.limbeck.nn;

import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * Capture inputs or outputs of modules during a forward pass, without changing the network. A point is a module path,
 * which refers to its output, or a path and {@code :input}. If a module runs several times, the last value is captured.
 * bfloat16 values are converted to float32.
 *
 * <p>Captured tensors live until {@link #stop} or the next pass. Close a capture in a finally block or try-with-resources.
 */
public final class Capture implements AutoCloseable {
    private static final String INPUT = ":input";

    private final Map<String, Tensor> seen = new LinkedHashMap<>();
    private final List<ForwardHook.Registration> hooks = new ArrayList<>();
    private final String network;
    private boolean recording;

    private Capture(String network) {
        this.network = network;
    }

    /**
     * Create a capture for points of a network. It captures nothing before {@link #start}.
     *
     * @throws dev.limbeck.LimbeckException naming the nearest paths, if there is no such module
     */
    public static Capture of(Module network, Collection<String> points) {
        Map<String, Module> modules = new HashMap<>();
        for (String point : points) modules.put(point, module(network, point));
        Capture capture = new Capture(network.describe());
        modules.forEach((point, module) -> capture.hooks.add(module.onForwardWithoutKeeping((m, inputs, output) -> {
            capture.put(point, point.endsWith(INPUT) ? inputs.only() : output);
            return null;
        })));
        return capture;
    }

    /** Create a capture without hooks; the caller {@link #put}s the values. */
    public static Capture given(String network) {
        return new Capture(network);
    }

    /** Store the value of a point, as if its module had run. */
    public void put(String point, Tensor value) {
        if (!recording) return;
        // Where gradients are off, layers close what they made.
        Tensor before = seen.put(point, Scope.own(Tensors.toFloat32(value)));
        if (before != null) before.close();
    }

    /** Return whether it is capturing. */
    public boolean isRecording() {
        return recording;
    }

    /**
     * Return the module of a point.
     *
     * @throws dev.limbeck.LimbeckException naming the nearest paths, if there is none
     */
    public static Module module(Module network, String point) {
        return network.module(point.endsWith(INPUT) ? point.substring(0, point.length() - INPUT.length()) : point);
    }

    /** Clear the values and start capturing. */
    public void start() {
        clear();
        recording = true;
    }

    /** Stop capturing and clear the values. */
    public void stop() {
        recording = false;
        clear();
    }

    private void clear() {
        seen.values().forEach(Tensor::close);
        seen.clear();
    }

    /**
     * Return the value of a point in the last pass.
     *
     * @throws IllegalStateException if it did not run since {@link #start}
     */
    public Tensor get(String point) {
        Tensor tensor = seen.get(point);
        if (tensor == null) throw new IllegalStateException("'" + point + "' of " + network + " did not run");
        return tensor;
    }

    /** Return whether the point ran since {@link #start}. */
    public boolean has(String point) {
        return seen.containsKey(point);
    }

    /** Return all captured values. */
    public Collection<Tensor> all() {
        return List.copyOf(seen.values());
    }

    @Override
    public void close() {
        stop();
        hooks.forEach(ForwardHook.Registration::close);
    }
}
