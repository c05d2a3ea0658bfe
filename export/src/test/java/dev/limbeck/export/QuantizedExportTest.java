package dev.limbeck.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.limbeck.Task;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.Datasets;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.data.image.ImageTensors;
import dev.limbeck.export.Exporter.Exported;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.FakeQuantization;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.ScriptWriter;
import dev.limbeck.tensor.FakeQuantize;
import dev.limbeck.tensor.FakeQuantize.Affine;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Learner;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Test that files of quantization-aware trained networks compute as the networks do. */
class QuantizedExportTest {
    @TempDir
    static Path home;

    private static ImageData data;
    private static SavedModel student;

    @BeforeAll
    static void train() {
        data = Datasets.open("shapes").maxTrainSamples(400).batchSize(40).build();
        student = trained(Zoo.CIFAR_RESNET8, 3);
    }

    private static SavedModel trained(Architecture architecture, int epochs) {
        Path file = home.resolve(architecture.name() + ".safetensors");
        try (Learner learner =
                Learner.builder(data, architecture).quantizationAware().build()) {
            learner.fitOneCycle(epochs, 0.01);
            learner.save(file);
        }
        return SavedModel.open(file, null);
    }

    @AfterAll
    static void close() {
        student.close();
        data.close();
    }

    private static Verification exported(Exporter exporter, Path out, Precision precision) {
        Exported file = exporter.options(OnnxFile.Options.defaults().at(precision))
                .verifiedOn(data, Split.TEST, 600)
                .export(out)
                .get(0);
        assertThat(file.verification()).isNotNull();
        return file.verification();
    }

    private static ModelProto onnx(Path folder) throws IOException {
        return ModelProto.parseFrom(Files.readAllBytes(folder.resolve("model.onnx")));
    }

    @Test
    void int8ComputesAsTrained() throws IOException {
        Path out = home.resolve("int8");
        Exporter exporter = Exporter.of(student);
        Verification found = exported(exporter, out, Precision.INT8);
        assertThat(found.rows()).isGreaterThan(500);
        assertThat(found.agreement()).isGreaterThan(0.99);
        assertThat(found.largestDifference()).isLessThan(0.05 * found.largestOutput());
        assertThat(exporter.quantization())
                .hasValueSatisfying(
                        line -> assertThat(line).startsWith("int8 with the ranges of its quantization-aware training"));
        assertThat(Files.readString(out.resolve(Exporter.CARD_NAME)))
                .contains("computed in int8 with ranges from its quantization-aware training, linear layers too");
        ModelProto model = onnx(out);
        Map<String, Long> ops = model.getGraph().getNodeList().stream()
                .collect(Collectors.groupingBy(node -> node.getOpType(), Collectors.counting()));
        assertThat(ops).containsEntry("Conv", 7L).doesNotContainKeys("BatchNormalization", "DynamicQuantizeLinear");
        long int8 = model.getGraph().getInitializerList().stream()
                .filter(weight ->
                        weight.getDataType() == TensorProto.DataType.INT8.getNumber() && weight.getDimsCount() > 1)
                .count();
        assertThat(int8).isEqualTo(8);
    }

    /** The file carries the ranges that training found, not those of other images. */
    @Test
    void rangesAreThoseOfTraining() throws IOException {
        Path out = home.resolve("ranges");
        exported(Exporter.of(student), out, Precision.INT8);
        assertThat(rounded(onnx(out).getGraph())).containsExactlyInAnyOrderElementsOf(ranges(student.module()));
    }

    @Test
    void nothingIsCalibratedSoNoDataIsNeeded() {
        List<Exported> files = Exporter.of(student)
                .options(OnnxFile.Options.defaults().at(Precision.INT8))
                .export(home.resolve("blind"));
        assertThat(files.get(0).verification()).isNull();
    }

    @Test
    void floatExportsLeaveRoundingOut() throws IOException {
        Path out = home.resolve("float");
        Exporter exporter = Exporter.of(student).as(Format.ONNX, Format.SAFETENSORS, Format.TORCHSCRIPT);
        List<Exported> files = exporter.verifiedOn(data, Split.TEST, 100).export(out);
        assertThat(files)
                .allSatisfy(file ->
                        assertThat(file.verification().passed(Precision.FP32)).isTrue());
        assertThat(exporter.quantization())
                .hasValueSatisfying(line -> assertThat(line).startsWith("in float, without the rounding"));
        assertThat(onnx(out).getGraph().getNodeList())
                .noneMatch(node -> node.getOpType().contains("Quantize"));
        try (SavedModel plain = SavedModel.open(out.resolve("model.safetensors"), null)) {
            assertThat(plain.architecture()).isEqualTo("cifar-resnet8");
            assertThat(FakeQuantization.isIn(plain.module())).isFalse();
        }
        // The model rounds again afterward.
        assertThat(exported(Exporter.of(student), home.resolve("again"), Precision.INT8)
                        .agreement())
                .isGreaterThan(0.99);
    }

    @Test
    void otherFormatsKeepTheRoundingWithInt8() {
        Path out = home.resolve("formats");
        Exporter.of(student)
                .as(Format.ONNX, Format.SAFETENSORS, Format.TORCHSCRIPT)
                .options(OnnxFile.Options.defaults().at(Precision.INT8))
                .verifiedOn(data, Split.TEST, 100)
                .export(out);
        try (SavedModel again = SavedModel.open(out.resolve("model.safetensors"), null)) {
            assertThat(again.architecture()).isEqualTo("cifar-resnet8+qat");
            assertThat(again.sha256()).isEqualTo(student.sha256());
        }
    }

