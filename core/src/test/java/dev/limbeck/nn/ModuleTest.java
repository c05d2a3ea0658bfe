package dev.limbeck.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.TinyNet;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.zoo.Zoo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModuleTest {
    private final Scope scope = Scope.open();
    private final Module net = new TinyNet(3);

    @AfterEach
    void close() {
        net.close();
        scope.close();
    }

    @Test
    void namesEverythingBelowItByPath() {
        Module nested = new Sequential(new TinyNet(2), new ReLU());
        assertThat(nested.modules().keySet()).containsExactly("", "0", "0.conv", "0.bn", "0.pool", "0.fc", "1");
        assertThat(nested.parameters().keySet())
                .containsExactly("0.conv.weight", "0.bn.weight", "0.bn.bias", "0.fc.weight", "0.fc.bias");
        assertThat(nested.parameterCount()).isEqualTo(3 * 4 * 9 + 8 + 16 * 2 + 2);
        try (StateDict state = nested.stateDict()) {
            assertThat(state.names())
                    .containsExactly(
                            "0.conv.weight",
                            "0.bn.weight",
                            "0.bn.bias",
                            "0.bn.running_mean",
                            "0.bn.running_var",
                            "0.bn.num_batches_tracked",
                            "0.fc.weight",
                            "0.fc.bias");
        }
        nested.close();
    }

    @Test
    void findsAModuleByItsPath() {
        assertThat(net.module("")).isSameAs(net);
        assertThat(net.module("bn")).isSameAs(net.children().get("bn")).isInstanceOf(BatchNorm2d.class);
    }

    @Test
    void answersAnUnknownPathWithTheNearest() {
        try (Module resnet = Zoo.RESNET18.create(10)) {
            assertThatThrownBy(() -> resnet.module("layer5"))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("no layer 'layer5' in resnet18; nearest: layer4, layer3, layer2");
            assertThatThrownBy(() -> resnet.module("layer3.2.conv1"))
                    .hasMessage("no layer 'layer3.2.conv1' in resnet18; "
                            + "nearest: layer3.1.conv1, layer3.0.conv1, layer2.1.conv1");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a.b", "weight", "bn", "running"})
    void refusesNamesThatAreTakenOrNoNames(String name) {
        assertThatThrownBy(() -> new Module() {
                    {
                        parameter("weight", Tensors.zeros(DType.FLOAT32, 1));
                        buffer("running", Tensors.zeros(DType.FLOAT32, 1));
                        child("bn", new ReLU());
                        child(name, new ReLU());
                    }

                    @Override
                    protected Tensor forward(Tensor input) {
                        return input;
                    }
                })
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + name + "'");
    }

    @Test
    void aModuleUsedTwiceTrainsItsParametersOnceAndIsSavedUnderBothNames() {
        Linear shared = new Linear(4, 4);
        Module twice = new Sequential(shared, new ReLU(), shared);
        assertThat(twice.parameters().keySet()).containsExactly("0.weight", "0.bias");
        assertThat(twice.parameterCount()).isEqualTo(20);
        try (StateDict state = twice.stateDict()) {
            assertThat(state.names()).containsExactly("0.weight", "0.bias", "2.weight", "2.bias");
            twice.load(state);
        }
        twice.close();
    }

    @Test
    void hooksSeeInputAndOutputByPath() {
        Map<String, List<long[]>> seen = new LinkedHashMap<>();
        Tensor x = Tensors.randn(2, 3, 8, 8);
        try (ForwardHook.Registration conv = record(net, "conv", seen);
                ForwardHook.Registration pool = record(net, "pool", seen)) {
            net.apply(x);
        }
        assertThat(seen.keySet()).containsExactly("conv", "pool");
        assertThat(seen.get("conv").get(0)).containsExactly(2, 3, 8, 8);
        assertThat(seen.get("conv").get(1)).containsExactly(2, 4, 4, 4);
        assertThat(seen.get("pool").get(1)).containsExactly(2, 4, 2, 2);
    }

    @Test
    void hooksRunInTheOrderTheyWereAddedAndEachSeesTheReplacement() {
        try (ForwardHook.Registration first = net.onForward((m, in, out) -> Tensors.full(1, DType.FLOAT32, 2, 3));
                ForwardHook.Registration second = net.onForward((m, in, out) -> Ops.mul(out, 5))) {
            assertThat(Tensors.toFloats(net.apply(Tensors.randn(2, 3, 8, 8)))).containsOnly(5);
        }
        assertThat(Tensors.toFloats(net.apply(Tensors.randn(2, 3, 8, 8)))).doesNotContain(5);
    }

    @Test
    void aReplacedFeatureFlowsOnAndCarriesGradients() {
        Module fc = net.module("fc");
        try (ForwardHook.Registration hook = net.module("pool").onForward((m, in, out) -> Ops.mul(out, 0))) {
            net.apply(Tensors.randn(2, 3, 8, 8)).sum().backward();
        }
        assertThat(Tensors.toFloats(fc.ownParameters().get("weight").grad())).containsOnly(0);
        assertThat(Tensors.toFloats(fc.ownParameters().get("bias").grad())).containsOnly(2);
    }

    @Test
    void hooksAreGoneOnceClosedEvenTwice() {
        ForwardHook hook = (m, in, out) -> null;
        ForwardHook.Registration a = net.module("conv").onForward(hook);
        ForwardHook.Registration b = net.module("conv").onForward(hook);
        assertThat(net.hookCount()).isEqualTo(2);
        a.close();
        a.close();
        assertThat(net.hookCount()).isEqualTo(1);
        b.close();
        assertThat(net.hookCount()).isZero();
    }

    @Test
    void hooksAreGoneAfterAnException() {
        assertThatThrownBy(() -> {
                    try (ForwardHook.Registration hook = net.module("bn").onForward((m, in, out) -> {
                        throw new IllegalStateException("expected");
                    })) {
                        net.apply(Tensors.randn(2, 3, 8, 8));
                    }
                })
                .hasMessage("expected");
        assertThat(net.hookCount()).isZero();
        assertThat(net.apply(Tensors.randn(2, 3, 8, 8)).shape()).containsExactly(2, 3);
    }

    @Test
    void withoutGradientsALayerClosesWhatItMadeUnlessAHookMayKeepIt() {
        List<Tensor> seen = new ArrayList<>();
        ForwardHook hook = (m, in, out) -> {
            seen.add(out);
            return null;
        };
        Tensor x = Tensors.randn(2, 3, 8, 8);
        try (ForwardHook.Registration registered = net.module("bn").onForwardWithoutKeeping(hook)) {
            net.apply(x);
            try (NoGrad noGrad = NoGrad.on()) {
                net.apply(x);
            }
        }
        try (ForwardHook.Registration registered = net.module("bn").onForward(hook);
                NoGrad noGrad = NoGrad.on()) {
            net.apply(x);
        }
        assertThat(seen).extracting(one -> one.isNull()).containsExactly(false, true, false);
    }

    /** Return a member of a tuple, as LSTMs do. */
    private static final class Greatest extends Module {
        @Override
        protected Tensor forward(Tensor x) {
            return torch.max(x, 1L, true).get0();
        }
    }

    @Test
    void membersOfTuplesOutliveTheirTuple() {
        Tensor x = Tensors.of(new float[] {1, 7, 3, 2, 5, 4}, 2, 3);
        try (Module rows = new Sequential(new Greatest(), new ReLU());
                Capture capture = Capture.of(rows, List.of("0"));
                NoGrad noGrad = NoGrad.on()) {
            capture.start();
            assertThat(Tensors.toFloats(rows.apply(x))).containsExactly(7, 5);
            Tensors.randn(2, 1);
            assertThat(Tensors.toFloats(capture.get("0"))).containsExactly(7, 5);
        }
        try (Module rows = new Greatest()) {
            assertThat(Tensors.toFloats(rows.predict(x))).containsExactly(7, 5);
        }
    }

    @Test
    void aCaptureKeepsWhatItSawUntilItStops() {
        Tensor kept;
        try (Capture capture = Capture.of(net, List.of("bn", "pool:input"));
                NoGrad noGrad = NoGrad.on()) {
            capture.start();
            net.apply(Tensors.randn(2, 3, 8, 8));
            kept = capture.get("bn");
            assertThat(kept.shape()).containsExactly(2, 4, 4, 4);
            assertThat(capture.get("pool:input").shape()).containsExactly(2, 4, 4, 4);
            capture.stop();
            assertThat(kept.isNull()).isTrue();
        }
    }

    @Test
    void hooksSeeFeaturesAsTheyWereBeforeAnInPlaceReLU() {
        net.eval();
        Tensor x = Tensors.randn(2, 3, 8, 8);
        Tensor[] kept = new Tensor[2];
        try (NoGrad noGrad = NoGrad.on()) {
            float[] without = Tensors.toFloats(net.apply(x));
            try (ForwardHook.Registration hook = keep(net.module("bn"), kept)) {
                assertThat(Tensors.toFloats(net.apply(x))).containsExactly(without);
            }
        }
        assertThat(Tensors.toFloats(kept[0])).containsExactly(Tensors.toFloats(kept[1]));
        assertThat(kept[1].min().item_double()).isNegative();
    }

    @Test
    void residualBlocksKeepFeaturesForHooksToo() {
        try (Module resnet = Zoo.CIFAR_RESNET8.create(2);
                NoGrad noGrad = NoGrad.on()) {
            resnet.eval();
            Tensor[] kept = new Tensor[2];
            try (ForwardHook.Registration hook = keep(resnet.module("layer1.0.bn2"), kept)) {
                resnet.apply(Tensors.randn(2, 3, 8, 8));
            }
            assertThat(Tensors.toFloats(kept[0])).containsExactly(Tensors.toFloats(kept[1]));
        }
    }

    @Test
    void trainAndEvalReachEverythingBelow() {
        net.eval();
        assertThat(net.modules().values()).noneMatch(Module::isTraining);
        net.module("bn").train();
        assertThat(net.isTraining()).isFalse();
        assertThat(net.module("bn").isTraining()).isTrue();
        net.train();
        assertThat(net.modules().values()).allMatch(Module::isTraining);
    }

    @Test
    void evalModeAndKeepModesGiveMixedModesBack() {
        net.module("bn").eval();
        net.module("fc").eval();
        Map<String, Boolean> before = modes();
        try (Module.ModeGuard guard = net.evalMode()) {
            assertThat(modes().values()).containsOnly(false);
        }
        assertThat(modes()).isEqualTo(before);
        try (Module.ModeGuard guard = net.keepModes()) {
            assertThat(modes()).isEqualTo(before);
            net.train();
        }
        assertThat(modes()).isEqualTo(before);
        assertThatThrownBy(() -> {
                    try (Module.ModeGuard guard = net.evalMode()) {
                        throw new IllegalStateException("expected");
                    }
                })
                .hasMessage("expected");
        assertThat(modes()).isEqualTo(before);
    }

    @Test
    void predictLeavesModesStatisticsAndGradientModeAlone() {
        String before = net.sha256();
        Tensor logits = net.predict(Tensors.randn(4, 3, 8, 8));
        assertThat(logits.requires_grad()).isFalse();
        assertThat(net.sha256()).isEqualTo(before);
        assertThat(net.isTraining()).isTrue();
        assertThat(net.apply(Tensors.randn(2, 3, 8, 8)).requires_grad()).isTrue();
    }

    @Test
    void predictingWithAnIdentityLeavesTheInputToTheCaller() {
        try (Tensor input = Scope.retain(Tensors.of(new float[] {1, 2}, 2));
                Module identity = new Sequential()) {
            try (Scope inner = Scope.open()) {
                identity.predict(input);
            }
            assertThat(Tensors.toFloats(input)).containsExactly(1, 2);
        }
    }

    @Test
    void freezingStopsGradientsBelowThatModule() {
        net.module("conv").freeze();
        net.module("bn").freeze();
        assertThat(net.parameters())
                .allSatisfy((name, tensor) ->
                        assertThat(tensor.requires_grad()).as(name).isEqualTo(name.startsWith("fc.")));
        net.apply(Tensors.randn(2, 3, 8, 8)).sum().backward();
        assertThat(Tensors.hasGrad(net.parameters().get("conv.weight"))).isFalse();
        assertThat(Tensors.hasGrad(net.parameters().get("fc.weight"))).isTrue();
        net.unfreeze();
        assertThat(net.parameters().values()).allMatch(Tensor::requires_grad);
    }

    @Test
    void convertingKeepsIdentityGradientFlagsAndCounters() {
        Tensor weight = net.parameters().get("conv.weight");
        net.module("fc").freeze();
        net.to(DType.FLOAT64);
        assertThat(net.parameters().get("conv.weight")).isSameAs(weight);
        assertThat(DType.of(weight)).isEqualTo(DType.FLOAT64);
        assertThat(weight.requires_grad()).isTrue();
        assertThat(net.parameters().get("fc.weight").requires_grad()).isFalse();
        assertThat(DType.of(net.module("bn").ownBuffers().get("num_batches_tracked")))
                .isEqualTo(DType.INT64);
        Tensor adapted = net.adapt(Inputs.of(Tensors.randn(2, 3, 8, 8))).only();
        assertThat(DType.of(adapted)).isEqualTo(DType.FLOAT64);
        assertThat(DType.of(net.apply(adapted))).isEqualTo(DType.FLOAT64);
    }

    @Test
    void parametersOutliveTheScopeTheyWereMadeIn() {
        Module made;
        try (Scope inner = Scope.open()) {
            made = new TinyNet(2);
        }
        assertThat(made.predict(Tensors.randn(1, 3, 8, 8)).shape()).containsExactly(1, 2);
        List<Tensor> parameters = List.copyOf(made.parameters().values());
        made.close();
        made.close();
        assertThat(parameters).isNotEmpty().allMatch(tensor -> tensor.isNull());
        assertThatThrownBy(made::parameters).hasMessageStartingWith("the network tiny is closed");
    }

    /** Record a module's output and a copy of its current values. */
    private static ForwardHook.Registration keep(Module module, Tensor[] kept) {
        return module.onForward((m, in, out) -> {
            kept[0] = out;
            kept[1] = out.clone();
            return null;
        });
    }

    private Map<String, Boolean> modes() {
        Map<String, Boolean> modes = new LinkedHashMap<>();
        net.modules().forEach((path, module) -> modes.put(path, module.isTraining()));
        return modes;
    }

    private static ForwardHook.Registration record(Module net, String path, Map<String, List<long[]>> seen) {
        return net.module(path).onForward((module, inputs, out) -> {
            assertThat(module).isSameAs(net.module(path));
            seen.put(path, List.of(inputs.only().shape(), out.shape()));
            return null;
        });
    }
}
