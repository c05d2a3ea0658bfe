package dev.limbeck.distill.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Split;
import dev.limbeck.data.SplitSettings;
import dev.limbeck.data.rows.RowData;
import dev.limbeck.data.rows.RowFiles;
import dev.limbeck.data.rows.Rows;
import dev.limbeck.data.table.TableEncoding;
import dev.limbeck.data.text.TextEncoding;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.distill.loss.OutputKind;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.distill.teacher.TeacherContext;
import dev.limbeck.distill.teacher.TeacherSession;
import dev.limbeck.table.TablePreprocessing;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Precision;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.text.TextPreprocessing;
import dev.limbeck.train.Learner;
import dev.limbeck.zoo.Zoo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test functions of rows as teachers. */
class RowTeacherTest {
    private static final String PEOPLE = "job,age,pay\n" + "caf\u00e9,30,yes\n,41.5,no\ncook,1,no\n".repeat(8);

    @TempDir
    Path home;

    private Rows rows(String text, String label) throws IOException {
        Path file = Files.writeString(home.resolve("rows.csv"), text);
        return Rows.read(RowFiles.of(file), List.of(label), Task.Kind.SINGLE_LABEL, Set.of(), line -> {});
    }

    private RowData people() throws IOException {
        Rows rows = rows(PEOPLE, "pay");
        List<String[]> cells =
                IntStream.range(0, rows.size()).mapToObj(rows::cells).toList();
        TablePreprocessing table = TablePreprocessing.fit(rows.header(), cells, Set.of(), Set.of(), line -> {});
        return new RowData(rows, new SplitSettings(1, 0, 0, 0, false, false), 8, plan -> new TableEncoding(table));
    }

    private static Teacher teacher(Function<List<Map<String, String>>, List<float[]>> function, String... columns) {
        return RowTeacher.of("rules", List.of("no", "yes"), OutputKind.PROBABILITIES, List.of(columns), function);
    }

    private static float[] logits(Teacher teacher, RowData data) {
        try (Scope scope = Scope.open();
                TeacherSession session =
                        teacher.open(new TeacherContext(data, Engine.device("cpu"), Precision.FP32, null));
                DataLoader batches = data.evaluate(Split.TRAIN)) {
            return Tensors.toFloats(session.compute(batches.next(), Set.of()).logits());
        }
    }

    @Test
    void getsCellsAsTheyAreByTheirNames() throws IOException {
        Set<Map<String, String>> seen = ConcurrentHashMap.newKeySet();
        Teacher teacher = teacher(
                given -> {
                    seen.addAll(given);
                    return given.stream()
                            .map(row -> row.get("job").isEmpty() ? new float[] {0.9f, 0.1f} : new float[] {0.5f, 0.5f})
                            .toList();
                },
                "age",
                "job");
        try (RowData data = people()) {
            float[] logits = logits(teacher, data);
            assertThat(seen)
                    .containsExactlyInAnyOrder(
                            Map.of("age", "30", "job", "caf\u00e9"),
                            Map.of("age", "41.5", "job", ""),
                            Map.of("age", "1", "job", "cook"));
            assertThat(logits[0] - logits[1]).isEqualTo(0, within(1e-6f));
            assertThat(logits[2] - logits[3]).isEqualTo((float) Math.log(9), within(1e-5f));
        }
    }

    @Test
    void needsNoClassNames() throws IOException {
        Function<List<Map<String, String>>, List<float[]>> even =
                rows -> rows.stream().map(row -> new float[] {1, 2}).toList();
        Teacher unnamed = RowTeacher.of("unnamed", List.of(), OutputKind.LOGITS, List.of("job"), even);
        try (RowData data = people()) {
            assertThat(logits(unnamed, data)).startsWith(1, 2);
        }
    }

    @Test
    void teachesStudentsOfTablesAndTexts() throws IOException {
        Teacher rules = teacher(
                rows -> rows.stream()
                        .map(row -> row.get("job").startsWith("c") ? new float[] {1, 0} : new float[] {0, 1})
                        .toList(),
                "job");
        try (RowData data = people()) {
            taught(data, "mlp-8", rules);
        }
        Rows texts = rows("text,pay\n" + "I cook,no\nI bake,yes\n".repeat(8), "pay");
        Teacher reader = teacher(
                rows -> rows.stream()
                        .map(row -> row.get("text").contains("cook") ? new float[] {1, 0} : new float[] {0, 1})
                        .toList(),
                "text");
        try (RowData data = new RowData(
                texts,
                new SplitSettings(1, 0, 0, 0, false, false),
                8,
                plan -> new TextEncoding(TextPreprocessing.of("text")))) {
            taught(data, "bag-4", reader);
        }
    }

    private static void taught(RowData data, String student, Teacher teacher) {
        try (Learner learner = Learner.create(data, Zoo.byName(student))) {
            float before = loss(learner, teacher);
            learner.fitOneCycle(
                    30, 3e-2, KnowledgeDistillation.from(teacher).weight(1).build());
            assertThat(loss(learner, teacher)).isLessThan(before / 2);
        }
    }

    /** Return the cross-entropy between the teacher's and the student's probabilities. */
    private static float loss(Learner learner, Teacher teacher) {
        RowData data = (RowData) learner.data();
        float[] expected = logits(teacher, data);
        try (Scope scope = Scope.open();
                DataLoader batches = data.evaluate(Split.TRAIN)) {
            float[] found =
                    Tensors.toFloats(learner.model().predict(batches.next().inputs()));
            double sum = 0;
            for (int row = 0; row < 8; row++) {
                int sure = expected[2 * row] > expected[2 * row + 1] ? 0 : 1;
                sum += Math.log1p(Math.exp(found[2 * row + 1 - sure] - found[2 * row + sure]));
            }
            return (float) sum;
        }
    }

    @Test
    void wrongColumnsAndOutputsAreSaid() throws IOException {
        try (RowData data = people()) {
            assertThatThrownBy(() -> logits(teacher(rows -> List.of(), "jobs"), data))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageContaining("no column 'jobs'")
                    .hasMessageContaining("job");
            assertThatThrownBy(() -> logits(teacher(rows -> List.of(), "job"), data))
                    .hasMessage("teacher rules must return an array for each of 8 rows, found 0");
            assertThatThrownBy(() -> logits(
                            teacher(
                                    rows -> rows.stream()
                                            .map(row -> new float[3])
                                            .toList(),
                                    "job"),
                            data))
                    .hasMessage("teacher rules must return 2 numbers for a row, found 3");
            assertThatThrownBy(() -> teacher(rows -> List.of()))
                    .hasMessage("teacher rules must read a column, found none");
        }
    }
}
