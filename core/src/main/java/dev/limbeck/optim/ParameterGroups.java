package dev.limbeck.optim;

import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.FusedUpdate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.bytedeco.pytorch.Tensor;

/** Group the trainable parameters, each once, by learning-rate factor and weight decay. */
final class ParameterGroups implements OptimizerState {
    /** Update the tensors of one group. */
    @FunctionalInterface
    interface Rule {
        void step(FusedUpdate group, double rate, double momentum, boolean decays);
    }

    private record Key(double rateFactor, boolean decays) {}

    private final Map<Key, FusedUpdate> groups = new LinkedHashMap<>();
    private final Rule rule;

    ParameterGroups(
            Map<String, Tensor> parameters,
            ToDoubleFunction<String> rateFactor,
            boolean decayAll,
            Function<List<Tensor>, FusedUpdate> update,
            Rule rule) {
        this.rule = rule;
        Map<Key, List<Tensor>> members = new LinkedHashMap<>();
        Set<Tensor> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        parameters.forEach((name, tensor) -> {
            if (!tensor.requires_grad() || !seen.add(tensor)) return;
            Key key = new Key(rateFactor.applyAsDouble(name), decayAll || !spared(tensor));
            members.computeIfAbsent(key, none -> new ArrayList<>()).add(tensor);
        });
        members.forEach((key, tensors) -> groups.put(key, update.apply(tensors)));
    }

    @Override
    public void step(double rate, double momentum) {
        groups.forEach((key, group) -> rule.step(group, rate * key.rateFactor, momentum, key.decays));
    }

    @Override
    public StateDict state() {
        StateDict state = new StateDict();
        int number = 0;
        for (FusedUpdate group : groups.values()) {
            try (StateDict one = new StateDict()) {
                group.state().forEach(one::put);
                state.add(number++ + ".", one);
            }
        }
        return state;
    }

    @Override
    public void restore(StateDict state) {
        int number = 0;
        for (FusedUpdate group : groups.values()) {
            try (StateDict one = state.take(number++ + ".")) {
                group.restore(one::get);
            }
        }
    }

    @Override
    public void close() {
        groups.values().forEach(FusedUpdate::close);
    }

    /** Return whether weight decay skips a parameter by default: biases and batch norms, which have one dimension. */
    static boolean spared(Tensor parameter) {
        return parameter.dim() <= 1;
    }
}
