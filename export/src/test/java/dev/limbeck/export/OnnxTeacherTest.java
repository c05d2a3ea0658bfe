package dev.limbeck.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.Datasets;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.distill.teacher.FileTeacher;
import dev.limbeck.distill.teacher.ModelRole;
import dev.limbeck.distill.teacher.ModelRuntime;
import dev.limbeck.distill.teacher.ModuleTeacher;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.distill.teacher.TeacherSession;
import dev.limbeck.model.SavedModel;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Learner;
import dev.limbeck.zoo.Zoo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test one ResNet as a module, as TorchScript and as ONNX: the three teachers must have the same outputs. */
class OnnxTeacherTest {
    @TempDir
    static Path home;

    private static ImageData data;
    private static SavedModel model;
    private static Path torchScript;
    private static Path onnx;

    @BeforeAll
    static void train() {
        data = Datasets.open("shapes:64:64:0").batchSize(32).build();
        Path file = home.resolve("teacher.safetensors");
        try (Learner learner =
                Learner.builder(data, Zoo.RESNET18).precision("fp32").build()) {
            // Predictions of an untrained network are so close that int8 changes many of them.
            learner.fit(8, 1e-3);
            learner.save(file);
        }
        model = SavedModel.open(file, null);
        Path out = home.resolve("files");
        Exporter.of(model).as(Format.TORCHSCRIPT, Format.ONNX).export(out);
        torchScript = out.resolve(Format.TORCHSCRIPT.fileName());
        onnx = out.resolve(Format.ONNX.fileName());
    }

    @AfterAll
    static void close() {
        model.close();
        data.close();
    }

    private static float[] logits(Teacher teacher) {
        try (TeacherSession lesson = teacher.open(data, Engine.device("cpu"))) {
            return lesson.predict(data, Split.VALID).outputs();
        }
    }

    private static Teacher native32() {
        return ModuleTeacher.of(model).withOwnPrecision(dev.limbeck.tensor.Precision.FP32);
    }

    /** The metadata of both files contains the preprocessing and the class names. */
    @Test
    void threeFormsOfOneNetworkGiveTheSameLogits() {
        float[] expected = logits(native32());
        for (Path file : List.of(torchScript, onnx)) {
            try (FileTeacher teacher = FileTeacher.open(file)) {
                assertThat(teacher.classNames()).as("classes of %s", file).isEqualTo(data.classNames());
                assertThat(teacher.preprocessing())
                        .containsAllEntriesOf(data.preprocessing().toMetadata());
                assertThat(logits(teacher)).as("logits of %s", file).containsExactly(expected, within(1e-4f));
            }
        }
    }

    /** Rows of 3 images × 2×2 → 2 classes: a transposed map times a vector, as ONNX Runtime's optimization gets it wrong. */
    @Test
    void aFileThatOnnxRuntimeOptimizesWronglyRunsAsWritten() throws IOException {
        OnnxBuilder graph = new OnnxBuilder();
        graph.input("image", DType.FLOAT32, 3, 2, 2);
        graph.output("logits", 2);
        String map = graph.node("ReduceMean", List.of("image"), "axes", new long[] {1}, "keepdims", 0L);
        String turned = graph.node("Transpose", List.of(map), "perm", new long[] {0, 2, 1});
        graph.add("MatMul", List.of(turned, graph.floats(new float[] {1, 10}, 2)), "logits");
        ModelProto model = ModelProto.newBuilder()
                .setIrVersion(8)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
                .setGraph(graph.build())
                .build();
        Path file = Files.write(home.resolve("turned.onnx"), model.toByteArray());
        try (Scope scope = Scope.open();
                ModelRuntime.Running running = new OnnxRuntime().open(file)) {
            Tensor image = Tensors.of(new float[] {1, 2, 3, 4}, 1, 1, 2, 2).expand(2, 3, 2, 2);
            Inputs given = Inputs.of(image.contiguous());
            for (int i = 0; i < 2; i++) {
                assertThat(Tensors.toFloats(running.forward(given))).containsExactly(31, 42, 31, 42);
            }
        }
    }

