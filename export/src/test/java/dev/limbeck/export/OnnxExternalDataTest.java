package dev.limbeck.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.SparseTensorProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TrainingInfoProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.Datasets;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.distill.cache.CachedTeacher;
import dev.limbeck.distill.cache.Encoding;
import dev.limbeck.distill.teacher.FileTeacher;
import dev.limbeck.distill.teacher.ModelFiles;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.distill.teacher.TeacherSession;
import dev.limbeck.io.Checksum;
import dev.limbeck.tensor.Engine;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Test external weights of an ONNX file: they are part of the teacher, and only files in its folder are read. */
class OnnxExternalDataTest {
    private static final int CLASSES = 10;

    @TempDir
    Path home;

    private static TensorProto.Builder external(String name, String... facts) {
        TensorProto.Builder tensor = TensorProto.newBuilder()
                .setName(name)
                .setDataType(TensorProto.DataType.FLOAT.getNumber())
                .addDims(3)
                .addDims(CLASSES)
                .setDataLocation(TensorProto.DataLocation.EXTERNAL);
        for (int i = 0; i < facts.length; i += 2) {
            tensor.addExternalData(
                    StringStringEntryProto.newBuilder().setKey(facts[i]).setValue(facts[i + 1]));
        }
        return tensor;
    }

    private static ValueInfoProto value(String name, long... shape) {
        TensorShapeProto.Builder sizes = TensorShapeProto.newBuilder();
        for (long size : shape) {
            sizes.addDim(
                    size < 0
                            ? TensorShapeProto.Dimension.newBuilder().setDimParam("N")
                            : TensorShapeProto.Dimension.newBuilder().setDimValue(size));
        }
        return ValueInfoProto.newBuilder()
                .setName(name)
                .setType(TypeProto.newBuilder()
                        .setTensorType(TypeProto.Tensor.newBuilder()
                                .setElemType(TensorProto.DataType.FLOAT.getNumber())
                                .setShape(sizes)))
                .build();
    }

    /** Multiply mean colors by an external matrix. */
    private static ModelProto.Builder model(TensorProto.Builder weight) {
        NodeProto.Builder mean = NodeProto.newBuilder()
                .setOpType("ReduceMean")
                .addInput("x")
                .addOutput("m")
                .addAttribute(AttributeProto.newBuilder()
                        .setName("axes")
                        .setType(AttributeProto.AttributeType.INTS)
                        .addInts(2)
                        .addInts(3))
                .addAttribute(AttributeProto.newBuilder()
                        .setName("keepdims")
                        .setType(AttributeProto.AttributeType.INT)
                        .setI(0));
        NodeProto.Builder product = NodeProto.newBuilder()
                .setOpType("MatMul")
                .addInput("m")
                .addInput("w")
                .addOutput("y");
        return ModelProto.newBuilder()
                .setIrVersion(8)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
                .setGraph(GraphProto.newBuilder()
                        .setName("g")
                        .addNode(mean)
                        .addNode(product)
                        .addInput(value("x", -1, 3, 32, 32))
                        .addOutput(value("y", -1, CLASSES))
                        .addInitializer(weight));
    }

    private Path write(ModelProto.Builder model) throws IOException {
        return Files.write(home.resolve("model.onnx"), model.build().toByteArray());
    }

