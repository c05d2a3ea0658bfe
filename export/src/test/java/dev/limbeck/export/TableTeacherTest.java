package dev.limbeck.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.Batch;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Split;
import dev.limbeck.data.SplitSettings;
import dev.limbeck.data.rows.RowData;
import dev.limbeck.data.rows.Rows;
import dev.limbeck.data.table.TableEncoding;
import dev.limbeck.distill.teacher.FileTeacher;
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
        Rows rows = Rows.read(file, null, null, List.of(label), kind, Set.of("?"), line -> {});
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
