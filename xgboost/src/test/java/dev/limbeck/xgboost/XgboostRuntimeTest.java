package dev.limbeck.xgboost;

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
import dev.limbeck.data.rows.RowFiles;
import dev.limbeck.data.rows.Rows;
import dev.limbeck.data.table.TableEncoding;
import dev.limbeck.distill.teacher.FileTeacher;
import dev.limbeck.distill.teacher.ModelRuntime;
import dev.limbeck.distill.teacher.TeacherContext;
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
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import ml.dmlc.xgboost4j.java.Booster;
import ml.dmlc.xgboost4j.java.DMatrix;
import ml.dmlc.xgboost4j.java.XGBoost;
import ml.dmlc.xgboost4j.java.XGBoostError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Train boosters with XGBoost itself, and compare what they teach with its own predictions. */
class XgboostRuntimeTest {
    private static final int ROWS = 200;
    private static final String[] NAMES = {"size", "color", "weight"};

    @TempDir
    Path home;

    private final float[] cells = new float[ROWS * 3];
    private final float[] classes = new float[ROWS];
    private final StringBuilder csv = new StringBuilder("weight,label,color,size,more\n");

    /** Draw rows: a number, the code of a category, and a number that may be missing. */
    XgboostRuntimeTest() {
        Random random = new Random(3);
        for (int i = 0; i < ROWS; i++) {
            cells[3 * i] = random.nextFloat();
            cells[3 * i + 1] = random.nextInt(7);
            cells[3 * i + 2] = i % 5 == 0 ? Float.NaN : random.nextFloat();
            classes[i] = (cells[3 * i] > 0.5 ? 1 : 0) + (cells[3 * i + 1] % 2 == 0 ? 1 : 0);
            csv.append(i % 5 == 0 ? "" : cells[3 * i + 2]).append(",c" + (int) classes[i]);
            csv.append("," + (int) cells[3 * i + 1] + "," + cells[3 * i] + ",x" + i % 2 + "\n");
        }
    }

    private DMatrix matrix() throws XGBoostError {
        return new DMatrix(cells, ROWS, 3, Float.NaN);
    }

    private Booster train(String objective, boolean named, Map<String, Object> more) throws XGBoostError {
        DMatrix matrix = matrix();
        float[] labels = classes.clone();
        boolean binary = objective.startsWith("binary");
        if (binary) for (int i = 0; i < ROWS; i++) labels[i] = Math.min(1, labels[i]);
        matrix.setLabel(labels);
        if (named) {
            matrix.setFeatureNames(NAMES);
            matrix.setFeatureTypes(new String[] {"float", "c", "float"});
        }
        Map<String, Object> settings = new HashMap<>(Map.of("objective", objective, "max_depth", 3, "nthread", 1));
        if (objective.startsWith("multi")) settings.put("num_class", 3);
        settings.put("max_cat_to_onehot", 2);
        settings.putAll(more);
        return XGBoost.train(matrix, settings, 4, Map.of(), null, null);
    }

