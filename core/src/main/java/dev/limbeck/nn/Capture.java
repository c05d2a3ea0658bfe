package dev.limbeck.nn;

import dev.limbeck.tensor.Tensors;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * Keep what modules of a network receive or give during a forward pass, the network itself untouched. A point is the path
 * of a module, which stands for its output, or the path and {@code :input}. A module that runs several times in a pass
 * leaves what came last. What is computed in bfloat16 is kept as float32.
 *
 * <p>Captured tensors live in the scope of the forward pass. Close a capture in a finally block or try-with-resources.
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
     * Watch points of a network; nothing is kept before {@link #start}.
     *
     * @throws dev.limbeck.LimbeckException naming the nearest paths, if there is no such module
     */
    public static Capture of(Module network, Collection<String> points) {
        Map<String, Module> modules = new HashMap<>();
        for (String point : points) modules.put(point, module(network, point));
        Capture capture = new Capture(network.describe());
        modules.forEach((point, module) -> capture.hooks.add(module.onForward((m, inputs, output) -> {
            if (capture.recording)
                capture.seen.put(point, Tensors.toFloat32(point.endsWith(INPUT) ? inputs.only() : output));
            return null;
        })));
        return capture;
    }

    /** Watch nothing: what is kept is {@link #put} here by whoever has it from elsewhere. */
    public static Capture given(String network) {
        return new Capture(network);
    }

    /** Keep what a point gave, as if it had run. */
    public void put(String point, Tensor value) {
        if (recording) seen.put(point, value);
    }

    /** Return whether it keeps what runs. */
    public boolean isRecording() {
        return recording;
    }

    /**
     * Return the module that a point belongs to.
     *
     * @throws dev.limbeck.LimbeckException naming the nearest paths, if there is none
     */
    public static Module module(Module network, String point) {
        return network.module(point.endsWith(INPUT) ? point.substring(0, point.length() - INPUT.length()) : point);
    }

    /** Forget what was kept and begin to keep. */
    public void start() {
        seen.clear();
        recording = true;
    }

    /** Keep nothing more, and forget what was kept. */
    public void stop() {
        recording = false;
        seen.clear();
    }

    /**
     * Return what a point gave in the last pass.
     *
     * @throws IllegalStateException if it did not run since {@link #start}
     */
    public Tensor get(String point) {
        Tensor tensor = seen.get(point);
        if (tensor == null) throw new IllegalStateException("'" + point + "' of " + network + " did not run");
        return tensor;
    }

    /** Return whether a point ran since {@link #start}. */
    public boolean has(String point) {
        return seen.containsKey(point);
    }

    /** Return everything that was kept. */
    public Collection<Tensor> all() {
        return List.copyOf(seen.values());
    }

    @Override
    public void close() {
        stop();
        hooks.forEach(ForwardHook.Registration::close);
    }
}
