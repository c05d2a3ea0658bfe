package dev.limbeck.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.Batch;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Split;
import dev.limbeck.data.SplitSettings;
import dev.limbeck.data.rows.RowData;
import dev.limbeck.data.rows.RowFiles;
import dev.limbeck.data.rows.Rows;
import dev.limbeck.data.table.TableEncoding;
import dev.limbeck.distill.teacher.FileTeacher;
import dev.limbeck.distill.teacher.ModelRole;
import dev.limbeck.distill.teacher.TeacherContext;
import dev.limbeck.distill.teacher.TeacherOutput;
import dev.limbeck.distill.teacher.TeacherSession;
import dev.limbeck.table.RawTable;
import dev.limbeck.table.TablePreprocessing;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Precision;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Test ONNX files as converters of scikit-learn write them: a pipeline with an input a column, of which one is of texts, and trees over
 * one matrix. ONNX Runtime's Python interface computed the expected values.
 */
class TableTeacherTest {
    private static final Path FILES = Path.of("src", "test", "resources", "dev", "limbeck", "export");
    private static final String PEOPLE = "Job-Title,age,pay\ncaf\u00e9,30,yes\nclerk,40,no\ncook,1,no\n";

    @TempDir
    Path home;

    private RowData data(String text, String label, Task.Kind kind) throws IOException {
        Path file = Files.writeString(home.resolve("rows.csv"), text);
        Rows rows = Rows.read(RowFiles.of(file), List.of(label), kind, Set.of("?"), line -> {});
        List<String[]> cells =
                IntStream.range(0, rows.size()).mapToObj(rows::cells).toList();
        TablePreprocessing table = TablePreprocessing.fit(rows.header(), cells, Set.of(), Set.of(), line -> {});
        return new RowData(rows, new SplitSettings(1, 0, 0, 0, false, false), 8, plan -> new TableEncoding(table));
    }

    private static float[] logits(FileTeacher teacher, RowData data) {
        try (Scope scope = Scope.open();
                TeacherSession session =
                        teacher.open(new TeacherContext(data, Engine.device("cpu"), Precision.FP32, null));
                DataLoader batches = data.evaluate(Split.TRAIN)) {
            Batch batch = batches.next();
            assertThat(batch).isNotNull();
            return Tensors.toFloats(session.logits(batch));
        }
    }

    @Test
    void aPipelineGetsNumbersAndTextsByTheNamesOfItsInputs() throws IOException {
        try (RowData data = data(PEOPLE, "pay", Task.Kind.SINGLE_LABEL);
                FileTeacher teacher = FileTeacher.open(FILES.resolve("pipeline.onnx"))) {
            float[] found = logits(teacher, data);
            float[] expected = {0.03229547f, 0.9677046f, 0.03916572f, 0.96083426f, 0.5249792f, 0.47502083f};
            for (int i = 0; i < expected.length; i++) {
                assertThat((float) Math.exp(found[i])).isCloseTo(expected[i], within(1e-6f));
            }
        }
    }

    @Test
    void treesGetAllColumnsInTheDatasOrderOrThoseThatAreNamed() throws IOException {
        String text = "b,a,y\n25,1,1\n35,1,2\n35,3,3\n?,1,4\n25,?,5\n";
        try (RowData data = data(text, "y", Task.Kind.REGRESSION);
                FileTeacher teacher =
                        FileTeacher.open(FILES.resolve("trees.onnx")).withOutput(TeacherOutput.NUMBERS)) {
            assertThat(logits(teacher, data)).containsExactly(20, 30, 10, 20, 10);
            FileTeacher swapped = teacher.withPreprocessing(Map.of(RawTable.ORDER, "a\tb"));
            assertThat(logits(swapped, data)).containsExactly(10, 10, 10, 10, 10);
        }
    }

    @Test
    void whatDoesNotFitIsOneLine() throws IOException {
        refused(PEOPLE.replace("age", "years"), "pay", "found no column for age (1 column) among 'Job-Title', 'years'");
        refused(PEOPLE.replaceAll("\\d+", "x$0"), "pay", ": the model takes numbers for 'age', found 'x");
        assertThatThrownBy(() -> FileTeacher.open(FILES.resolve("zipmap.onnx")))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("returns maps of probabilities by class (ZipMap)")
                .hasMessageContaining("options={'zipmap': False}")
                .hasMessageNotContaining("\n");
    }

    /** Replace the labels of each classifier; there is none of maps. */
    private Path relabeled(String name, List<String> labels) throws IOException {
        ModelProto.Builder model = ModelProto.parseFrom(Files.readAllBytes(FILES.resolve("pipeline.onnx"))).toBuilder();
        for (NodeProto.Builder node : model.getGraphBuilder().getNodeBuilderList()) {
            for (AttributeProto.Builder attribute : node.getAttributeBuilderList()) {
                if (!attribute.getName().startsWith("classlabels")) continue;
                attribute.clearInts().clearStrings().setName("classlabels_strings");
                attribute.setType(AttributeProto.AttributeType.STRINGS);
                for (String label : labels) attribute.addStrings(ByteString.copyFromUtf8(label));
            }
        }
        return Files.write(home.resolve(name), model.build().toByteArray());
    }