    private RowData data(UnaryOperator<String> change, Task.Kind kind) throws IOException {
        Path file = Files.writeString(home.resolve("rows.csv"), change.apply(csv.toString()));
        Rows rows = Rows.read(RowFiles.of(file), List.of("label"), kind, Set.of(), line -> {});
        List<String[]> all =
                IntStream.range(0, rows.size()).mapToObj(rows::cells).toList();
        TablePreprocessing table = TablePreprocessing.fit(rows.header(), all, Set.of(), Set.of(), line -> {});
        return new RowData(rows, new SplitSettings(1, 0, 0, 0, false, false), ROWS, plan -> new TableEncoding(table));
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

    private void teachesAs(Booster booster, String name, Map<String, String> order, RowData data) throws XGBoostError {
        Path file = home.resolve(name);
        booster.saveModel(file.toString());
        teachesAs(booster.predict(matrix(), true), file, order, data);
    }

    private void teachesAs(float[][] expected, Path file, Map<String, String> order, RowData data) {
        boolean two = expected[0].length == 1 && data.task().kind() == Task.Kind.SINGLE_LABEL;
        try (FileTeacher teacher = FileTeacher.open(file).withPreprocessing(order)) {
            float[] found = logits(teacher, data);
            int width = found.length / ROWS;
            for (int i = 0; i < ROWS; i++) {
                if (two) assertThat(found[2 * i]).isZero();
                for (int c = 0; c < expected[i].length; c++) {
                    assertThat(found[i * width + c + (two ? 1 : 0)]).isEqualTo(expected[i][c], within(1e-6f));
                }
            }
        }
    }

    @Test
    void marginsAreLogitsAndColumnsAreFoundByTheirNames() throws Exception {
        try (RowData two = data(text -> text.replace("c2", "c1"), Task.Kind.SINGLE_LABEL);
                RowData three = data(text -> text, Task.Kind.SINGLE_LABEL)) {
            for (String ending : List.of(".ubj", ".json")) {
                teachesAs(train("binary:logistic", true, Map.of()), "two" + ending, Map.of(), two);
                teachesAs(train("multi:softprob", true, Map.of()), "three" + ending, Map.of(), three);
            }
            teachesAs(
                    train("multi:softmax", true, Map.of("booster", "dart", "rate_drop", 0.5)),
                    "dart.ubj",
                    Map.of(),
                    three);
        }
    }

    @Test
    void withoutNamesTheColumnsAreNamedInOrderAndNumbersStayNumbers() throws Exception {
        try (RowData data = data(text -> text.replaceAll("c(?=\\d)", ""), Task.Kind.REGRESSION)) {
            Map<String, String> order = Map.of(RawTable.ORDER, "size\tcolor\tweight");
            teachesAs(train("reg:squarederror", false, Map.of()), "numbers.ubj", order, data);
            Booster forest = train("reg:squarederror", false, Map.of("num_parallel_tree", 3, "subsample", 0.5));
            teachesAs(forest, "forest.json", order, data);
        }
    }

    @Test
    void roundsAfterTheBestOneAreLeftOut() throws Exception {
        try (RowData data = data(text -> text, Task.Kind.SINGLE_LABEL)) {
            for (int parallel : new int[] {1, 2}) {
                Booster four = train("multi:softprob", true, Map.of("num_parallel_tree", parallel));
                DMatrix matrix = matrix();
                float[][] two = four.predict(matrix, true, 2 * parallel);
                assertThat(two[0][0]).isNotEqualTo(four.predict(matrix, true)[0][0]);
                four.setAttr("best_iteration", "1");
                Path file = home.resolve("stopped" + parallel + ".ubj");
                four.saveModel(file.toString());
                teachesAs(two, file, Map.of(), data);
                try (ModelRuntime.Running running = new XgboostRuntime().look(file)) {
                    assertThat(running.facts().outputs().toString())
                            .contains("the first 2 of 4 rounds, by early stopping");
                }
            }
        }
    }

    @Test
    void whatCannotTeachIsRefusedInOneLine() throws Exception {
        Path file = home.resolve("other.json");
        train("binary:hinge", true, Map.of()).saveModel(file.toString());
        refused(file, "must be trained for binary:logistic, multi:softprob", "found binary:hinge");
        train("binary:logistic", false, Map.of("booster", "gblinear")).saveModel(file.toString());
        refused(file, "found gblinear; train it with booster=gbtree");
        train("binary:logistic", true, Map.of()).saveModel(file.toString());
        String good = Files.readString(file);
        for (Map.Entry<String, String> change : Map.of(
                        "\"left_children\":[1,", "\"left_children\":[0,",
                        "\"right_children\":[2,", "\"right_children\":[1,",
                        "\"split_indices\":[1,", "\"split_indices\":[3,",
                        "\"categories_segments\":[0", "\"categories_segments\":[99",
                        "\"tree_info\":[0", "\"tree_info\":[1",
                        "\"num_trees\":\"4\"", "\"num_trees\":\"5\"",
                        "\"num_feature\":\"3\"", "\"num_feature\":\"4\"",
                        "\"sorted_idx\":[]", "\"sorted_idx\":[1]",
                        "\"size_leaf_vector\":\"1\"", "\"size_leaf_vector\":\"2\"",
                        "\"feature_names\":[\"size\"", "\"feature_names\":[\"color\"")
                .entrySet()) {
            assertThat(good).contains(change.getKey());
            Files.writeString(file, good.replace(change.getKey(), change.getValue()));
            refused(file, "must have");
        }
        // XGBoost reads counts from texts of digits.
        for (String count : List.of("3.5", "\"3.5\"", "\"+3\"", "\"\u0663\"", "\"9999999999\"")) {
            Files.writeString(file, good.replace("\"num_feature\":\"3\"", "\"num_feature\":" + count));
            refused(file, "must have a whole number as num_feature in file.learner.learner_model_param, found");
        }
        Files.writeString(file, good.substring(0, 900));
        refused(file, "is no JSON");
        Path binary = home.resolve("cut.ubj");
        train("binary:logistic", true, Map.of()).saveModel(binary.toString());
        byte[] bytes = Files.readAllBytes(binary);
        Files.write(binary, Arrays.copyOf(bytes, bytes.length / 2));
        refused(binary, "cut.ubj: ");
        Files.writeString(binary, "{\"a\":1}");
        refused(binary, "must have a map as file.learner, found nothing");
    }

    private static void refused(Path file, String... messages) {
        var thrown = assertThatThrownBy(() -> FileTeacher.open(file)).isInstanceOf(LimbeckException.class);
        for (String message : messages) thrown.hasMessageContaining(message);
        thrown.hasMessageNotContaining("\n");
    }

    @Test
    void wordsInAColumnOfNumbersAreRefusedWithAdvice() throws Exception {
        Path file = home.resolve("model.ubj");
        train("binary:logistic", true, Map.of()).saveModel(file.toString());
        try (RowData data = data(
                        text -> text.replace("c2", "c1").replaceAll(",(\\d),", ",red$1,"), Task.Kind.SINGLE_LABEL);
                FileTeacher teacher = FileTeacher.open(file)) {
            assertThatThrownBy(() -> logits(teacher, data))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageContaining("the model takes numbers for 'color', found 'red")
                    .hasMessageNotContaining("\n");
        }
    }
}
