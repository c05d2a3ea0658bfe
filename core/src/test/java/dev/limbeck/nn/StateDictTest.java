package dev.limbeck.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.TinyNet;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StateDictTest {
    private final Module net = new TinyNet(3);
    private final Module other = new TinyNet(3);

    @AfterEach
    void close() {
        net.close();
        other.close();
    }

    @Test
    void loadingMakesTwoNetworksEqual() {
        assertThat(net.sha256()).isNotEqualTo(other.sha256());
        try (StateDict state = net.stateDict()) {
            other.load(state);
        }
        assertThat(net.sha256()).isEqualTo(other.sha256());
    }

    @Test
    void aStateDictIsACopy() {
        try (StateDict state = net.stateDict();
                Scope scope = Scope.open()) {
            String before = net.sha256();
            Tensors.memory(state.get("fc.bias")).putFloat(0, 42);
            assertThat(net.sha256()).isEqualTo(before);
        }
    }

    @Test
    void namesMissingUnexpectedAndMisshapenTensorsAndChangesNothing() {
        refused(state -> state.put("bias", tensor(2)), "the weights do not fit tiny: unexpected: bias", name -> name);
        refused(
                state -> {},
                "the weights do not fit tiny: missing: fc.weight, fc.bias; unexpected: head.weight, head.bias",
                name -> name.replace("fc.", "head."));
        refused(
                state -> state.put("fc.weight", tensor(3, 8)),
                "the weights do not fit tiny: other shapes: fc.weight (expected 3×16, found 3×8)",
                name -> name);
        refused(
                state -> {
                    state.put("bn.num_batches_tracked", tensor(1));
                    state.put("fc.bias", tensor(10));
                },
                "the weights do not fit tiny: other shapes: "
                        + "bn.num_batches_tracked (expected scalar, found 1), fc.bias (expected 3, found 10)",
                name -> name);
        refused(
                state -> {},
                "the weights do not fit tiny: missing: conv.weight, bn.weight, bn.bias, bn.running_mean and 3 more; "
                        + "unexpected: module.conv.weight, module.bn.weight, module.bn.bias, module.bn.running_mean"
                        + " and 4 more",
                name -> "module." + name);
    }

    private void refused(Consumer<StateDict> change, String message, java.util.function.UnaryOperator<String> rename) {
        String before = other.sha256();
        try (StateDict state = net.stateDict().renamed(rename)) {
            change.accept(state);
            assertThatThrownBy(() -> other.load(state))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage(message);
        }
        assertThat(other.sha256()).isEqualTo(before);
    }

    @Test
    void batchCountersMayBeMissing() {
        try (Scope scope = Scope.open()) {
            net.apply(Tensors.randn(2, 3, 8, 8));
            other.apply(Tensors.randn(2, 3, 8, 8));
            other.apply(Tensors.randn(2, 3, 8, 8));
        }
        try (StateDict all = net.stateDict();
                StateDict some = new StateDict()) {
            all.names().stream()
                    .filter(name -> !name.endsWith("num_batches_tracked"))
                    .forEach(name -> some.put(name, Scope.retain(Tensors.copy(all.get(name)))));
            other.load(some);
        }
        assertThat(Tensors.toLongs(other.module("bn").ownBuffers().get("num_batches_tracked")))
                .containsExactly(2);
    }

    @Test
    void loadingConvertsTypesAndKeepsTheNetworksOwn() {
        net.to(DType.FLOAT64);
        try (StateDict state = net.stateDict()) {
            other.load(state);
        }
        assertThat(DType.of(other.parameters().get("fc.weight"))).isEqualTo(DType.FLOAT32);
        net.to(DType.FLOAT32);
        assertThat(other.sha256()).isEqualTo(net.sha256());
    }

    @Test
    void loadingKeepsGradientFlags() {
        other.module("fc").freeze();
        try (StateDict state = net.stateDict()) {
            other.load(state);
        }
        assertThat(other.parameters().get("fc.weight").requires_grad()).isFalse();
        assertThat(other.parameters().get("conv.weight").requires_grad()).isTrue();
    }

    @Test
    void theHashKnowsNamesTypesShapesAndValues() {
        try (StateDict state = new StateDict();
                StateDict same = new StateDict();
                StateDict name = new StateDict();
                StateDict shape = new StateDict();
                StateDict type = new StateDict();
                StateDict value = new StateDict()) {
            state.put("a", Tensors.of(new float[] {1, 2}, 2));
            same.put("a", Tensors.of(new float[] {1, 2}, 2));
            name.put("b", Tensors.of(new float[] {1, 2}, 2));
            shape.put("a", Tensors.of(new float[] {1, 2}, 1, 2));
            type.put("a", Tensors.of(new double[] {1, 2}, 2));
            value.put("a", Tensors.of(new float[] {1, 2.0000002f}, 2));
            assertThat(same.sha256()).isEqualTo(state.sha256()).hasSize(64);
            assertThat(state.sha256()).isNotIn(name.sha256(), shape.sha256(), type.sha256(), value.sha256());
        }
    }

    @Test
    void ownsItsTensors() {
        Tensor first = Scope.retain(tensor(1));
        Tensor second = Scope.retain(tensor(1));
        StateDict state = new StateDict();
        state.put("a", first);
        state.put("a", second);
        assertThat(first.isNull()).isTrue();
        state.metadata().put("key", "value");
        StateDict renamed = state.renamed(n -> "b");
        assertThat(state.size()).isZero();
        assertThat(renamed.get("b")).isSameAs(second);
        assertThat(renamed.metadata()).containsEntry("key", "value");
        renamed.close();
        assertThat(second.isNull()).isTrue();
    }

    private static Tensor tensor(long... shape) {
        return Tensors.zeros(DType.FLOAT32, shape);
    }
}
