package dev.limbeck.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.nn.Conv2d;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WeightFileTest {
    @TempDir
    Path folder;

    private Module network;
    private StateDict weights;
    private StateDict file;

    @BeforeEach
    void makeNetwork() {
        Tensors.seed(5);
        network = Zoo.CIFAR_RESNET8.create(3);
        weights = network.stateDict();
        file = new StateDict();
    }

    @AfterEach
    void close() {
        network.close();
        weights.close();
        file.close();
    }

    private void put(UnaryOperator<String> rename) {
        try (StateDict copy = weights.copy()) {
            StateDict renamed = copy.renamed(rename);
            file.add("", renamed);
        }
    }

    private void put(String name, long... shape) {
        file.put(name, Scope.retain(Tensors.zeros(DType.FLOAT32, shape)));
    }

    private void putOthers(String prefix, Architecture architecture) {
        try (Module other = architecture.create(3);
                StateDict others = other.stateDict()) {
            file.add(prefix, others);
        }
    }

    private Path written() {
        Path path = folder.resolve("weights.safetensors");
        Safetensors.write(file, path);
        return path;
    }

    private WeightFit fit(String key) {
        return WeightFiles.open(written()).fit(RequiredTensors.of("cifar-resnet8", network), key);
    }

    private void assertReads(WeightFit fit) {
        try (StateDict read = fit.read()) {
            assertThat(read.sha256()).isEqualTo(weights.sha256());
        }
    }

    private void assertRefused(String key, String... parts) {
        Path path = written();
        assertThatThrownBy(() -> WeightFiles.open(path)
                        .fit(RequiredTensors.of("cifar-resnet8", network), key)
                        .orThrow())
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(path.toString())
                .hasMessageContainingAll(parts)
                .message()
                .doesNotContain("\n");
    }

    @ParameterizedTest
    @CsvSource({
        "module.",
        "_orig_mod.",
        "module.module.",
        "_orig_mod.module.",
        "model.",
        "net.",
        "backbone.",
        "0.",
        "trainer.student.encoder."
    })
    void anyPrefixThatTheNetworkFitsUnderIsTakenOff(String prefix) {
        put(name -> prefix + name);
        WeightFit fit = fit(null);
        assertReads(fit);
        assertThat(fit.notes())
                .singleElement()
                .asString()
                .endsWith("the prefix '" + prefix + "' is taken off its names");
    }

    @Test
    void everyKeyThatChoosesWeightsIsListed() {
        put(name -> "student." + name);
        put(name -> "teacher." + name);
        WeightFile read = WeightFiles.open(written());
        assertThat(read.keys()).containsExactly("", "student", "teacher");
        for (String key : read.keys().subList(1, 3)) assertReads(fit(key));
    }

    @Test
    void aPointerOfGitIsNamedWithWhatToDo() throws IOException {
        Path pointer = Files.writeString(
                folder.resolve("weights.pth"), "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
        assertThatThrownBy(() -> WeightFiles.open(pointer))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("is a Git LFS pointer")
                .hasMessageEndingWith("; fetch it by git lfs pull");
    }

    @Test
    void namesAsTheyAreSayNothing() {
        put(name -> name);
        assertThat(fit(null).notes()).isEmpty();
        assertReads(fit(null));
    }

    @Test
    void wrappersInsideNamesAreTakenOff() {
        put(name -> name.replace("layer1.", "layer1.module.").replace("conv1.", "conv1._orig_mod."));
        assertReads(fit(null));
        assertThat(fit(null).notes()).singleElement().asString().contains("wrappers");
    }

    @Test
    void unexpectedTensorsAreReportedAndSkipped() {
        put(name -> "model." + name);
        put("criterion.weight", 3);
        put("n_averaged");
        put("model.layer1.0.total_ops", 1);
        assertReads(fit(null));
        assertThat(fit(null).notes())
                .singleElement()
                .asString()
                .contains("left out: criterion.weight, n_averaged, model.layer1.0.total_ops");
    }

    @Test
    void aSmallerNetworkIsNotReadOutOfALargerOne() {
        put(name -> name);
        put("layer1.1.conv1.weight", 16, 16, 3, 3);
        assertRefused(null, "do not fit cifar-resnet8: unexpected: layer1.1.conv1.weight");
        // A fourth group of layers is unexpected and not a separate network.
        file.close();
        put(name -> name);
        put("layer4.0.conv1.weight", 2, 2);
        assertRefused(null, "unexpected: layer4.0.conv1.weight");
    }

    @Test
    void missingTensorsOtherShapesAndOtherTypesAreNamed() {
        put(name -> name.equals("layer2.0.bn1.bias") ? "layer2.0.bn1.beta" : "model." + name);
        assertRefused(null, "missing: layer2.0.bn1.bias");
        file.close();
        put(name -> name);
        put("conv1.weight", 16, 3, 1, 1);
        assertRefused(null, "other shapes: conv1.weight (expected 16×3×3×3, found 16×3×1×1)");
        file.put("conv1.weight", Scope.retain(Tensors.zeros(DType.INT8, 16, 3, 3, 3)));
        assertRefused(null, "'conv1.weight' is of whole numbers (int8)", "quantized");
    }

    @Test
    void oneOfSeveralIsChosenByKey() {
        put(name -> "student." + name);
        putOthers("teacher.", Zoo.CIFAR_RESNET8);
        assertRefused(
                null, "several sets of weights that fit cifar-resnet8: student, teacher", "--weights-key student");
        assertReads(fit("student"));
        assertThat(fit("teacher").key()).isEqualTo("teacher");
        assertRefused("professor", "holds no weights under 'professor'");
    }

    @Test
    void equalWeightsUnderTwoNamesAreOne() {
        put(name -> "model." + name);
        put(name -> "model_ema.module." + name);
        assertReads(fit(null));
    }

    @Test
    void theOneThatFitsIsChosenAmongOthers() {
        put(name -> "G." + name);
        putOthers("D.", Zoo.CIFAR_RESNET14);
        assertReads(fit(null));
        assertThat(fit(null).key()).isEqualTo("G");
    }

    @Test
    void halfPrecisionIsSaid() {
        put(name -> name);
        for (String name : List.copyOf(file.names())) {
            if (DType.of(file.get(name)) == DType.FLOAT32) {
                try (Scope scope = Scope.open()) {
                    file.put(name, Scope.retain(Tensors.to(file.get(name), DType.FLOAT16)));
                }
            }
        }
        assertThat(fit(null).notes()).singleElement().asString().endsWith(": float16 converted to float32");
    }

    @Test
    void fastaisNumberedLayersAreNamed() {
        List<String> needed = List.of(
                "conv1.weight", "bn1.weight", "layer1.0.conv1.weight", "layer4.1.bn2.bias", "fc.0.bias", "fc.2.weight");
        assertThat(FastaiNames.of(
                        List.of(
                                "0.0.weight",
                                "0.1.weight",
                                "0.4.0.conv1.weight",
                                "0.7.1.bn2.bias",
                                "1.2.bias",
                                "1.2.weight",
                                "1.4.weight"),
                        needed))
                .containsEntry("0.0.weight", "conv1.weight")
                .containsEntry("0.4.0.conv1.weight", "layer1.0.conv1.weight")
                .containsEntry("0.7.1.bn2.bias", "layer4.1.bn2.bias")
                .containsEntry("1.2.bias", "fc.0.bias")
                .containsEntry("1.4.weight", "fc.2.weight");
        assertThat(FastaiNames.of(List.of("0.0.weight", "1.2.weight"), needed)).isEmpty();
        assertThat(FastaiNames.of(List.of("conv1.weight"), needed)).isEmpty();
    }

    @Test
    void onlyTheWeightsOfACheckpointAreRead() {
        Path file = folder.resolve("training.safetensors");
        try (StateDict state = new StateDict();
                StateDict training = new StateDict()) {
            state.put("fc.weight", Scope.retain(Tensors.randn(2, 3)));
            state.metadata().put("architecture", "x");
            training.put("moment", Scope.retain(Tensors.randn(2, 3)));
            training.metadata().put("position", "1");
            state.add(WeightFiles.TRAINING, training);
            Safetensors.write(state, file);
        }
        try (StateDict read = WeightFiles.read(file)) {
            assertThat(read.names()).containsExactly("fc.weight");
            assertThat(read.metadata()).containsOnlyKeys("architecture");
        }
    }

    @Test
    void onlyTensorsOfAsManyRowsAsClassesMayHaveOthers() {
        try (Module network = Conv2d.of(3, 4, 3, 1, 1)) {
            RequiredTensors needs = RequiredTensors.of("conv", network);
            assertThat(needs.forAnyClasses(List.of("weight", "bias"), 5)).isEqualTo(needs);
            assertThat(needs.forAnyClasses(List.of("weight", "other"), 4).open())
                    .containsExactly("weight");
        }
    }

    /** Test names that all end like a needed one, and long runs of digits. */
    @Test
    @Timeout(10)
    void manyPrefixesAndLongNumbersTakeNoTime() {
        Path file = folder.resolve("many.safetensors");
        try (StateDict state = new StateDict();
                Scope scope = Scope.open()) {
            Tensor one = Tensors.randn(1);
            for (int i = 0; i < 5_000; i++) state.put("a" + i + ".conv1.weight", Scope.retain(Tensors.copy(one)));
            for (int i = 0; i < 5; i++) state.put("9".repeat(40_000) + i + ".x", Scope.retain(Tensors.copy(one)));
            Safetensors.write(state, file);
        }
        try (Module network = Zoo.RESNET18.create(10)) {
            assertThat(WeightFiles.open(file)
                            .fit(RequiredTensors.of("resnet18", network), null)
                            .fits())
                    .isFalse();
        }
    }
}
