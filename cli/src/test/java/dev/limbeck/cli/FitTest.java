package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test fit on pictures that train in a moment. */
class FitTest {
    private static final String NETWORKS = "small-cnn-4,small-cnn-8,cifar-resnet8";

    @TempDir
    static Path home;

    private static Path teacher;

    @BeforeAll
    static void train() throws IOException {
        Cli.pictures(home.resolve("data/train"), "cat", "dog");
        Cli.pictures(home.resolve("data/test"), "cat", "dog");
        teacher = home.resolve("teacher");
        Cli.run("train", "--data", home.resolve("data"), Cli.TINY, "--out", teacher)
                .done();
    }

    private static Cli.Answer fit(Object... more) {
        return fitOn(home.resolve("data"), more);
    }

    private static Cli.Answer fitOn(Path data, Object... more) {
        return Cli.run("fit", "--data", data, "--epochs", "1", "--batch-size", "4", "--teacher", teacher, more);
    }

    @Test
    void theBestWithinTheBudgetIsConfirmed() throws IOException {
        Path out = home.resolve("fit");
        Object[] options = {
            "--students", NETWORKS, "--max-ms", "1000", "--max-mb", "0.1", "--confirm", "1", "--out", out
        };
        Cli.Answer answer = fit(options).done();
        assertThat(answer.err()).contains("3 of 5 networks are within 1000 ms and 0.1 MB");
        assertThat(answer.out())
                .contains("chosen: small-cnn-", "confirmed on fresh seeds:", "evaluated on the test split")
                .containsPattern("cifar-resnet8 +- +0\\.3\\d +[\\d.]+ +- +above");
        assertThat(out.resolve("fit.png")).isNotEmptyFile();
        JsonNode result = Cli.read(out.resolve("fit.json"));
        assertThat(result.at("/candidates")).hasSize(5);
        assertThat(result.at("/candidates/0/cost/student").asText()).startsWith("small-cnn-");
        assertThat(result.at("/candidates/0/cost/millis").asDouble()).isPositive();
        assertThat(result.at("/candidates/4/cost/millis").isNull()).isTrue();
        // What is there is used again, costs and runs.
        String costs = Files.readString(out.resolve("costs.json"));
        Cli.Answer again = fit(options).done();
        assertThat(Files.readString(out.resolve("costs.json"))).isEqualTo(costs);
        assertThat(again.err()).contains("already finished").doesNotContain("measuring");
        assertThat(again.out()).isEqualTo(answer.out());
        Cli.run("distill", out.resolve("best.yaml"), "--out", home.resolve("by-best"))
                .done();
    }

    @Test
    void costsMayComeFromElsewhere() throws IOException {
        Path measured = home.resolve("measured");
        Cli.Answer only = fit("--students", NETWORKS, "--max-ms", "1000", "--measure", "--out", measured)
                .done();
        assertThat(only.out()).contains("cifar-resnet8", "within", "written to " + measured.resolve("costs.json"));
        assertThat(measured.resolve("trials")).doesNotExist();
        Path out = home.resolve("elsewhere");
        Cli.Answer answer = fit(
                        "--costs",
                        measured.resolve("costs.json"),
                        "--max-mb",
                        "0.1",
                        "--students",
                        "small-cnn-4,small-cnn-9",
                        "--confirm",
                        "0",
                        "--out",
                        out)
                .done();
        assertThat(answer.err()).contains("small-cnn-9 is left out: ", "1 of 1 networks are within 0.1 MB");
        assertThat(answer.out()).contains("not confirmed: ");
    }

    /** A sweep takes the first of equally good ones. */
    @Test
    void theCheapestIsTrainedFirst() {
        Cli.Answer answer = fit(
                        "--students",
                        "cifar-resnet8,small-cnn-8,small-cnn-4",
                        "--max-mb",
                        "1",
                        "--confirm",
                        "0",
                        "--out",
                        home.resolve("sorted"))
                .done();
        assertThat(answer.err().lines().filter(line -> line.endsWith(", 1 epochs, seed 0")))
                .containsExactly(
                        "small-cnn-4, 1 epochs, seed 0",
                        "small-cnn-8, 1 epochs, seed 0",
                        "cifar-resnet8, 1 epochs, seed 0");
    }

