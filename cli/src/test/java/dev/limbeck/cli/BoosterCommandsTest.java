package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import ml.dmlc.xgboost4j.java.DMatrix;
import ml.dmlc.xgboost4j.java.XGBoost;
import ml.dmlc.xgboost4j.java.XGBoostError;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test commands with a booster of XGBoost as the teacher of a table. */
class BoosterCommandsTest {
    private static final int ROWS = 400;

    @TempDir
    static Path home;

    @BeforeAll
    static void write() throws IOException, XGBoostError {
        Random random = new Random(9);
        float[] cells = new float[2 * ROWS];
        float[] labels = new float[ROWS];
        StringBuilder csv = new StringBuilder("y,b,a\n");
        for (int i = 0; i < ROWS; i++) {
            cells[2 * i] = random.nextFloat();
            cells[2 * i + 1] = random.nextFloat();
            labels[i] = cells[2 * i] > cells[2 * i + 1] ? 1 : 0;
            csv.append(String.format(
                    Locale.ROOT, "%s,%s,%s%n", labels[i] > 0 ? "over" : "below", cells[2 * i + 1], cells[2 * i]));
        }
        Files.writeString(home.resolve("rows.csv"), csv);
        DMatrix matrix = new DMatrix(cells, ROWS, 2, Float.NaN);
        matrix.setLabel(labels);
        Map<String, Object> parameters = Map.of("objective", "binary:logistic", "nthread", 1);
        XGBoost.train(matrix, parameters, 20, Map.of(), null, null)
                .saveModel(home.resolve("nameless.ubj").toString());
        matrix.setFeatureNames(new String[] {"a", "b"});
        XGBoost.train(matrix, parameters, 20, Map.of(), null, null)
                .saveModel(home.resolve("model.ubj").toString());
    }

    private static Cli.Answer run(String line) {
        return Cli.run(Cli.words(line, home));
    }

    private static double accuracy(String columns) {
        return run("check --json --data $/rows.csv --label-columns y --arch mlp-16 --teacher $/nameless.ubj --teacher-columns "
                        + columns)
                .done()
                .json()
                .at("/preflight/value")
                .asDouble();
    }

    @Test
    void theColumnsOfABoosterWithoutNamesAreNamed() {
        assertThat(accuracy("a,b")).isGreaterThan(0.97);
        assertThat(accuracy("b,a")).isLessThan(0.1);
    }

    @Test
    void aBoosterIsCheckedEvaluatedAndTeaches() {
        String data = " --data $/rows.csv --label-columns y ";
        String teacher = data + "--teacher $/model.ubj --arch mlp-16 ";
        Cli.Answer checked =
                run("check" + teacher + "--teacher-classes below,over").done();
        assertThat(checked.out() + checked.err()).contains("model.ubj");
        JsonNode judged = run("evaluate --json --split train --model $/model.ubj --classes below,over" + data)
                .done()
                .json();
        assertThat(judged.get("accuracy").asDouble()).isGreaterThan(0.97);
        run("distill" + teacher + "--epochs 30 --lr 0.02 --batch-size 32 --kd-weight 1 -T 1 --out $/student")
                .done();
        JsonNode student = run("evaluate --json --model $/student --split valid" + data)
                .done()
                .json();
        assertThat(student.get("accuracy").asDouble()).isGreaterThan(0.85);
        Cli.Answer inspected = run("inspect $/model.ubj").done();
        assertThat(inspected.out())
                .contains("kind: XGBoost", "inputs: a float32 N×1, b float32 N×1", "objective: binary:logistic");
    }
}