    @Test
    void theGraphNamesTheClassesUnlessTheyAreTheirNumbers() throws IOException {
        try (FileTeacher teacher = FileTeacher.open(FILES.resolve("pipeline.onnx"))) {
            assertThat(teacher.classNames()).containsExactly("no", "yes");
        }
        List<String> said = new ArrayList<>();
        Path named = relabeled("named.onnx", List.of("yes", "say \"no\""));
        try (FileTeacher teacher = FileTeacher.open(named, ModelRole.TEACHER, said::add)) {
            assertThat(teacher.classNames()).containsExactly("yes", "say \"no\"");
            assertThat(said)
                    .anyMatch(line -> line.contains("its classes are those of its graph (classlabels_strings of "));
        }
        for (List<String> labels : List.of(List.of("0", "1"), List.of("a", "b", "c"), List.of("a", "a"))) {
            assertThat(OnnxClasses.read(relabeled("other.onnx", labels), 2)).isNull();
        }
    }

    @Test
    void theListOfAnExtractorNamesTheClassesUnlessThereAreTwo() throws IOException {
        ModelProto.Builder model = ModelProto.newBuilder();
        GraphProto.Builder graph = model.getGraphBuilder();
        graph.addNodeBuilder()
                .setOpType("ArrayFeatureExtractor")
                .addInput("names")
                .addInput("best");
        graph.addInitializerBuilder()
                .setName("names")
                .setDataType(TensorProto.DataType.INT64.getNumber())
                .addInt64Data(3)
                .addInt64Data(1);
        graph.addInitializerBuilder()
                .setName("texts")
                .setDataType(TensorProto.DataType.STRING.getNumber())
                .addStringData(ByteString.copyFromUtf8("a"))
                .addStringData(ByteString.copyFromUtf8("b"));
        graph.addNodeBuilder()
                .setOpType("ArrayFeatureExtractor")
                .addInput("input")
                .addInput("names");
        Path file = home.resolve("extractor.onnx");
        Files.write(file, model.build().toByteArray());
        assertThat(OnnxClasses.read(file, -1))
                .isEqualTo(new OnnxClasses.Labels(List.of("3", "1"), "ArrayFeatureExtractor"));
        graph.addNodeBuilder()
                .setOpType("ArrayFeatureExtractor")
                .addInput("texts")
                .addInput("best");
        Files.write(file, model.build().toByteArray());
        assertThat(OnnxClasses.read(file, 2)).isNull();
    }

    /** The difference from 0.1 is 0 in float64 only. */
    @Test
    void float64InputsGetAllDigits() throws IOException {
        ModelProto.Builder model = ModelProto.newBuilder().setIrVersion(8);
        model.addOpsetImportBuilder().setDomain("").setVersion(17);
        GraphProto.Builder graph = model.getGraphBuilder().setName("wide");
        for (ValueInfoProto.Builder value : List.of(graph.addInputBuilder(), graph.addOutputBuilder())) {
            value.getTypeBuilder()
                    .getTensorTypeBuilder()
                    .setElemType(TensorProto.DataType.DOUBLE.getNumber())
                    .getShapeBuilder()
                    .addDim(TensorShapeProto.Dimension.newBuilder().setDimParam("n"))
                    .addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(1));
        }
        graph.getInputBuilder(0).setName("a");
        graph.getOutputBuilder(0).setName("out");
        for (Map.Entry<String, Double> one : Map.of("tenth", 0.1, "many", 1e9).entrySet()) {
            graph.addInitializerBuilder()
                    .setName(one.getKey())
                    .setDataType(TensorProto.DataType.DOUBLE.getNumber())
                    .addDoubleData(one.getValue());
        }
        graph.addNodeBuilder().setOpType("Sub").addInput("a").addInput("tenth").addOutput("rest");
        graph.addNodeBuilder()
                .setOpType("Mul")
                .addInput("rest")
                .addInput("many")
                .addOutput("out");
        Path file = Files.write(home.resolve("wide.onnx"), model.build().toByteArray());
        try (RowData data = data("a,y\n0.1,1\n0.3,2\n0.2,4\n", "y", Task.Kind.REGRESSION);
                FileTeacher teacher = FileTeacher.open(file).withOutput(TeacherOutput.NUMBERS)) {
            assertThat(logits(teacher, data)).containsExactly(0, 2e8f, 1e8f);
            assertThat(teacher.facts().outputs()).containsExactly("out float64 N×1");
        }
    }

    private void refused(String text, String label, String message) throws IOException {
        try (RowData data = data(text, label, Task.Kind.SINGLE_LABEL);
                FileTeacher teacher = FileTeacher.open(FILES.resolve("pipeline.onnx"))) {
            assertThatThrownBy(() -> logits(teacher, data))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageContaining(message)
                    .hasMessageNotContaining("\n");
        }
    }
}