    /** Measure networks, write their costs, and return a budget between two of them, in MB. */
    private static double between(Path out, String one, String other) throws IOException {
        fit("--students", one + "," + other, "--max-mb", "1", "--measure", "--out", out)
                .done();
        JsonNode costs = Cli.read(out.resolve("costs.json")).at("/costs");
        assertThat(costs).hasSize(2);
        return (costs.at("/0/bytes").asDouble() + costs.at("/1/bytes").asDouble()) / 2e6;
    }

    @Test
    void narrowerFormsTakePartWithCostsOfElsewhere() throws IOException {
        Path measured = home.resolve("narrower");
        double budget = between(measured, "small-cnn-8", "small-cnn-8@0.5");
        Object[] options = {
            "--costs", measured.resolve("costs.json"), "--max-mb", budget, "--confirm", "0", "--students", "small-cnn-8"
        };
        Cli.Answer half = fit(options, "--out", home.resolve("half")).done();
        assertThat(half.err()).contains("1 of 2 networks are within").doesNotContain("has no cost");
        assertThat(half.out()).contains("chosen: small-cnn-8@0.5, ");
    }

    @Test
    void narrowerFormsThatWereNotMeasuredElsewhereAreNamed() throws IOException {
        Path measured = home.resolve("whole");
        between(measured, "small-cnn-8", "small-cnn-6");
        for (String students : new String[] {"small-cnn-8,small-cnn-6", ""}) {
            Cli.Answer answer = fit(
                    "--costs",
                    measured.resolve("costs.json"),
                    "--max-mb",
                    "0.0001",
                    students.isEmpty() ? new Object[0] : new Object[] {"--students", students},
                    "--out",
                    home.resolve("unknown"));
            assertThat(answer.err())
                    .contains(
                            "costs.json has no cost of small-cnn-8@0.5, small-cnn-6@0.5, so they are left out; measure"
                                    + " with this budget where it was measured (--measure)",
                            "none of 2 networks is within");
        }
    }

    @Test
    void aHalfThatIsNamedItselfStillGetsAQuarter() throws IOException {
        Path out = home.resolve("quarter");
        double budget = between(out, "small-cnn-8@0.25", "small-cnn-8@0.5");
        Cli.Answer answer = fit(
                        "--students", "small-cnn-8,small-cnn-8@0.5", "--max-mb", budget, "--confirm", "0", "--out", out)
                .done();
        assertThat(answer.out()).contains("chosen: small-cnn-8@0.25, ");
    }

    @Test
    void onlyNetworksThatCanStartFromTheTeacherAreMeasured() throws IOException {
        Path out = home.resolve("starting");
        Cli.Answer named = fit(
                "--init",
                "teacher",
                "--students",
                "cifar-resnet8,small-cnn-4",
                "--max-mb",
                "1",
                "--measure",
                "--out",
                out);
        assertThat(named.code()).isEqualTo(1);
        assertThat(named.err())
                .contains("small-cnn-4 cannot start from the weights of cifar-resnet8")
                .doesNotContain("measuring");
        assertThat(out.resolve("costs.json")).doesNotExist();
        Cli.Answer all = fit("--init", "teacher", "--max-mb", "1", "--measure", "--out", out)
                .done();
        assertThat(all.err()).containsPattern("\\d+ of \\d+ networks cannot start from the weights that init.from");
        assertThat(Cli.read(out.resolve("costs.json")).at("/costs")).hasSize(1);
        assertThat(Cli.read(out.resolve("costs.json")).at("/costs/0/student").asText())
                .isEqualTo("cifar-resnet8");
    }

    @Test
    void aBudgetThatNothingMeetsNamesTheNearest() {
        Cli.Answer answer = fit("--students", NETWORKS, "--max-mb", "0.0001", "--out", home.resolve("none"));
        assertThat(answer.code()).isEqualTo(1);
        assertThat(answer.err())
                .contains(
                        "limbeck: none of 7 networks is within 0.0001 MB; the nearest is small-cnn-4@0.25: not timed, 0.0");
        assertThat(home.resolve("none/trials")).doesNotExist();
    }

