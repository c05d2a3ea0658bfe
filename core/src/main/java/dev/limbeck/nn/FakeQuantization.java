package dev.limbeck.nn;

import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.LayerOps;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Train a network as its int8 file computes: convolutions and linear layers round their weights, inputs and outputs to int8.
 *
 * <p>Rounded are the weights of {@link Conv2d} and {@link Linear} (symmetric, one scale per output channel) and, with one range per
 * tensor, what they and poolings read, what convolutions give, after the batch norm and the ReLU behind them, the results of blocks,
 * such as residual sums, and of max pooling. Everything else stays in float.
 */
public final class FakeQuantization {
    /** A ReLU follows a layer at once; only these many calls of modules are searched for its result. */
    private static final int NEAR = 4;

    private static final int IMAGES = 4;

    private FakeQuantization() {}

    /** Hold one call of a module. */
    private record Call(
            String path, Module module, @Nullable Tensor input, Tensor output) {}

    /**
     * Prepare a network for quantization-aware training: add ranges as buffers, by a forward pass.
     *
     * @param example inputs of a row
     * @throws LimbeckException if it has no convolution of images
     */
    public static void prepare(Module network, Inputs example) {
        if (isIn(network)) return;
        if (network.modules().values().stream().noneMatch(Conv2d.class::isInstance)) {
            throw new LimbeckException("quantization-aware training needs a network with convolutions of images, found "
                    + network.describe() + "; leave quantize (--quantize) out");
        }
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on();
                Module.ModeGuard mode = network.evalMode()) {
            new Places(calls(network, example)).add();
        }
    }

    private static List<Call> calls(Module network, Inputs example) {
        List<Call> calls = new ArrayList<>();
        List<ForwardHook.Registration> hooks = new ArrayList<>();
        try {
            network.modules()
                    .forEach((path, module) -> hooks.add(module.onForward((at, inputs, output) -> {
                        Collection<Tensor> given = inputs.tensors().values();
                        Tensor only = given.size() == 1 ? given.iterator().next() : null;
                        calls.add(new Call(path, at, only, output));
                        return null;
                    })));
            network.apply(example);
            return calls;
        } finally {
            hooks.forEach(ForwardHook.Registration::close);
        }
    }

    /** Return whether a network was prepared. */
    public static boolean isIn(Module network) {
        return network.modules().values().stream().anyMatch(module -> module.quantization != null);
    }

    /** Return whether a buffer of this name is a range. */
    public static boolean isRange(String name) {
        return name.endsWith(LayerQuantization.INPUT) || name.endsWith(LayerQuantization.OUTPUT);
    }

    /** Compute in float until the returned guard is closed; ranges are not scripted meanwhile. */
    public static Module.ModeGuard off(Module network) {
        List<LayerQuantization> before = network.modules().values().stream()
                .map(module -> module.quantization)
                .filter(one -> one != null && one.isOn())
                .toList();
        before.forEach(one -> one.set(false));
        return () -> before.forEach(one -> one.set(true));
    }

    /** Return what a prepared network computes in int8, and which layers with weights stay in float, in words. */
    public static String describe(Module network) {
        Map<String, Integer> others = new TreeMap<>();
        for (Module module : network.modules().values()) {
            boolean folds = module instanceof BatchNorm2d;
            if (module.ownParameters().isEmpty() || isWeighed(module) || folds) continue;
            others.merge(module.getClass().getSimpleName(), 1, Integer::sum);
        }
        String left = others.entrySet().stream()
                .map(one -> one.getValue() + " " + one.getKey())
                .collect(Collectors.joining(", "));
        return "quantization-aware training: " + number(layers(network, Conv2d.class), "convolution") + " and "
                + number(layers(network, Linear.class), "linear layer") + " in int8"
                + (left.isEmpty() ? "" : "; in float: " + left);
    }

    private static boolean isWeighed(Module module) {
        return module.quantization != null && module.quantization.roundsWeight;
    }

    private static String number(long count, String what) {
        return count + " " + what + (count == 1 ? "" : "s");
    }

    private static long layers(Module network, Class<? extends Module> kind) {
        return network.modules().values().stream()
                .filter(module -> kind.isInstance(module) && isWeighed(module))
                .count();
    }

    /** Find the places of a network where tensors are rounded. */
    private static final class Places {
        private final List<Call> calls;
        /** Outputs of modules so far; one that comes from elsewhere was computed by a function, such as a sum. */
        private final Set<Tensor> seen = identities();

        private final Set<Tensor> convolved = identities();
        private final Set<Tensor> rounded = identities();
        private final Map<Module, boolean[]> places = new LinkedHashMap<>();

        Places(List<Call> calls) {
            this.calls = calls;
        }

        private static Set<Tensor> identities() {
            return Collections.newSetFromMap(new IdentityHashMap<>());
        }

        void add() {
            for (int i = 0; i < calls.size(); i++) look(i);
            places.forEach((module, places) -> {
                boolean weighs = module instanceof Conv2d || module instanceof Linear;
                Tensor input = places[0] ? range(module, LayerQuantization.INPUT) : null;
                Tensor output = places[1] ? range(module, LayerQuantization.OUTPUT) : null;
                module.quantization = new LayerQuantization(weighs, input, output);
            });
        }

        private static Tensor range(Module module, String name) {
            return module.buffer(name, Tensors.zeros(DType.FLOAT32, 2));
        }

        private void look(int at) {
            Call call = calls.get(at);
            Module module = call.module;
            if (isReader(module)) {
                boolean[] place = place(module);
                place[0] |= call.input == null || !rounded.contains(call.input);
            }
            if (module instanceof Conv2d) convolved.add(call.output);
            boolean norms = module instanceof BatchNorm2d && call.input != null && convolved.contains(call.input);
            boolean gives = module instanceof Conv2d || norms;
            if (gives && !isReadBy(BatchNorm2d.class, at) && !isActivated(at)
                    || module instanceof MaxPool2d
                    || isFunctional(call)) {
                place(module)[1] = true;
                rounded.add(call.output);
            }
            if (call.input != null) seen.add(call.input);
            seen.add(call.output);
        }

        /** Pooling reads rounded numbers too, or the convolution before it would compute in float. */
        private static boolean isReader(Module module) {
            return module instanceof Conv2d
                    || module instanceof Linear
                    || module instanceof MaxPool2d
                    || module instanceof AdaptiveAvgPool2d
                    || module instanceof AdaptiveConcatPool2d;
        }

        private boolean[] place(Module module) {
            return places.computeIfAbsent(module, key -> new boolean[2]);
        }

        private boolean isReadBy(Class<? extends Module> kind, int at) {
            Tensor output = calls.get(at).output;
            return calls.subList(at + 1, calls.size()).stream()
                    .anyMatch(later -> later.input == output && kind.isInstance(later.module));
        }

        /** Return whether a ReLU reads an output, as a module or as a function, whose result then appears nearby. */
        private boolean isActivated(int at) {
            if (isReadBy(ReLU.class, at) || isReadBy(ReLU6.class, at)) return true;
            Tensor output = calls.get(at).output;
            List<Tensor> activated = List.of(output.relu(), LayerOps.relu6(output));
            for (Call later : calls.subList(at + 1, Math.min(calls.size(), at + 1 + NEAR))) {
                for (Tensor found : new Tensor[] {later.input, later.output}) {
                    if (found == null || found == output || found.equal(output)) continue;
                    if (activated.stream().anyMatch(found::equal)) return true;
                }
            }
            return false;
        }

        /** Return whether a block with convolutions computed its output, images, by a function of its own. */
        private boolean isFunctional(Call call) {
            return !call.path.isEmpty()
                    && call.output.dim() == IMAGES
                    && !seen.contains(call.output)
                    && !call.module.children().isEmpty()
                    && call.module.modules().values().stream().anyMatch(Conv2d.class::isInstance);
        }
    }
}
