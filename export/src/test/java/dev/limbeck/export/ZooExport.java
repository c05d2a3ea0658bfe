package dev.limbeck.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.Task;
import dev.limbeck.data.image.ImageTensors;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.image.Resize;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.ScriptWriter;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.weights.Safetensors;
import dev.limbeck.weights.TorchScriptFile;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Test that every architecture has the same outputs in ONNX Runtime and as TorchScript, and that its weights can be
 * reloaded.
 */
abstract class ZooExport {
    private static final int CLASSES = 7;

    @TempDir
    Path home;

    /** These have the layers of smaller ones, only more of them. */
    private static final Set<String> LIKE_OTHERS = Set.of("resnet101", "resnet152", "vgg16_bn");

    /** Return every second architecture, so that two JVMs share the work. */
    static Stream<Architecture> half(int first) {
        List<Architecture> all = Stream.concat(
                        Zoo.names().stream()
                                .filter(name -> !LIKE_OTHERS.contains(name))
                                .map(Zoo::byName)
                                .filter(one -> !one.isSizedByInputs()),
                        Stream.of(
                                Zoo.RESNET18.withConcatHead(),
                                Zoo.CIFAR_RESNET8.withBridge(24),
                                Zoo.byName("cifar-resnet8@9-21-30"),
                                Zoo.MOBILENET_V3_SMALL.withWidths(Zoo.MOBILENET_V3_SMALL.widths().stream()
                                        .map(width -> width / 3)
                                        .toList())))
                .toList();
        return IntStream.range(0, all.size()).filter(i -> i % 2 == first).mapToObj(all::get);
    }

    @ParameterizedTest
    @MethodSource("architectures")
    void everyArchitectureHasTheSameOutputs(Architecture architecture) {
        int side = architecture.imageSize() > 64 && !architecture.name().matches("vgg.*|vit.*|deit.*")
                ? 64
                : architecture.imageSize();
        ImagePreprocessing preprocessing =
                new ImagePreprocessing(side, side, Resize.CROP, List.of(0.5, 0.5, 0.5), List.of(0.2, 0.2, 0.2));
        Tensors.seed(3);
        try (Module network = architecture.create(CLASSES)) {
            boolean hasStatistics = network.modules().values().stream()
                    .anyMatch(module -> !module.ownBuffers().isEmpty());
            if (hasStatistics) settle(network, architecture.name().startsWith("mobilenet_v3") ? 100 : 8, side);
            network.eval();
            try (Script script = ScriptWriter.compile(network)) {
                // Writing half a gigabyte of VGG's classifier four times would take minutes; ZooTest has a smaller one.
                boolean huge = network.parameterCount() > 100_000_000;
                if (!huge) comesBack(architecture, network, script, side);
                for (boolean fold : huge ? new boolean[] {true} : new boolean[] {true, false}) {
                    Path file = home.resolve("model.onnx");
                    OnnxFile.write(
                            file,
                            OnnxFile.of(
                                    script,
                                    ImageTensors.specs(preprocessing),
                                    preprocessing.normalization(),
                                    Task.Kind.SINGLE_LABEL,
                                    CLASSES,
                                    Map.of("a", "b"),
                                    new OnnxFile.Options(fold, false, false)));
                    answersAlike(network, file, side, architecture + (fold ? " folded" : " as it is"));
                }
            }
        }
    }

    private static void answersAlike(Module network, Path file, int side, String what) {
        try (Scope scope = Scope.open();
                OnnxModel model = OnnxModel.open(file, 1)) {
            assertThat(model.metadata()).containsEntry("a", "b");
            for (int batch : new int[] {1, 3}) {
                Tensor x = Tensors.randn(batch, 3, side, side);
                float[] expected = Tensors.toFloats(network.predict(x));
                float[] found = Tensors.toFloats(model.forward(Inputs.of(x)));
                assertThat(found).hasSameSizeAs(expected);
                double largest = 0;
                double apart = 0;
                for (int i = 0; i < found.length; i++) {
                    largest = Math.max(largest, Math.abs(expected[i]));
                    apart = Math.max(apart, Math.abs(expected[i] - found[i]));
                }
                assertThat(largest).as(what + " must say something").isGreaterThan(1e-3);
                assertThat(apart / largest).as(what).isLessThan(1e-4);
            }
        }
    }

    /** Reload from TorchScript with equal outputs, and from safetensors bit for bit. */
    private void comesBack(Architecture architecture, Module network, Script script, int side) {
        Path file = home.resolve("network.pt");
        script.save(file, Map.of());
        try (Scope scope = Scope.open();
                Script loaded = TorchScriptFile.open(file).load()) {
            Tensor x = Tensors.randn(2, 3, side, side);
            float[] expected = Tensors.toFloats(network.predict(x));
            float largest = 1;
            for (float value : expected) largest = Math.max(largest, Math.abs(value));
            assertThat(Tensors.toFloats(loaded.forward(x)))
                    .as(architecture + " as TorchScript")
                    // It runs folded, so sums are rounded differently.
                    .containsExactly(expected, within(1e-4f * largest));
        }
        Path weights = home.resolve("network.safetensors");
        try (StateDict state = network.stateDict()) {
            Safetensors.write(state, weights);
        }
        try (StateDict state = Safetensors.read(weights);
                Module other = architecture.create(CLASSES)) {
            other.load(state);
            assertThat(other.sha256()).as(architecture + " as safetensors").isEqualTo(network.sha256());
        }
    }

    /**
     * Update the batch norm statistics on some images. With the initial ones, the outputs of deep networks are close to
     * 0. The statistics of MobileNetV3 change slowly.
     */
    private static void settle(Module network, int passes, int side) {
        network.train();
        for (int i = 0; i < passes; i++) {
            try (Scope scope = Scope.open();
                    NoGrad noGrad = NoGrad.on()) {
                network.apply(Tensors.randn(2, 3, side, side));
            }
        }
    }
}