    /** The larger numbers of one column must not hide another that is wrong. */
    @Test
    void everyColumnIsComparedByItself() {
        float[] expected = new float[32];
        float[] wrong = new float[32];
        float[] rounded = new float[32];
        for (int row = 0; row < 16; row++) {
            expected[2 * row] = 1000 + 300 * (row % 2 == 0 ? 1 : -1);
            expected[2 * row + 1] = 0.5f + 0.1f * (row % 4 < 2 ? 1 : -1);
            wrong[2 * row] = expected[2 * row];
            wrong[2 * row + 1] = 0.5f + 0.1f * (row % 4 < 2 ? -1 : 1);
            rounded[2 * row] = expected[2 * row] + 30;
            rounded[2 * row + 1] = expected[2 * row + 1] - 0.02f;
        }
        assertThat(OnnxRunning.difference(wrong, expected, 16)).isEqualTo("output 2 by 200 %");
        assertThat(OnnxRunning.difference(rounded, expected, 16)).isEmpty();
        float[] constant = new float[32];
        for (int row = 0; row < 16; row++) constant[2 * row] = row;
        float[] almost = constant.clone();
        almost[3] = 0.01f;
        assertThat(OnnxRunning.difference(almost, constant, 16)).isEmpty();
        assertThat(OnnxRunning.difference(new float[] {7, 7}, new float[] {1, 2}, 1))
                .startsWith("its outputs by ");
    }

    @Test
    void honestRoundingOfInt8IsNoDifference() throws IOException {
        Path out = home.resolve("int8");
        Exporter.of(model)
                .options(OnnxFile.Options.defaults().at(Precision.INT8))
                .verifiedOn(data, Split.VALID)
                .export(out);
        Path file = out.resolve(Format.ONNX.fileName());
        assertNoDifference(unsealed(file, edit -> {}));
        assertNoDifference(unsealed(file, edit -> {
            // The features in front of the classifier, of which some are nearly constant.
            var graph = edit.getGraphBuilder();
            String features = graph.getNodeList().stream()
                    .filter(node -> node.getOpType().equals("Reshape"))
                    .map(node -> node.getOutput(0))
                    .findFirst()
                    .orElseThrow();
            var output = graph.getOutputBuilder(0).setName(features);
            output.getTypeBuilder().getTensorTypeBuilder().clearShape();
        }));
    }

    private static void assertNoDifference(Path file) {
        try (Scope scope = Scope.open();
                OnnxModel optimized = OnnxModel.open(file, 0);
                OnnxModel written = OnnxModel.openUnoptimized(file)) {
            Inputs rows = Inputs.of(Tensors.randn(16, 3, 32, 32));
            float[] found = Tensors.toFloats(optimized.forward(rows));
            assertThat(OnnxRunning.difference(found, Tensors.toFloats(written.forward(rows)), 16))
                    .isEmpty();
        }
    }

    /** A second session may need more memory than there is; here its file is gone. */
    @Test
    void aFileThatCannotBeComparedRunsOptimized() throws IOException {
        Path file = edited(model -> {});
        try (Scope scope = Scope.open();
                ModelRuntime.Running running = new OnnxRuntime().open(file)) {
            Files.delete(file);
            Inputs given = Inputs.of(Tensors.randn(2, 3, 32, 32));
            float[] first = Tensors.toFloats(running.forward(given));
            assertThat(Tensors.toFloats(running.forward(given))).containsExactly(first);
        }
    }

    @Test
    void aStudentLearnsFromOnnx() {
        try (FileTeacher teacher = FileTeacher.open(onnx);
                Learner student = Learner.create(data, Zoo.CIFAR_RESNET8)) {
            student.fit(1, 0.01, KnowledgeDistillation.from(teacher).build());
            assertThat(student.history().get(0).terms()).containsKeys("task", "SoftTarget");
        }
    }

    private static Path edited(Consumer<ModelProto.Builder> edit) throws IOException {
        return unsealed(onnx, edit);
    }