    @Test
    void pixelsInProbabilitiesOut() {
        Exported file = Exporter.of(student)
                .options(new OnnxFile.Options(true, true, true, Precision.INT8))
                .verifiedOn(data, Split.TEST, 200)
                .export(home.resolve("pixels"))
                .get(0);
        assertThat(file.verification().agreement()).isGreaterThan(0.98);
    }

    /**
     * Every range of the network is in the file (equal ones of one tensor once), every convolution has int8 weights and reads rounded numbers. A value in the middle of two
     * steps may be rounded to either, by the order of a sum, and deep networks of random weights amplify this; so outputs are compared
     * closely for shallow ones only.
     */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "resnet18",
                "mobilenet_v2",
                "wrn-16-2",
                "small-cnn-8-16",
                "shufflenet_v2_x1_0",
                "mobilenet_v3_small",
                "cifar-resnet8+concat"
            })
    void otherFamilies(String name) throws IOException {
        Tensors.seed(3);
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on();
                Module network = Zoo.byName(name).quantizationAware().create(5)) {
            network.train();
            for (int i = 0; i < (name.startsWith("mobilenet_v3") ? 100 : 10); i++) {
                network.apply(Tensors.randn(4, 3, 64, 64));
            }
            network.eval();
            Tensor x = Tensors.randn(16, 3, 64, 64);
            float[] expected = Tensors.toFloats(network.apply(x));
            double rounding;
            try (Module.ModeGuard off = FakeQuantization.off(network)) {
                rounding = apart(Tensors.toFloats(network.apply(x)), expected);
            }
            ImagePreprocessing preprocessing = ImagePreprocessing.defaults(64);
            Path file = home.resolve(name + ".onnx");
            try (Script script = ScriptWriter.compile(network)) {
                ModelProto onnx = OnnxFile.of(
                        script,
                        ImageTensors.specs(preprocessing),
                        null,
                        Task.Kind.SINGLE_LABEL,
                        5,
                        Map.of(),
                        OnnxFile.Options.defaults());
                OnnxFile.write(file, OnnxQuantizer.trained(onnx));
            }
            assertThat(rounded(ModelProto.parseFrom(Files.readAllBytes(file)).getGraph()))
                    .as(name)
                    .hasSameElementsAs(ranges(network));
            boolean shallow = name.matches("small.*|cifar.*");
            try (OnnxModel model = OnnxModel.open(file, 1)) {
                double apart = apart(Tensors.toFloats(model.forward(Inputs.of(x))), expected);
                assertThat(apart).as(name).isLessThan(rounding * (shallow ? 0.25 : 1.5));
            }
        }
    }

    private static List<Affine> ranges(Module network) {
        return network.modules().values().stream()
                .flatMap(module -> module.ownBuffers().entrySet().stream())
                .filter(buffer -> FakeQuantization.isRange(buffer.getKey()))
                .map(buffer -> FakeQuantize.affine(buffer.getValue()))
                .toList();
    }

    /** Return the maps to bytes of a graph, after a look at its convolutions and products with weights. */
    private static List<Affine> rounded(GraphProto graph) {
        Map<String, TensorProto> stored =
                graph.getInitializerList().stream().collect(Collectors.toMap(TensorProto::getName, one -> one));
        Map<String, NodeProto> givers = new HashMap<>();
        graph.getNodeList().forEach(node -> givers.put(node.getOutput(0), node));
        for (NodeProto node : graph.getNodeList()) {
            if (!List.of("Conv", "MatMul").contains(node.getOpType())) continue;
            assertThat(givers.get(node.getInput(0)).getOpType()).isEqualTo("DequantizeLinear");
            NodeProto weight = givers.get(node.getInput(1));
            assertThat(stored.get(weight.getInput(0)).getDataType()).isEqualTo(TensorProto.DataType.INT8.getNumber());
        }
        return graph.getNodeList().stream()
                .filter(node -> node.getOpType().equals("QuantizeLinear"))
                .map(node -> new Affine(
                        bytes(stored.get(node.getInput(1))).getFloat(),
                        bytes(stored.get(node.getInput(2))).get() & 255))
                .toList();
    }

    private static ByteBuffer bytes(TensorProto tensor) {
        return tensor.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    private static double apart(float[] some, float... others) {
        double sum = 0;
        for (int i = 0; i < some.length; i++) sum += Math.abs(some[i] - others[i]);
        return sum / some.length;
    }

    @Test
    void withoutTrainingInt8StillNeedsData() {
        try (Learner learner = Learner.create(data, Zoo.CIFAR_RESNET8)) {
            Path file = home.resolve("plain.safetensors");
            learner.save(file);
            try (SavedModel plain = SavedModel.open(file, null)) {
                Exporter exporter =
                        Exporter.of(plain).options(OnnxFile.Options.defaults().at(Precision.INT8));
                assertThat(exporter.quantization()).isEmpty();
                assertThatThrownBy(() -> exporter.export(home.resolve("no")))
                        .hasMessageContaining("int8 needs data to calibrate on");
            }
        }
    }
}
