package dev.limbeck.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.Data;
import dev.limbeck.nn.ChannelGroup;
import dev.limbeck.nn.Conv2d;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.Prunable;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.GivenBatches;
import dev.limbeck.train.Learner;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.WideResNet;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WeightSelectionTest {
    private static final List<String> CLASSES = List.of("cat", "dog", "fish");

    private static Data data(String... classes) {
        return new GivenBatches(1, 2, classes.length, b -> Tensors.randn(2, 3, 8, 8), b -> new long[] {0, 1}, true)
                .shaped(3, 8, 8)
                .named(classes);
    }

    private static SavedModel larger(Architecture architecture, String... classes) {
        Tensors.seed(3);
        Module network = architecture.create(Math.max(1, classes.length));
        return saved(network, architecture, classes);
    }

    private static SavedModel saved(Module network, Architecture architecture, String... classes) {
        network.eval();
        return new SavedModel(
                network,
                architecture.name(),
                new Task.SingleLabel(List.of(classes)),
                true,
                Map.of(),
                network.sha256(),
                Path.of("big"),
                null,
                List.of());
    }

    private static StartingWeights start(
            SavedModel from, Module network, Architecture architecture, String... classes) {
        return WeightSelection.load(from, network, architecture, data(classes));
    }

    private static Map<String, float[]> values(Module network) {
        try (StateDict state = network.stateDict()) {
            Map<String, float[]> values = new LinkedHashMap<>();
            state.names().stream()
                    .filter(name -> !name.endsWith("num_batches_tracked"))
                    .forEach(name -> values.put(name, Tensors.toFloats(state.get(name))));
            return values;
        }
    }

    @Test
    void aResNet18StartsFromTheseBlocksOfAResNet34() {
        try (SavedModel from = larger(Zoo.RESNET34, "cat", "dog", "bird");
                Module network = Zoo.RESNET18.create(3)) {
            float[] head = values(network).get("fc.weight");
            StartingWeights start = start(from, network, Zoo.RESNET18, "cat", "dog", "fish");
            assertThat(start.lines())
                    .containsExactly(
                            "starts from resnet34 (big): 100 of 102 tensors copied, 2 initialized: fc (other classes)",
                            "blocks of resnet34 that start the student's: layer1 from 0, 1; layer2 from 0, 2;"
                                    + " layer3 from 0, 3; layer4 from 0, 1");
            assertThat(start.sha256()).isEqualTo(from.sha256());
            Map<String, float[]> own = values(network);
            Map<String, float[]> other = values(from.module());
            Map.of(
                            "conv1.weight", "conv1.weight",
                            "layer1.1.conv2.weight", "layer1.1.conv2.weight",
                            "layer2.0.downsample.0.weight", "layer2.0.downsample.0.weight",
                            "layer2.1.bn1.running_var", "layer2.2.bn1.running_var",
                            "layer3.1.conv1.weight", "layer3.3.conv1.weight",
                            "layer4.1.conv2.weight", "layer4.1.conv2.weight")
                    .forEach(
                            (name, source) -> assertThat(own.get(name)).as(name).isEqualTo(other.get(source)));
            assertThat(own.get("fc.weight")).isEqualTo(head);
        }
    }

    @Test
    void aResNet20StartsFromEveryThirdBlockOfAResNet56AndItsHead() {
        try (SavedModel from = larger(Zoo.CIFAR_RESNET56, "cat", "dog", "fish");
                Module network = Zoo.CIFAR_RESNET20.create(3)) {
            StartingWeights start = start(from, network, Zoo.CIFAR_RESNET20, "fish", "cat", "dog");
            assertThat(start.blocks())
                    .isEqualTo(
                            Map.of("layer1", List.of(0, 3, 6), "layer2", List.of(0, 3, 6), "layer3", List.of(0, 3, 6)));
            assertThat(start.lines().get(0)).isEqualTo("starts from cifar-resnet56 (big): 97 of 97 tensors copied");
            Map<String, float[]> own = values(network);
            Map<String, float[]> other = values(from.module());
            for (int stage = 1; stage <= 3; stage++) {
                for (int block = 0; block < 3; block++) {
                    String rest = ".conv2.weight";
                    assertThat(own.get("layer" + stage + "." + block + rest))
                            .isEqualTo(other.get("layer" + stage + "." + 3 * block + rest));
                }
            }
            // The rows of the classifier are in the order of the student's classes.
            float[] head = own.get("linear.weight");
            float[] of = other.get("linear.weight");
            for (int i = 0; i < 64; i++) {
                assertThat(head[i]).isEqualTo(of[2 * 64 + i]);
                assertThat(head[64 + i]).isEqualTo(of[i]);
                assertThat(head[128 + i]).isEqualTo(of[64 + i]);
            }
        }
    }

    /** Of 8 channels every second one is kept, of 12 channels these five: 0, 2, 4, 7, 9. */
    @Test
    void aNarrowerCnnStartsFromTheseChannels() {
        Architecture wide = Zoo.byName("small-cnn-8-12");
        Architecture narrow = Zoo.byName("small-cnn-4-5");
        int[] first = {0, 2, 4, 6};
        int[] second = {0, 2, 4, 7, 9};
        try (SavedModel from = larger(wide, "cat", "dog", "fish");
                Module network = narrow.create(2)) {
            StartingWeights start = start(from, network, narrow, "dog", "cat");
            assertThat(start.lines())
                    .containsExactly("starts from small-cnn-8-12 (big): 1 of 12 tensors copied, 11 sliced");
            Map<String, float[]> own = values(network);
            Map<String, float[]> other = values(from.module());
            for (int out = 0; out < 4; out++) {
                for (int i = 0; i < 27; i++) {
                    assertThat(own.get("features.0.weight")[27 * out + i])
                            .isEqualTo(other.get("features.0.weight")[27 * first[out] + i]);
                }
            }
            for (int out = 0; out < 5; out++) {
                for (int in = 0; in < 4; in++) {
                    for (int i = 0; i < 9; i++) {
                        assertThat(own.get("features.4.weight")[9 * (4 * out + in) + i])
                                .isEqualTo(other.get("features.4.weight")[9 * (8 * second[out] + first[in]) + i]);
                    }
                }
                assertThat(own.get("classifier.weight")[out])
                        .isEqualTo(other.get("classifier.weight")[12 + second[out]]);
            }
        }
    }

    /**
     * A wide network whose even channels are a narrow network, and whose odd channels are zero, computes what the narrow one does. The
     * selection returns the narrow one, along both sides of every residual sum.
     */
    @Test
    void channelsOfZerosAreTheOnesThatAreDropped() {
        Architecture narrow = WideResNet.of(16, 2);
        Architecture wide = Zoo.byName("wrn-16-4");
        Tensors.seed(5);
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on();
                Module small = narrow.create(3);
                Module large = wide.create(3);
                Module network = narrow.create(3)) {
            for (String name : List.of("running_mean", "weight", "bias")) {
                small.modules().values().stream()
                        .filter(module -> module.ownBuffers().containsKey("running_mean"))
                        .forEach(norm -> Ops.uniform_(
                                norm.ownParameters()
                                        .getOrDefault(name, norm.ownBuffers().get("running_mean")),
                                0.5,
                                1.5));
            }
            spread(small, large);
            Tensor images = Tensors.randn(2, 3, 16, 16);
            double[] expected = Tensors.toDoubles(small.predict(images));
            double[] widened = Tensors.toDoubles(large.predict(images));
            for (int i = 0; i < expected.length; i++) {
                assertThat(widened[i]).isCloseTo(expected[i], within(1e-4 * (1 + Math.abs(expected[i]))));
            }
            StartingWeights start =
                    start(saved(large, wide, "cat", "dog", "fish"), network, narrow, CLASSES.toArray(String[]::new));
            assertThat(start.sliced()).isGreaterThan(60);
            assertThat(start.initialized()).isZero();
            assertThat(network.sha256()).isEqualTo(small.sha256());
            assertThat(Tensors.toDoubles(network.predict(images))).isEqualTo(expected);
        }
    }

    /** Write each tensor of a network to the even channels of a wider one, and zeros to the others. */
    private static void spread(Module small, Module large) {
        try (StateDict from = small.stateDict();
                StateDict to = large.stateDict()) {
            for (String name : List.copyOf(to.names())) {
                Tensor value = to.get(name);
                if (value.dim() == 0) continue;
                Tensor zeros = Tensors.zerosLike(value);
                Tensor own = from.get(name);
                for (int axis = 0; axis < own.dim(); axis++) own = widened(own, axis, value.size(axis));
                to.put(name, Scope.retain(Tensors.copy(zeros.add(own))));
            }
            large.load(to);
        }
    }

    private static Tensor widened(Tensor x, int axis, long size) {
        if (x.size(axis) == size) return x;
        assertThat(size).isEqualTo(2 * x.size(axis));
        // Slices with zeros between them.
        List<Tensor> slices = new ArrayList<>();
        for (long i : LongStream.range(0, x.size(axis)).toArray()) {
            Tensor slice = Ops.indexSelect(x, axis, Tensors.of(new long[] {i}, 1));
            slices.add(slice);
            slices.add(Tensors.zerosLike(slice));
        }
        return Ops.cat(axis, slices.toArray(Tensor[]::new));
    }

    @ParameterizedTest
    @CsvSource({
        "cifar-resnet8+concat, another head",
        "cifar-resnet8,        without class names",
    })
    void aHeadThatDoesNotFitIsDrawn(String larger, String reason) {
        String[] classes = larger.contains("+") ? CLASSES.toArray(String[]::new) : new String[0];
        try (SavedModel from = larger(Zoo.byName(larger), classes);
                Module network = Zoo.CIFAR_RESNET8.create(3)) {
            StartingWeights start = start(from, network, Zoo.CIFAR_RESNET8, CLASSES.toArray(String[]::new));
            assertThat(start.lines())
                    .containsExactly("starts from " + larger
                            + " (big): 35 of 37 tensors copied, 2 initialized: linear (" + reason + ")");
        }
    }

    @Test
    void anotherTaskHasANewHead() {
        Task.Regression of = new Task.Regression(List.of("a"), List.of(1.0), List.of(2.0));
        try (SavedModel plain = larger(Zoo.SMALL_CNN, "a");
                Module network = Zoo.SMALL_CNN.create(1)) {
            SavedModel from = new SavedModel(
                    plain.module(),
                    plain.architecture(),
                    of,
                    true,
                    Map.of(),
                    plain.sha256(),
                    plain.file(),
                    null,
                    List.of());
            assertThat(start(from, network, Zoo.SMALL_CNN, "a").heads()).containsEntry("classifier", "another task");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "wrn-16-2      | cifar-resnet20 | it is of another family | cifar-resnet8 or cifar-resnet14 or cifar-resnet20",
                "cifar-resnet32| cifar-resnet20 | layer1 has 5 blocks, the source's 3 | cifar-resnet8 or cifar-resnet14 or cifar-resnet20",
                "small-cnn-4   | small-cnn-4-8  | features has 1 stages between poolings, the source's 2 | small-cnn-4-8",
                "small-cnn-9-8 | small-cnn-4-8  | features.0.weight is 9×3×3×3, the source's 4×3×3×3 | small-cnn-4-8",
                "wrn-16-1      | wrn-16-2       | it also has block1.0.convShortcut | wrn-16-2",
            })
    void whatDoesNotMatchIsNamedInOneLine(String student, String larger, String why, String matching) {
        Architecture architecture = Zoo.byName(student);
        try (SavedModel from = larger(Zoo.byName(larger), "cat", "dog", "fish");
                Module network = architecture.create(3)) {
            String before = network.sha256();
            String message = student + " cannot start from the weights of " + larger + " (big): " + why
                    + "; choose a student of its family that is no larger (--arch): " + matching
                    + ", or start from random weights (without --init)";
            assertThat(WeightSelection.isPossible(from, architecture)).isFalse();
            assertThatThrownBy(() -> WeightSelection.check(from, architecture))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage(message);
            assertThatThrownBy(() -> start(from, network, architecture, "cat", "dog", "fish"))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage(message);
            assertThat(network.sha256()).isEqualTo(before);
        }
    }

    /** The convolutions between two poolings are a list: 1 of 2 is kept, or 2 of 3. */
    @Test
    void aVgg11StartsFromAVgg16() {
        Architecture small = Zoo.VGG11_BN.withConcatHead();
        try (SavedModel from = larger(Zoo.VGG16_BN.withConcatHead(), "cat", "dog", "fish");
                Module network = small.create(3)) {
            StartingWeights start = start(from, network, small, "cat", "dog", "fish");
            assertThat(start.lines())
                    .containsExactly(
                            "starts from vgg16_bn+concat (big): 58 of 58 tensors copied",
                            "blocks of vgg16_bn+concat that start the student's: features.0 from 0; features.4 from 0;"
                                    + " features.8 from 0, 1; features.15 from 0, 1; features.22 from 0, 1");
            Map.of(
                            "features.4.weight", "features.7.weight",
                            "features.9.running_mean", "features.15.running_mean",
                            "features.11.weight", "features.17.weight",
                            "features.25.bias", "features.37.bias")
                    .forEach((name, source) -> {
                        try (StateDict own = network.stateDict();
                                StateDict other = from.module().stateDict()) {
                            assertThat(Tensors.toFloats(own.get(name)))
                                    .as(name)
                                    .isEqualTo(Tensors.toFloats(other.get(source)));
                        }
                    });
        }
    }

    /** VGG's own classifier reads 7×7 positions of each channel: column 49·c + p is of channel c. */
    @Test
    void theClassifierOfANarrowerVggKeepsThePositionsOfEachChannel() {
        Architecture wide = Zoo.byName("vgg11_bn@2-2-2-2-2-2-2-8");
        Architecture narrow = Zoo.byName("vgg11_bn@2-2-2-2-2-2-2-3");
        int[] chosen = {0, 2, 5};
        try (SavedModel from = larger(wide, "cat", "dog", "fish");
                Module network = narrow.create(3)) {
            StartingWeights start = start(from, network, narrow, "cat", "dog", "fish");
            assertThat(start.heads()).isEmpty();
            // The last convolution and its norm, and what reads them.
            assertThat(start.sliced()).isEqualTo(7);
            float[] own = values(network).get("classifier.0.weight");
            float[] other = values(from.module()).get("classifier.0.weight");
            for (int out : new int[] {0, 1, 4095}) {
                for (int channel = 0; channel < 3; channel++) {
                    for (int p = 0; p < 49; p++) {
                        assertThat(own[(3 * out + channel) * 49 + p])
                                .isEqualTo(other[(8 * out + chosen[channel]) * 49 + p]);
                    }
                }
            }
        }
    }

    /** Channels of larger maps have no counterpart in smaller ones, though there are as many columns here. */
    @Test
    void mapsOfOtherSizesAreNotPaired() {
        try (Module own = new Flattened(2, 4);
                Module other = new Flattened(8, 2)) {
            assertThat(PairedTensors.ofHeads("classifier", own, other).misfit())
                    .isEqualTo("classifier reads maps of 16 positions, the source's 4");
        }
    }

    private static final class Flattened extends Module implements Prunable {
        private final Module convolution;
        private final Module classifier;

        Flattened(long channels, long side) {
            convolution = child("convolution", Conv2d.of(3, channels, 3, 1, 1));
            classifier = child("classifier", new Linear(channels * side * side, 2));
        }

        @Override
        public List<ChannelGroup> channelGroups() {
            return List.of(ChannelGroup.of("convolution").into("classifier"));
        }

        @Override
        protected Tensor forward(Tensor x) {
            return classifier.apply(convolution.apply(x).flatten(1, -1));
        }
    }

    /** The concatenated pooling has all maxima before all means. */
    @Test
    void aConcatenatedPoolingIsChosenFromTwice() {
        Architecture wide = Zoo.byName("small-cnn-4-8+concat");
        Architecture narrow = Zoo.byName("small-cnn-4-3+concat");
        int[] chosen = {0, 2, 5, 8, 10, 13};
        try (SavedModel from = larger(wide, "cat", "dog", "fish");
                Module network = narrow.create(3)) {
            assertThat(start(from, network, narrow, "cat", "dog", "fish").heads())
                    .isEmpty();
            Map<String, float[]> own = values(network);
            Map<String, float[]> other = values(from.module());
            for (int out = 0; out < 512; out++) {
                for (int i = 0; i < 6; i++) {
                    assertThat(own.get("classifier.2.weight")[6 * out + i])
                            .isEqualTo(other.get("classifier.2.weight")[16 * out + chosen[i]]);
                }
            }
        }
    }

    /** Blocks keep their tokens and positions; their widths are chosen from. */
    @Test
    void aViTTinyStartsFromAViTSmall() {
        try (SavedModel from = larger(Zoo.VIT_SMALL, "cat", "dog", "fish");
                Module network = Zoo.VIT_TINY.create(3)) {
            StartingWeights start = start(from, network, Zoo.VIT_TINY, "cat", "dog", "fish");
            assertThat(start.lines())
                    .containsExactly("starts from vit_small_patch16_224 (big): 1 of 152 tensors copied, 151 sliced");
            float[] own = values(network).get("pos_embed");
            float[] other = values(from.module()).get("pos_embed");
            for (int token : new int[] {0, 7, 196}) {
                for (int i = 0; i < 192; i++) assertThat(own[192 * token + i]).isEqualTo(other[384 * token + 2 * i]);
            }
        }
    }

    @Test
    void aStudentThatLearnsForInt8StartsFromAFloatTeacher() {
        Architecture quantized = Zoo.CIFAR_RESNET8.quantizationAware();
        try (SavedModel from = larger(Zoo.CIFAR_RESNET14, "cat", "dog", "fish");
                Module network = quantized.create(3)) {
            StartingWeights start = start(from, network, quantized, "cat", "dog", "fish");
            assertThat(start.lines().get(0)).isEqualTo("starts from cifar-resnet14 (big): 37 of 37 tensors copied");
        }
    }

    @Test
    void aNetworkOfEmbeddingsHasNoClassifierToStart() {
        Architecture embedding = Zoo.byName("cifar-resnet8+embedding");
        try (SavedModel from = larger(Zoo.CIFAR_RESNET14, "cat", "dog", "fish");
                Module network = embedding.create(64)) {
            StartingWeights start = start(from, network, embedding, "cat", "dog");
            assertThat(start.lines().get(0)).isEqualTo("starts from cifar-resnet14 (big): 35 of 35 tensors copied");
        }
    }

    @Test
    void aLearnerStartsFromALargerModelAndTrainsAllOfIt() {
        List<String> log = new ArrayList<>();
        try (SavedModel from = larger(Zoo.CIFAR_RESNET14, "cat", "dog", "fish");
                Data data = data("cat", "dog", "fish");
                Learner plain = Learner.builder(data, Zoo.CIFAR_RESNET8).build();
                Learner learner = Learner.builder(data, Zoo.CIFAR_RESNET8)
                        .startFrom(from)
                        .log(log::add)
                        .build()) {
            assertThat(plain.start()).isNull();
            assertThat(learner.start()).isNotNull();
            assertThat(log).isEqualTo(learner.start().lines());
            assertThat(values(learner.model()).get("layer3.0.conv1.weight"))
                    .isEqualTo(values(from.module()).get("layer3.0.conv1.weight"));
            assertThat(learner.model().parameters().values()).allMatch(Tensor::requires_grad);
            assertThatThrownBy(() -> Learner.builder(data, Zoo.CIFAR_RESNET8)
                            .startFrom(from)
                            .weights(Path.of("other"))
                            .build())
                    .hasMessageContaining("found both; set one");
        }
    }
}
