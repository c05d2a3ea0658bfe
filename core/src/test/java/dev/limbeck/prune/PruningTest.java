package dev.limbeck.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.data.Split;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.ChannelGroup;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.ScriptWriter;
import dev.limbeck.nn.Summary;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.GivenBatches;
import dev.limbeck.train.TaskLoss;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PruningTest {
    private static final List<InputSpec> SMALL = List.of(InputSpec.floats(3, 8, 8));
    private static final List<InputSpec> IMAGES = List.of(InputSpec.floats(3, 32, 32));

    private final Module hand = hand();
    private final PrunableNetwork network = PrunableNetwork.of(hand, HandNet.ARCHITECTURE, SMALL);

    private static Module hand() {
        Tensors.seed(3);
        return HandNet.ARCHITECTURE.create(3);
    }

    static Stream<Architecture> convolutional() {
        return Stream.of(
                Zoo.CIFAR_RESNET20,
                Zoo.CIFAR_RESNET8.quantizationAware(),
                Zoo.RESNET18.withConcatHead(),
                Zoo.RESNET34,
                Zoo.RESNET50,
                Zoo.WRN_16_2,
                Zoo.SMALL_CNN,
                Zoo.SMALL_CNN.withBridge(24),
                Zoo.VGG11_BN.withConcatHead(),
                Zoo.MOBILENET_V2,
                Zoo.MOBILENET_V3_SMALL,
                Zoo.EFFICIENTNET_B0.withConcatHead(),
                Zoo.SHUFFLENET_V2);
    }

    /** 3·9·4·64 + 4·9·2·64 + 128·3 products, and 108 + 8 + 72 + 4·0 + 384 + 3 parameters; then with 2 and 1 channels. */
    @Test
    void costsAreThoseCountedByHand() {
        assertThat(network.cost()).isEqualTo(new Cost(11_904, 575));
        assertThat(network.cost(List.of(2L, 1L))).isEqualTo(new Cost(4_800, 54 + 4 + 18 + 192 + 3));
        try (Pruned pruned = network.keep(List.of(new int[] {1, 3}, new int[] {0}))) {
            assertThat(pruned.architecture().name()).isEqualTo("hand@2-1");
            assertThat(pruned.before()).isEqualTo(network.cost());
            assertThat(pruned.after()).isEqualTo(network.cost(List.of(2L, 1L)));
            assertThat(Summary.of(pruned.network(), SMALL).macs()).isEqualTo(4_800);
            assertThat(pruned.network().parameterCount()).isEqualTo(271);
            assertThat(pruned.layers())
                    .containsExactly(new Pruned.Layer("first", 4, 2), new Pruned.Layer("second", 2, 1));
        } finally {
            hand.close();
        }
    }

    @Test
    void normsOfFiltersAndScalesAreTheScores() {
        set(hand, "first.weight", i -> (i % 2 == 0 ? 1 : -1) * (i / 27 + 1) * 0.1);
        set(hand, "second.weight", i -> i / 36 - 1);
        set(hand, "norm.weight", i -> new double[] {0.5, -2, 0, 1}[i]);
        List<double[]> norms = Criterion.L1.scores(network, null, 1);
        assertThat(norms.get(0)).containsExactly(new double[] {2.7, 5.4, 8.1, 10.8}, within(1e-5));
        assertThat(norms.get(1)).containsExactly(36, 0);
        assertThatThrownBy(() -> Criterion.BN.scores(network, null, 1))
                .isInstanceOf(LimbeckException.class)
                .hasMessage(
                        "the criterion bn needs a batch norm behind each convolution that is pruned, found none behind"
                                + " second; take l1");
        hand.close();
        try (Module mobile = Zoo.MOBILENET_V2.create(2)) {
            set(mobile, "features.2.conv.0.1.weight", i -> i == 5 ? -3 : 1);
            set(mobile, "features.2.conv.1.1.weight", i -> i == 5 ? 0.5 : 2);
            List<double[]> scales = Criterion.BN.scores(PrunableNetwork.of(mobile, Zoo.MOBILENET_V2, IMAGES), null, 1);
            assertThat(scales).hasSize(17);
            assertThat(scales.get(0)[4]).isEqualTo(1.5);
            assertThat(scales.get(0)[5]).isEqualTo(1.75);
        }
    }

    /** γ·∂L/∂γ is the slope of the loss where γ grows by a factor 1 + t; and so for a filter. */
    @Test
    void taylorScoresAreSlopesOfTheLoss() {
        GivenBatches data = Toy.data(2, 6);
        hand.to(DType.FLOAT64);
        set(hand, "norm.weight", i -> 0.5 + 0.25 * i);
        set(hand, "norm.bias", i -> 0.1 * i);
        String before = hand.sha256();
        List<double[]> scores = Criterion.TAYLOR.scores(network, data, 2);
        assertThat(hand.sha256()).as("weights and statistics stay").isEqualTo(before);
        assertThat(hand.isTraining()).isTrue();
        for (int channel = 0; channel < 4; channel++) {
            assertThat(scores.get(0)[channel]).isCloseTo(slope(data, "norm.weight", channel, 1), within(1e-6));
        }
        for (int channel = 0; channel < 2; channel++) {
            assertThat(scores.get(1)[channel]).isCloseTo(slope(data, "second.weight", channel, 36), within(1e-6));
        }
        assertThat(scores.get(0)).doesNotContain(0).doesNotHaveDuplicates();
        hand.close();
    }

    /** Return the mean over the batches of |dL/dt| for values w·(1 + t) of a channel. */
    private double slope(GivenBatches data, String name, int channel, int each) {
        double step = 1e-6;
        double sum = 0;
        for (int batch = 0; batch < 2; batch++) {
            double up = loss(batch, name, channel, each, step);
            double down = loss(batch, name, channel, each, -step);
            sum += Math.abs(up - down) / (2 * step);
        }
        assertThat(data.size(Split.TRAIN)).isEqualTo(12);
        return sum / 2;
    }

    private double loss(int batch, String name, int channel, int each, double step) {
        double[] values = Tensors.toDoubles(hand.parameters().get(name));
        try (Scope scope = Scope.open();
                Module.ModeGuard mode = hand.evalMode();
                NoGrad noGrad = NoGrad.on()) {
            set(hand, name, i -> values[i] * (i / each == channel ? 1 + step : 1));
            Tensor images = Tensors.to(Toy.images(batch, 6, 1), DType.FLOAT64);
            Tensor labels = Tensors.of(Toy.labels(batch, 6), 6);
            return TaskLoss.crossEntropy(hand.apply(images), labels, null).item_double();
        } finally {
            set(hand, name, i -> values[i]);
        }
    }

    private interface Values {
        double at(int index);
    }

    private static void set(Module network, String name, Values values) {
        Tensor tensor = network.parameters().get(name);
        double[] all = IntStream.range(0, Math.toIntExact(tensor.numel()))
                .mapToDouble(values::at)
                .toArray();
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            tensor.copy_(Tensors.of(all, tensor.shape()));
        }
    }

    /** Every second channel of each group is silenced, then removed. */
    @ParameterizedTest
    @MethodSource("convolutional")
    void removingSilentChannelsChangesNothing(Architecture architecture) {
        Tensors.seed(5);
        try (Scope scope = Scope.open();
                Module network = architecture.create(5)) {
            Tensor x = Tensors.randn(2, 3, 32, 32);
            network.apply(x); // changes the running statistics from their initial values
            PrunableNetwork prunable = PrunableNetwork.of(network, architecture, IMAGES);
            assertThat(ChannelGroup.in(network)).hasSameSizeAs(architecture.widths());
            List<int[]> kept = new ArrayList<>();
            for (int group = 0; group < prunable.groups().size(); group++) {
                int width = Math.toIntExact(prunable.widths().get(group));
                silence(network, prunable.groups().get(group), width);
                kept.add(IntStream.range(0, width).filter(c -> c % 2 == 1).toArray());
            }
            float[] expected = Tensors.toFloats(network.predict(x));
            float largest = largest(expected);
            try (Pruned pruned = prunable.keep(kept)) {
                assertThat(Tensors.toFloats(pruned.network().predict(x)))
                        .containsExactly(expected, within(tolerance(architecture, 1e-5f) * largest));
                Summary found = Summary.of(pruned.network(), IMAGES);
                assertThat(pruned.after()).isEqualTo(new Cost(found.macs(), found.parameters()));
            }
        }
    }

    /** Return the tolerance of a network; where it rounds to int8, sums in another order may end one step beside. */
    private static float tolerance(Architecture architecture, float otherwise) {
        return architecture.isQuantizationAware() ? 0.02f : otherwise;
    }

    private static float largest(float... values) {
        float largest = 0;
        for (float value : values) largest = Math.max(largest, Math.abs(value));
        assertThat(largest).isGreaterThan(1e-6f);
        return largest;
    }

    private static void silence(Module network, ChannelGroup group, int width) {
        for (ChannelGroup.Part part : group.producers()) {
            for (String name : List.of("weight", "bias")) {
                Tensor tensor = network.module(part.path()).ownParameters().get(name);
                if (tensor == null) continue;
                double[] values = Tensors.toDoubles(tensor);
                int each = values.length / Math.toIntExact(tensor.size(0));
                set(network, part.path() + "." + name, i -> i / each % width % 2 == 0 ? 0 : values[i]);
            }
            Tensor mean = network.module(part.path()).ownBuffers().get("running_mean");
            if (mean == null) continue;
            try (Scope scope = Scope.open();
                    NoGrad noGrad = NoGrad.on()) {
                Ops.fill_(mean, 0);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("convolutional")
    void halfOfEachNetworkTrainsSavesAndExports(Architecture architecture, @TempDir Path folder) {
        Tensors.seed(6);
        Path file = folder.resolve("pruned.safetensors");
        try (Scope scope = Scope.open();
                Module network = architecture.create(3)) {
            PrunableNetwork prunable = PrunableNetwork.of(network, architecture, IMAGES);
            Criterion criterion = architecture.name().startsWith("resnet") ? Criterion.BN : Criterion.L1;
            Task task = new Task.SingleLabel(List.of("a", "b", "c"));
            SavedModel model =
                    new SavedModel(network, architecture.name(), task, true, Map.of(), "", file, null, List.of());
            try (Pruned pruned = new Pruning(criterion).toShare(prunable, 0.5)) {
                assertThat((double) pruned.after().macs() / pruned.before().macs())
                        .isBetween(0.47, 0.5);
                assertThat(pruned.after().parameters())
                        .isLessThan(pruned.before().parameters());
                Tensor x = Tensors.randn(4, 3, 32, 32);
                double before = step(pruned.network(), x);
                assertThat(step(pruned.network(), x)).isLessThan(before);
                pruned.save(file, model);
                float[] expected = Tensors.toFloats(pruned.network().predict(x));
                try (SavedModel again = SavedModel.open(file, null);
                        Script script = ScriptWriter.compile(again.module())) {
                    assertThat(again.architecture())
                            .isEqualTo(pruned.architecture().name());
                    assertThat(again.classNames()).isEqualTo(task.names());
                    assertThat(Tensors.toFloats(again.module().predict(x))).containsExactly(expected);
                    assertThat(Tensors.toFloats(script.forward(x)))
                            .containsExactly(expected, within(tolerance(architecture, 1e-4f) * largest(expected)));
                    // A pruned network is an ordinary one, so it can be pruned further.
                    PrunableNetwork smaller = PrunableNetwork.of(again, IMAGES);
                    assertThat(smaller.cost()).isEqualTo(pruned.after());
                    try (Pruned less = new Pruning(Criterion.L1).least(0).toShare(smaller, 0.8)) {
                        assertThat(less.architecture().name()).doesNotMatch(".*@.*@.*");
                    }
                }
            }
        }
    }

    /** Train a small step of plain gradient descent, and return the loss before it. */
    private static double step(Module network, Tensor x) {
        network.train();
        try (Scope scope = Scope.open()) {
            Tensors.seed(7); // the same dropout in each step
            Tensor loss = Ops.crossEntropy(network.apply(x), Tensors.of(new long[] {0, 1, 2, 0}, 4));
            List<Tensor> weights = List.copyOf(network.parameters().values());
            List<Tensor> gradients = Ops.gradients(loss, weights);
            assertThat(gradients).doesNotContainNull();
            double squares = gradients.stream()
                    .mapToDouble(gradient -> gradient.square().sum().item_double())
                    .sum();
            try (NoGrad noGrad = NoGrad.on()) {
                for (int i = 0; i < weights.size(); i++) {
                    Ops.addScaled_(weights.get(i), gradients.get(i), -1e-3 / Math.sqrt(squares));
                }
            }
            return loss.item_double();
        }
    }

    @Test
    void theLowestScoresAreRemovedFirst() {
        set(hand, "first.weight", i -> new double[] {4, 1, 3, 2}[i / 27]);
        set(hand, "second.weight", i -> i < 36 ? 1 : 1.05);
        set(hand, "norm.weight", i -> i);
        // Relative to their layers' means: 1.6, 0.4, 1.2, 0.8 and 0.98, 1.02.
        try (Pruned pruned = new Pruning(Criterion.L1).toMacs(network, 6_200)) {
            assertThat(pruned.architecture().widths()).containsExactly(2L, 2L);
            // The channels 0 and 2 of the first layer stay.
            assertThat(Tensors.toFloats(pruned.network().parameters().get("norm.weight")))
                    .containsExactly(0, 2);
        }
        assertRefused(
                () -> new Pruning(Criterion.L1).multiple(4).toMacs(network, 11_900),
                "hand cannot be pruned further: each layer has its fewest channels; lower the least share or the multiple");
        // A share of the channels before an earlier pruning.
        assertRefused(
                () -> new Pruning(Criterion.L1).whole(List.of(40L, 40L)).toMacs(network, 11_900),
                "hand cannot be pruned further: each layer has its fewest channels; lower the least share or the multiple");
        try (Pruned pruned = new Pruning(Criterion.L1).byRatio(network, 0.5, Map.of("second", 0.0))) {
            assertThat(pruned.architecture().widths()).containsExactly(2L, 2L);
        } finally {
            hand.close();
        }
    }

    @Test
    void aTargetThatNothingMeetsIsAnsweredWithTheNearest() {
        Pruning pruning = new Pruning(Criterion.TAYLOR);
        // 3·9·64 + 9·64 + 64·3 = 2,496 of 11,904
        assertRefused(
                () -> pruning.toShare(network, 0.1),
                "hand cannot be pruned to 1,190 MACs: with at least 10 % of each layer's channels it has 2,496; the"
                        + " nearest target is 0.21 of its MACs; raise the target, or lower the least share");
        assertRefused(
                () -> pruning.toShare(network, 0.5),
                "the criterion taylor needs data; name it (--data), or take l1 or bn");
        assertRefused(() -> pruning.toShare(network, 1), "share of MACs must be above 0 and below 1, found 1.0");
        Pruning norms = new Pruning(Criterion.L1);
        assertRefused(
                () -> norms.byRatio(network, 0.5, Map.of("first", 1.0)),
                "the ratio of first must be at least 0 and below 1, found 1.0, which would empty the layer");
        assertRefused(
                () -> norms.byRatio(network, 0.5, Map.of("secnd", 0.5)),
                "no layer that can be pruned 'secnd' in hand; nearest: second, first");
        assertRefused(
                () -> norms.byRatio(network, 0.1, Map.of()),
                "these ratios remove no channel of hand, found 0.1; raise them");
        assertRefused(
                () -> network.keep(List.of(new int[] {0}, new int[0])),
                "second must keep at least one of its 2 channels, in ascending order, found []");
        hand.close();
    }

    @Test
    void networksWithoutTheCapabilityAreRefused() {
        hand.close();
        try (Module tiny = TinyNet.ARCHITECTURE.create(3);
                Module wrong = HandNet.ARCHITECTURE.withWidths(List.of(3L, 2L)).create(3)) {
            assertRefused(
                    () -> PrunableNetwork.of(tiny, TinyNet.ARCHITECTURE, SMALL),
                    "tiny has no channels that can be pruned; choose a convolutional network of the zoo, or let its blocks"
                            + " be Prunable");
            assertRefused(
                    () -> PrunableNetwork.of(wrong, HandNet.ARCHITECTURE, SMALL),
                    "first has 3 channels, but its group first says 4; correct channelGroups() or the widths");
            assertRefused(
                    () -> PrunableNetwork.of(
                            tiny, TinyNet.ARCHITECTURE.prunable(List.of(4L), widths -> TinyNet.ARCHITECTURE), SMALL),
                    "tiny describes the widths of 1 groups of channels, its network names 0; channelGroups() must name as"
                            + " many");
        }
    }

    private static void assertRefused(ThrowingCallable what, String message) {
        assertThatThrownBy(what).isInstanceOf(LimbeckException.class).hasMessage(message);
    }

    @Test
    void namesHaveTheWidths() {
        hand.close();
        Architecture small = Zoo.byName("cifar-resnet8@9-20-40+concat");
        assertThat(small.name()).isEqualTo("cifar-resnet8@9-20-40+concat");
        assertThat(small.widths()).containsExactly(9L, 20L, 40L);
        assertThat(Zoo.byName("cifar-resnet8@16-32-64").name()).isEqualTo("cifar-resnet8");
        assertThat(small.withWidths(List.of(16L, 32L, 64L)).name()).isEqualTo("cifar-resnet8+concat");
        assertThat(Zoo.SMALL_CNN.withWidths(List.of(8L, 9L, 10L)).name()).isEqualTo("small-cnn-8-9-10");
        try (Module network = small.create(10);
                Module whole = Zoo.CIFAR_RESNET8.create(10)) {
            assertThat(network.parameters().get("layer2.0.conv1.weight").shape())
                    .containsExactly(20, 16, 3, 3);
            assertThat(network.parameters().keySet())
                    .containsAll(whole.parameters().keySet().stream()
                            .filter(name -> !name.startsWith("linear"))
                            .toList());
        }
        String expected = "cifar-resnet8 has 3 layers that can be pruned, of 1 to 16, 32, 64 channels, found ";
        assertRefused(() -> Zoo.byName("cifar-resnet8@9-20"), expected + "2: 9, 20");
        assertRefused(() -> Zoo.byName("cifar-resnet8@9-20-65"), expected + "3: 9, 20, 65");
        assertRefused(
                () -> Zoo.byName("cifar-resnet8@9-0-4"),
                "expected widths behind cifar-resnet8@ such as 8-16-16, or a share such as 0.5, found '9-0-4'");
        assertThat(Zoo.find("cifar-resnet8@9-20")).isEmpty();
        assertThatThrownBy(() -> Zoo.byName("cifar-resnet9@9-20-4")).hasMessageStartingWith("no architecture");
        assertThatThrownBy(() -> Zoo.byName("vit-tiny@9")).isInstanceOf(LimbeckException.class);
        assertThat(Arrays.asList(Zoo.VGG16_BN, Zoo.RESNET152, Zoo.MOBILENET_V3_LARGE))
                .extracting(architecture -> architecture.widths().size())
                .containsExactly(13, 100, 15);
    }
}