    @Test
    void aPrunedFileMayBeAStudent() throws IOException {
        Path pruned = home.resolve("pruned.safetensors");
        Cli.run("prune", teacher, "--macs", "0.5", "--out", pruned).done();
        Path out = home.resolve("of-files");
        Object[] options = {"--students", pruned, "--max-mb", "1", "--confirm", "0", "--out", out};
        Cli.Answer answer = fit(options).done();
        assertThat(answer.out()).contains("chosen: " + pruned);
        assertThat(Files.readString(out.resolve("best.yaml"))).contains(pruned.toString());
        // Another file by the same name has another cost.
        String before = Cli.read(out.resolve("costs.json")).at("/costs/0/bytes").asText();
        Cli.run("prune", teacher, "--macs", "0.3", "--out", pruned, "--overwrite")
                .done();
        fit("--students", pruned, "--max-mb", "1", "--measure", "--out", out).done();
        assertThat(Cli.read(out.resolve("costs.json")).at("/costs/0/bytes").asText())
                .isNotEqualTo(before);
    }

    @Test
    void whatCannotEndWellIsRefusedBeforeTheMeasuring() throws IOException {
        Path pruned = home.resolve("before.safetensors");
        Cli.run("prune", teacher, "--macs", "0.5", "--out", pruned).done();
        Path recipe = Files.writeString(home.resolve("patience.yaml"), """
                data: {source: %s, batch_size: 4}
                teacher: {model: %s}
                student: small-cnn-4
                training: {epochs: 1, patience: 2}
                """.formatted(home.resolve("data"), teacher));
        Cli.Answer patience =
                Cli.run("fit", recipe, "--students", NETWORKS, "--max-mb", "1", "--out", home.resolve("patience"));
        assertThat(patience.err()).contains("stops early, so its steps cannot be paired; leave patience out");
        assertThat(home.resolve("patience/costs.json")).doesNotExist();
        Cli.Answer shrunk =
                fit("--students", pruned, "--prune", "0.5", "--max-mb", "1", "--out", home.resolve("shrunk"));
        assertThat(shrunk.err()).contains("found prune; leave it out");
        // A student with other inputs than the teacher's.
        Path other = home.resolve("other");
        Cli.run("train", "--data", home.resolve("data"), Cli.TINY, "--mean", "0,0,0", "--std", "1,1,1", "--out", other)
                .done();
        Cli.Answer mixed = fit("--students", pruned + "," + other, "--max-mb", "1", "--out", home.resolve("mixed"));
        assertThat(mixed.err())
                .contains("these students share prepared inputs, found mean ", " for " + pruned + " and ");
        assertThat(home.resolve("mixed/costs.json")).doesNotExist();
        Cli.pictures(home.resolve("three/train"), "cat", "dog", "cow");
        Cli.Answer classes = fitOn(
                home.resolve("three"),
                "--students",
                NETWORKS,
                "--max-mb",
                "1",
                "--measure",
                "--out",
                home.resolve("mixed"));
        assertThat(classes.err()).contains("has 2 classes, the data has 3; use a teacher of the same classes");
        Cli.pictures(home.resolve("untested/train"), "cat", "dog");
        Cli.Answer untested = fitOn(
                home.resolve("untested"), "--students", NETWORKS, "--max-mb", "1", "--out", home.resolve("mixed"));
        assertThat(untested.err()).contains("a sweep confirms its winner on a test split, but there is none");
        assertThat(home.resolve("mixed/costs.json")).doesNotExist();
    }

    @Test
    void wrongOptionsAreNamed() {
        Object[][] wrong = {
            {"--out", home.resolve("x"), "found no budget; name one (--max-ms, --max-mb)"},
            {"--max-ms", "-1", "--out", home.resolve("x"), "max-ms must be "},
            {"--max-ms", "1", "--students", "resnet19", "--out", home.resolve("x"), "no architecture 'resnet19'"},
            {"--max-ms", "1", "--measure", "--costs", "x", "--out", home.resolve("x"), "--measure measures here"},
            {"--max-ms", "1", "--costs", "x", "--onnx-threads", "1", "--out", home.resolve("x"), "--onnx-threads is "},
            {"--max-ms", "1", "--measure", "--seeds", "2", "--out", home.resolve("x"), "--seeds is for trainings"},
            {"--max-ms", "1", "--measure", "--confirm", "0", "--out", home.resolve("x"), "--confirm is for trainings"},
            {"--max-ms", "1", "--measure", "--track", "x", "--out", home.resolve("x"), "--track is for trainings"},
        };
        for (Object[] row : wrong) {
            Object[] options = Arrays.copyOf(row, row.length - 1);
            Cli.Answer answer = fit(options);
            assertThat(answer.code()).isEqualTo(2);
            assertThat(answer.err()).contains(String.valueOf(row[row.length - 1]));
        }
    }
}