    private void weights(String name, int seed) throws IOException {
        Random random = new Random(seed);
        ByteBuffer bytes = ByteBuffer.allocate(4 * 3 * CLASSES).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) bytes.putFloat((float) random.nextGaussian());
        Path file = home.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, bytes.array());
    }

    private static float[] answers(Teacher teacher, ImageData data) {
        try (TeacherSession lesson = teacher.open(data, Engine.device("cpu"))) {
            return lesson.predict(data, Split.VALID).outputs();
        }
    }

    @Test
    void teachersThatDifferInTheOtherFileShareNothing() throws IOException {
        Path file = write(model(external("w", "location", "sub/w.data")));
        weights("sub/w.data", 1);
        String first = ModelFiles.sha256(file);
        assertThat(ModelFiles.of(file)).containsExactly(file, home.resolve("sub/w.data"));
        assertThat(first).isNotEqualTo(Checksum.sha256Of(file));
        Path answers = home.resolve("answers");
        try (ImageData data =
                Datasets.open("shapes:32:16:0").imageSize(32).batchSize(16).build()) {
            float[] before;
            try (FileTeacher teacher = FileTeacher.open(file)) {
                assertThat(teacher.sha256()).isEqualTo(first);
                before = answers(CachedTeacher.onDisk(teacher, answers, Encoding.FLOAT32, line -> {}), data);
            }
            weights("sub/w.data", 2);
            assertThat(ModelFiles.sha256(file)).isNotEqualTo(first);
            try (FileTeacher retrained = FileTeacher.open(file)) {
                assertThatThrownBy(() ->
                                answers(CachedTeacher.onDisk(retrained, answers, Encoding.FLOAT32, line -> {}), data))
                        .isInstanceOf(LimbeckException.class)
                        .hasMessageStartingWith(answers + " caches outputs of other settings: teacher is ");
                assertThat(answers(retrained, data)).isNotEqualTo(before);
            }
        }
    }

    @Test
    void aSingleFileKeepsItsHash() throws IOException {
        Path file = write(model(TensorProto.newBuilder().setName("w")));
        assertThat(ModelFiles.sha256(file)).isEqualTo(Checksum.sha256Of(file));
    }

    @Test
    void tensorsAreFoundWhereverTheyAre() throws IOException {
        String[] names = {"init", "sparse", "indices", "attribute", "list", "subgraph", "function", "training"};
        for (String name : names) weights(name + ".bin", 1);
        ModelProto.Builder model = model(external("w", "location", "init.bin"));
        GraphProto subgraph = GraphProto.newBuilder()
                .addInitializer(external("s", "location", "subgraph.bin"))
                .build();
        model.getGraphBuilder()
                .addSparseInitializer(SparseTensorProto.newBuilder()
                        .setValues(external("v", "location", "sparse.bin"))
                        .setIndices(external("i", "location", "indices.bin")))
                .addNode(NodeProto.newBuilder()
                        .addAttribute(AttributeProto.newBuilder().setT(external("a", "location", "attribute.bin")))
                        .addAttribute(AttributeProto.newBuilder().addTensors(external("l", "location", "list.bin")))
                        .addAttribute(AttributeProto.newBuilder().setG(subgraph)));
        model.addFunctions(FunctionProto.newBuilder()
                .addNode(NodeProto.newBuilder()
                        .addAttribute(AttributeProto.newBuilder().setT(external("f", "location", "function.bin")))));
        model.addTrainingInfo(TrainingInfoProto.newBuilder()
                .setInitialization(GraphProto.newBuilder().addInitializer(external("t", "location", "training.bin"))));
        Path file = write(model);
        assertThat(ModelFiles.of(file)).hasSize(1 + names.length).startsWith(file);
        String all = ModelFiles.sha256(file);
        for (String name : names) {
            weights(name + ".bin", 2);
            assertThat(ModelFiles.sha256(file)).as(name).isNotEqualTo(all);
            weights(name + ".bin", 1);
        }
        assertThat(ModelFiles.sha256(file)).isEqualTo(all);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "location=/etc/passwd               | is named '/etc/passwd', outside the model's folder",
                "location=../other.data             | is named '../other.data', outside the model's folder",
                "location=sub/../../other.data      | outside the model's folder",
                "location=C:\\\\secret              | outside the model's folder",
                "location=*/_ORT_MEM_ADDR_/*        | outside the model's folder",
                "location=                          | outside the model's folder",
                "offset=0                           | no file is named",
                "location=none.data                 | none.data is not there; put none.data beside the model",
                "location=sub                       | sub is not a file",
                "location=w.data offset=-4          | its offset must be a number of bytes, found '-4'",
                "location=w.data offset=1e3         | its offset must be a number of bytes",
                "location=w.data length=99999999999999999999 | its length must be a number of bytes",
                "location=w.data length=12          | 12 bytes are named, its shape needs 120",
                "location=w.data offset=4           | bytes 4 to 124 are needed, and ",
                "location=w.data offset=9223372036854775807 | are needed, and ",
            })
    void whatCannotBeReadIsOneLineBeforeAnyRuntimeSeesIt(String facts, String message) throws IOException {
        weights("w.data", 1);
        Files.createDirectories(home.resolve("sub"));
        String[] pairs = facts.split("[ =]", -1);
        Path file = write(model(external("w", pairs)));
        for (Runnable open : List.<Runnable>of(
                () -> FileTeacher.open(file), () -> OnnxModel.open(file, 0), () -> ModelFiles.sha256(file))) {
            assertThatThrownBy(open::run)
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageStartingWith(file + " keeps tensor 'w' in another file, but ")
                    .hasMessageContaining(message)
                    .hasMessageNotContaining("\n");
        }
    }

    @Test
    void aShapeOfAnySizeIsCounted() throws IOException {
        weights("w.data", 1);
        TensorProto.Builder huge = external("w", "location", "w.data");
        for (int i = 0; i < 5; i++) huge.addDims(Integer.MAX_VALUE);
        Path file = write(model(huge));
        assertThatThrownBy(() -> OnnxModel.open(file, 0)).hasMessageContaining("are needed, and ");
        Path negative = write(model(external("w", "location", "w.data").addDims(-1)));
        assertThatThrownBy(() -> OnnxModel.open(negative, 0)).hasMessageContaining("its shape has the size -1");
    }

    @Test
    void nestingWithoutEndIsRefused() throws IOException {
        GraphProto.Builder graph = GraphProto.newBuilder();
        for (int i = 0; i < 60; i++) {
            graph = GraphProto.newBuilder()
                    .addNode(NodeProto.newBuilder()
                            .addAttribute(AttributeProto.newBuilder().setG(graph)));
        }
        Path file = write(ModelProto.newBuilder().setGraph(graph));
        assertThatThrownBy(() -> OnnxModel.open(file, 0)).hasMessageContaining("it is nested too deeply");
    }
}
