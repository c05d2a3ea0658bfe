package dev.limbeck.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.limbeck.ClosedForm;
import dev.limbeck.Golden;
import dev.limbeck.LimbeckException;
import dev.limbeck.nn.BatchNorm2d;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.ScriptWriter;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.weights.TorchScriptFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ZooTest {
    static Stream<JsonNode> published() {
        return StreamSupport.stream(Golden.read("zoo.json").get("models").spliterator(), false);
    }

    @ParameterizedTest
    @MethodSource("published")
    void networksEqualTorchvisionsAndTimms(JsonNode golden) {
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on();
                Module network = Zoo.byName(golden.get("name").asText())
                        .create(golden.get("classes").asInt())) {
            assertThat(network.parameterCount())
                    .isEqualTo(golden.get("parameters").asLong());
            List<String> names = namesAndShapes(network);
            assertThat(names).hasSize(golden.get("tensors").asInt());
            assertThat(sha256(names))
                    .as("%s", names)
                    .isEqualTo(golden.get("state_dict_sha256").asText());
            ClosedForm.fill(network, 0);
            network.to(DType.FLOAT64);
            network.eval();
            network.modules().values().stream()
                    .filter(BatchNorm2d.class::isInstance)
                    .forEach(Module::train);
            long size = golden.get("image_size").asLong();
            Tensor logits = network.apply(Tensors.to(ClosedForm.images(0, 4, 3, size, size), DType.FLOAT64));
            double[] found = Tensors.toDoubles(logits);
            double largest = Arrays.stream(found).map(Math::abs).max().orElseThrow();
            for (int row : new int[] {0, 3}) {
                double[] expected = Golden.doubles(golden.get("logits_row_" + row));
                assertThat(Arrays.copyOfRange(found, row * 10, row * 10 + 10))
                        .containsExactly(expected, within(1e-6 * largest));
            }
        }
    }

    @Test
    void cifarResNetHasTheNamesOfThePublicCheckpoints() {
        try (Module network = Zoo.CIFAR_RESNET20.create(10)) {
            assertThat(namesAndShapes(network))
                    .filteredOn(line -> !line.startsWith("num_batches_tracked") && !line.contains(".num_batches_"))
                    .isEqualTo(namesAndShapes(Golden.read("cifar-resnet20-names.json")));
            assertThat(network.parameterCount()).isEqualTo(269_722);
        }
    }

    /** Sizes for 10 classes, from the widths of Zagoruyko and Komodakis (2016). */
    @ParameterizedTest
    @CsvSource({"wrn-16-2, 691674", "wrn-28-2, 1467610", "wrn-40-2, 2243546", "wrn-28-10, 36479194"})
    void wideResNetHasThePublishedSize(String name, long parameters) {
        try (Module network = Zoo.byName(name).create(10)) {
            assertThat(network.parameterCount()).isEqualTo(parameters);
        }
    }

    @Test
    void anUnknownArchitectureIsAnsweredWithTheNearest() {
        assertThatThrownBy(() -> Zoo.byName("resnet-18"))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith("no architecture 'resnet-18'; nearest: resnet18");
    }

    static Stream<Architecture> scripted() {
        return Stream.of(
                Zoo.RESNET18,
                Zoo.RESNET50,
                Zoo.CIFAR_RESNET20,
                Zoo.CIFAR_RESNET8.withConcatHead(),
                Zoo.MOBILENET_V2,
                Zoo.MOBILENET_V3_SMALL,
                Zoo.EFFICIENTNET_B0,
                Zoo.SHUFFLENET_V2,
                Zoo.VGG11_BN.withConcatHead(),
                Zoo.WRN_16_2,
                Zoo.SMALL_CNN,
                Zoo.VIT_TINY,
                Zoo.DEIT_TINY);
    }

    @ParameterizedTest
    @MethodSource("scripted")
    void scriptSavedAndLoadedGivesEqualOutputs(Architecture architecture, @TempDir Path folder) {
        Path file = folder.resolve("network.pt");
        Tensors.seed(4);
        try (Scope scope = Scope.open();
                Module network = architecture.create(5)) {
            int side = Math.min(architecture.imageSize(), architecture.name().contains("patch16") ? 224 : 32);
            Tensor x = Tensors.randn(2, 3, side, side);
            network.apply(x); // changes the running statistics from their initial values
            Tensor expected = network.predict(x);
            try (Script script = ScriptWriter.compile(network)) {
                script.save(file, Map.of());
            }
            try (Script loaded = TorchScriptFile.open(file).load()) {
                // Loaded weights have another memory layout than the network's, so sums are rounded differently.
                assertThat(Tensors.toFloats(loaded.forward(x)))
                        .containsExactly(Tensors.toFloats(expected), within(1e-5f));
            }
        }
    }

    private static List<String> namesAndShapes(Module network) {
        try (StateDict state = network.stateDict()) {
            List<String> lines = new ArrayList<>();
            for (String name : state.names()) {
                lines.add(name + " " + Arrays.toString(state.get(name).shape()));
            }
            return lines;
        }
    }

    private static List<String> namesAndShapes(JsonNode golden) {
        List<String> lines = new ArrayList<>();
        for (JsonNode entry : golden) {
            List<Long> shape = new ArrayList<>();
            entry.get(1).forEach(size -> shape.add(size.asLong()));
            lines.add(entry.get(0).asText() + " " + shape);
        }
        return lines;
    }

    private static String sha256(List<String> lines) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            lines.forEach(line -> digest.update((line + "\n").getBytes(StandardCharsets.UTF_8)));
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aShareOfTheWidthsIsAName() {
        Architecture half = Zoo.byName("cifar-resnet8@0.5");
        assertThat(half.name()).isEqualTo("cifar-resnet8@8-16-32");
        assertThat(Zoo.byName("small-cnn-16-33@0.5").name()).isEqualTo("small-cnn-8-17");
        assertThat(Zoo.byName("cifar-resnet8@0.001").widths()).containsExactly(1L, 1L, 1L);
        for (String wrong : List.of("cifar-resnet8@0", "cifar-resnet8@0.0", "cifar-resnet8@1.5", "cifar-resnet8@.5")) {
            assertThatThrownBy(() -> Zoo.byName(wrong)).hasMessageContaining("or a share such as 0.5");
        }
    }
}