    private static Path unsealed(Path file, Consumer<ModelProto.Builder> edit) throws IOException {
        ModelProto.Builder model = ModelProto.parseFrom(Files.readAllBytes(file)).toBuilder();
        List<StringStringEntryProto> unsealed = model.getMetadataPropsList().stream()
                .filter(entry -> !entry.getKey().equals("crc32"))
                .toList();
        model.clearMetadataProps().addAllMetadataProps(unsealed);
        edit.accept(model);
        return Files.write(home.resolve("edited.onnx"), model.build().toByteArray());
    }

    @Test
    void aFileForGrayImagesIsOneLine() throws IOException {
        Path file = edited(model -> model.getGraphBuilder()
                .getInputBuilder(0)
                .getTypeBuilder()
                .getTensorTypeBuilder()
                .getShapeBuilder()
                .getDimBuilder(1)
                .setDimValue(1));
        assertThatThrownBy(() -> FileTeacher.open(file))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(file + " ")
                .hasMessageContaining("channel");
    }

    @Test
    void aFixedBatchIsOneLine() throws IOException {
        Path file = edited(model -> model.getGraphBuilder()
                .getInputBuilder(0)
                .getTypeBuilder()
                .getTensorTypeBuilder()
                .getShapeBuilder()
                .getDimBuilder(0)
                .setDimValue(8));
        assertThatThrownBy(() -> FileTeacher.open(file))
                .isInstanceOf(LimbeckException.class)
                .hasMessage(file + " takes batches of 8 only; export it with a batch of any size (dynamic_axes, or "
                        + "dynamic_shapes, for its first dimension)");
    }

    private static Path withSecondOutput(Consumer<ModelProto.Builder> edit) throws IOException {
        return edited(model -> {
            var graph = model.getGraphBuilder();
            graph.addOutput(graph.getOutput(0).toBuilder()
                    .setName(graph.getNode(0).getOutput(0))
                    .clearType()
                    .setType(graph.getInput(0).getType()));
            edit.accept(model);
        });
    }

    @Test
    void ofSeveralOutputsTheLogitsAreTakenAndSaid() throws IOException {
        Path file = withSecondOutput(model -> {});
        List<String> said = new ArrayList<>();
        try (FileTeacher teacher = FileTeacher.open(file, ModelRole.TEACHER, said::add)) {
            assertThat(logits(teacher)).containsExactly(logits(native32()), within(1e-4f));
            assertThat(said)
                    .containsExactly(file + " has the outputs "
                            + String.join(", ", teacher.facts().outputs()) + "; the first of these is used");
            assertThat(teacher.facts().outputs()).hasSize(2).first().asString().startsWith("logits float32");
        }
    }

    @Test
    void severalOutputsOfUnknownNamesAreOneLine() throws IOException {
        Path file = withSecondOutput(model -> {
            var graph = model.getGraphBuilder();
            graph.getOutputBuilder(0).setName("a");
            graph.getNodeBuilder(graph.getNodeCount() - 1).setOutput(0, "a");
        });
        assertThatThrownBy(() -> FileTeacher.open(file))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(file + " has 2 outputs (a, ")
                .hasMessageEndingWith(
                        "), expected one of float32, or one named logits, probabilities or numbers; export it "
                                + "with that output only, or name it so");
    }

    @Test
    void aFileWithoutMetadataTakesWhatTheCallerSays() throws IOException {
        Path file = edited(ModelProto.Builder::clearMetadataProps);
        try (FileTeacher silent = FileTeacher.open(file)) {
            assertThat(silent.classNames()).isEmpty();
            assertThat(silent.preprocessing()).isEqualTo(Map.of("image_size", "32x32"));
            FileTeacher log = silent.withClassNames(data.classNames())
                    .withPreprocessing(data.preprocessing().toMetadata());
            assertThat(logits(log)).containsExactly(logits(native32()), within(1e-4f));
        }
    }

    @Test
    void aFileThatIsNoOnnxIsOneLine() throws IOException {
        Path file = Files.writeString(home.resolve("not.onnx"), "no ONNX");
        assertThatThrownBy(() -> FileTeacher.open(file))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(file + " is not an ONNX file that can be run: ")
                .hasMessageNotContaining("\n");
    }
}
