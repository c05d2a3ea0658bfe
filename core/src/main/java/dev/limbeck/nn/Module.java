package dev.limbeck.nn;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Compute a tensor from another, or from several by name, with named children, parameters and buffers, as a node of a network.
 *
 * <p>To write a network, extend this class: register modules and tensors in the constructor with {@link #child}, {@link
 * #parameter} and {@link #buffer}. Compute in {@link #forward}, and call children with {@link #apply}, which runs their
 * hooks. Override {@link #script} to make it exportable.
 *
 * <p>Parameters and buffers keep their identity. Loading and moving replace their contents, so fields may hold them. A
 * module owns native memory: close the root module. Not thread-safe.
 */
public abstract class Module implements AutoCloseable {
    private final Map<String, Module> children = new LinkedHashMap<>();
    private final Map<String, Tensor> parameters = new LinkedHashMap<>();
    private final Map<String, Tensor> buffers = new LinkedHashMap<>();
    private final List<ForwardHook> hooks = new ArrayList<>();
    /** What quantization-aware training rounds here; null for nothing. See {@link FakeQuantization}. */
    @Nullable
    LayerQuantization quantization;

    private boolean training = true;
    private boolean closed;

    /**
     * Compute the output for the only input; call {@link #apply(Tensor)} instead, which also runs the hooks. A network of several
     * inputs overrides {@link #forward(Inputs)} in place of this.
     */
    protected Tensor forward(Tensor input) {
        throw new LimbeckException(describe() + " takes several inputs by name, found one tensor");
    }

    /** Compute the output for inputs by name; call {@link #apply(Inputs)} instead, which also runs the hooks. */
    protected Tensor forward(Inputs inputs) {
        return forward(inputs.only());
    }

    /** Compute the output for the only input and run the hooks. */
    public final Tensor apply(Tensor input) {
        return apply(Inputs.of(input));
    }

    /**
     * Compute the output and run the hooks.
     *
     * @throws LimbeckException if the network takes other inputs
     */
    public final Tensor apply(Inputs inputs) {
        checkOpen();
        if (!NoGrad.isOn() || LiveHooks.mayKeep()) return computed(inputs);
        // Nobody else needs what layers make on the way, and all of it together takes several times the memory.
        try (Scope scope = Scope.open()) {
            return scope.promote(computed(inputs));
        }
    }

    private Tensor computed(Inputs inputs) {
        LayerQuantization rounding = quantization;
        Tensor output = rounding == null
                ? forward(inputs)
                : rounding.output(forward(rounding.input(inputs, training)), training);
        for (ForwardHook hook : List.copyOf(hooks)) {
            Tensor replaced = hook.afterForward(this, inputs, output);
            if (replaced != null) output = replaced;
        }
        return output;
    }

    /**
     * Describe {@link #forward} in eval mode as TorchScript: the source of a method {@code forward(self, x: Tensor)}, with a
     * parameter for each input of a network of several, that names parameters and buffers as {@code self.weight} and calls children as {@code self.conv1.forward(x)}, or
     * {@code getattr(self, "0").forward(x)} where the name is not an identifier. Exporters compile and walk it.
     *
     * @throws LimbeckException if this module has no script
     */
    public String script() {
        throw new LimbeckException(getClass().getName() + " has no script; override script() to make it exportable");
    }

    /** Register a child under a name. Return it. */
    protected final <M extends Module> M child(String name, M module) {
        checkName(name);
        children.put(name, module);
        return module;
    }

    /** Register a trainable tensor, which becomes a leaf owned by this module. Return the tensor for fields. */
    protected final Tensor parameter(String name, Tensor value) {
        checkName(name);
        Tensor leaf = Scope.retain(value.detach());
        leaf.set_requires_grad(true);
        parameters.put(name, leaf);
        return leaf;
    }

    /** Return a weight as the forward pass uses it: rounded to int8 in quantization-aware training. */
    final Tensor used(Tensor weight) {
        return quantization == null ? weight : quantization.weight(weight);
    }

    /** Register a tensor that is saved but not trained, such as a running mean. */
    protected final Tensor buffer(String name, Tensor value) {
        checkName(name);
        Tensor kept = Scope.retain(value.detach());
        buffers.put(name, kept);
        return kept;
    }

    private void checkName(String name) {
        if (name.isEmpty() || name.contains(".")) {
            throw new IllegalArgumentException("a name in a module must not be empty or hold a dot: '" + name + "'");
        }
        if (children.containsKey(name) || parameters.containsKey(name) || buffers.containsKey(name)) {
            throw new IllegalArgumentException(getClass().getSimpleName() + " has '" + name + "' already");
        }
    }

    /** Apply ReLU in place to an intermediate result, unless a hook may hold it. */
    protected static Tensor relu_(Tensor x) {
        return LiveHooks.none() ? Ops.relu_(x) : x.relu();
    }

    /** Add in place to an intermediate result, unless a hook may hold it. */
    protected static Tensor add_(Tensor x, Tensor y) {
        return LiveHooks.none() ? Ops.add_(x, y) : x.add(y);
    }

    /** Return the direct children by name, in registration order. */
    public final Map<String, Module> children() {
        return Collections.unmodifiableMap(children);
    }

    /** Return the module's own parameters by name. */
    public final Map<String, Tensor> ownParameters() {
        return Collections.unmodifiableMap(parameters);
    }

    /** Return the module's own buffers by name. */
    public final Map<String, Tensor> ownBuffers() {
        return Collections.unmodifiableMap(buffers);
    }

    /** Return this module (with the empty path) and all descendants by path, parents before children. */
    public final Map<String, Module> modules() {
        Map<String, Module> found = new LinkedHashMap<>();
        collect("", found);
        return found;
    }

    private void collect(String path, Map<String, Module> found) {
        found.put(path, this);
        children.forEach((name, child) -> child.collect(path.isEmpty() ? name : path + "." + name, found));
    }

    /**
     * Find a module by its path, such as {@code layer3.1.conv2}; the empty path is this module.
     *
     * @throws LimbeckException naming the nearest paths, if there is none
     */
    public final Module module(String path) {
        Map<String, Module> all = modules();
        Module found = all.get(path);
        if (found == null) {
            all.remove("");
            throw Names.unknown("layer", path, describe(), all.keySet());
        }
        return found;
    }

    /**
     * Return all parameters by path, such as {@code layer1.0.conv1.weight}. A shared parameter is returned once, under
     * its first path.
     */
    public final Map<String, Tensor> parameters() {
        checkOpen();
        Map<String, Tensor> found = new LinkedHashMap<>();
        Set<Tensor> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        visit((path, module) -> module.parameters.forEach((name, tensor) -> {
            if (seen.add(tensor)) found.put(join(path, name), tensor);
        }));
        return found;
    }

    /** Return the number of values in all parameters, trainable or frozen. */
    public final long parameterCount() {
        return parameters().values().stream().mapToLong(Tensor::numel).sum();
    }

    /** Return parameters and buffers by path in PyTorch's order: for each module its parameters, then its buffers. */
    final Map<String, Tensor> tensors() {
        checkOpen();
        Map<String, Tensor> found = new LinkedHashMap<>();
        visit((path, module) -> {
            module.parameters.forEach((name, tensor) -> found.put(join(path, name), tensor));
            module.buffers.forEach((name, tensor) -> found.put(join(path, name), tensor));
        });
        return found;
    }

    private void visit(BiConsumer<String, Module> visitor) {
        modules().forEach(visitor);
    }

    private static String join(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    /** Copy all parameters and buffers to a new state dict. The caller closes it. */
    public final StateDict stateDict() {
        StateDict state = new StateDict();
        tensors().forEach((name, tensor) -> state.put(name, Scope.retain(Tensors.copy(tensor))));
        return state;
    }

    /**
     * Load values from a state dict, all or nothing.
     *
     * @throws LimbeckException listing missing names, unexpected names and shape mismatches; nothing is changed
     */
    public final void load(StateDict state) {
        Map<String, Tensor> mine = tensors();
        new StateDictFit(mine, state).orThrow(describe());
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            mine.forEach((name, tensor) -> {
                // Networks saved before PyTorch 0.4.1 have no batch counters.
                if (state.contains(name)) tensor.copy_(state.get(name));
            });
        }
    }

    /** Return a SHA-256 of names, types, shapes and values of all parameters and buffers, in hex. */
    public final String sha256() {
        return StateDict.sha256(tensors());
    }

    public final boolean isTraining() {
        return training;
    }

    /** Set this module and its descendants to training mode. */
    public final void train() {
        modules().values().forEach(module -> module.training = true);
    }

    /** Set this module and its descendants to evaluation mode. */
    public final void eval() {
        modules().values().forEach(module -> module.training = false);
    }

    /** Set evaluation mode until the returned guard is closed, which restores each module's mode. */
    public final ModeGuard evalMode() {
        ModeGuard guard = keepModes();
        eval();
        return guard;
    }

    /** Save the mode of every module. Closing the returned guard restores them. */
    public final ModeGuard keepModes() {
        Map<Module, Boolean> before = new LinkedHashMap<>();
        modules().values().forEach(module -> before.put(module, module.training));
        return () -> before.forEach((module, mode) -> module.training = mode);
    }

    /** Restore saved modes when closed. */
    public interface ModeGuard extends AutoCloseable {
        @Override
        void close();
    }

    /** Freeze all parameters: they no longer require gradients. */
    public final void freeze() {
        parameters().values().forEach(tensor -> tensor.set_requires_grad(false));
    }

    /** Unfreeze all parameters. */
    public final void unfreeze() {
        parameters().values().forEach(tensor -> tensor.set_requires_grad(true));
    }

    /** Move all parameters and buffers to a device. */
    public final void to(Device device) {
        replaceData(tensor -> Tensors.to(tensor, device));
    }

    /** Convert all floating-point parameters and buffers to a type. */
    public final void to(DType type) {
        replaceData(tensor -> DType.of(tensor).isFloatingPoint() ? Tensors.to(tensor, type) : tensor);
    }

    /** Move inputs to the device of this network's first parameter; floating-point ones take its type too. */
    public final Inputs adapt(Inputs inputs) {
        Map<String, Tensor> all = parameters();
        if (all.isEmpty()) return inputs;
        Tensor like = all.values().iterator().next();
        return inputs.map(input -> Tensors.to(
                DType.of(input).isFloatingPoint() ? Tensors.to(input, DType.of(like)) : input, like.device()));
    }

    private void replaceData(UnaryOperator<Tensor> change) {
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            tensors().values().forEach(tensor -> tensor.set_data(change.apply(tensor)));
        }
    }

    /**
     * Run a hook after every forward pass of this module. Close the registration in a finally block or
     * try-with-resources. An open hook prevents in-place operations and slows the network down.
     */
    public final ForwardHook.Registration onForward(ForwardHook hook) {
        return LiveHooks.register(hook, hooks, true);
    }

    /** Run a hook that keeps no tensor, or retains it. */
    final ForwardHook.Registration onForwardWithoutKeeping(ForwardHook hook) {
        return LiveHooks.register(hook, hooks, false);
    }

    /** Return the number of hooks on this module and its descendants. */
    public final int hookCount() {
        return modules().values().stream()
                .mapToInt(module -> module.hooks.size())
                .sum();
    }

    /** Compute the output in evaluation mode without gradients; modes are as before afterward. */
    public final Tensor predict(Tensor input) {
        return predict(Inputs.of(input));
    }

    /** Compute the output for inputs by name in evaluation mode without gradients; modes are as before afterward. */
    public final Tensor predict(Inputs inputs) {
        try (Scope scope = Scope.open();
                ModeGuard mode = evalMode();
                NoGrad noGrad = NoGrad.on()) {
            return scope.promote(apply(inputs));
        }
    }

    /** Return the network's name for error messages. */
    public String describe() {
        return getClass().getSimpleName();
    }

    /** Free the native memory of this module and its descendants. */
    @Override
    public void close() {
        if (closed) return;
        tensors().values().forEach(Tensor::close);
        modules().values().forEach(module -> module.closed = true);
    }

    /**
     * Check that the network is open.
     *
     * @throws LimbeckException if the network or a parent module was closed
     */
    public final void checkOpen() {
        if (closed) {
            throw new LimbeckException(
                    "the network " + describe() + " is closed; open it again, or close it (or its learner) later");
        }
    }
}
