package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.limbeck.data.Split;
import dev.limbeck.data.rows.RowTable;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.tensor.Engine;
import dev.limbeck.zoo.Zoo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Test the demonstration: its three networks, and the rows that it generates. */
class DemoTest {
    private static final List<String> OUTCOME =
            List.of("architecture", "accuracy", "parameters", "bytes", "p50_millis", "seconds");

    @TempDir
    static Path home;

    @ParameterizedTest
    @CsvSource({"text, help-desk, 12, bag-16, intent, 20", "table, deliveries, 3, mlp, arrival, 100"})
    void rowsTeachThreeNetworks(String kind, String name, int classes, String student, String label, int labels)
            throws IOException {
        // A folder that YAML would not read as it is.
        Path out = home.resolve("it's " + kind);
        int threads = Engine.threads();
        Cli.Answer answer = Cli.run("demo", "--kind", kind, "--quick", "--json", "--out", out)
                .done();
        assertThat(Engine.threads()).isEqualTo(threads);
        JsonNode json = answer.json();
        assertThat(json.fieldNames())
                .toIterable()
                .containsExactly("seed", "teacher", "alone", "distilled", "gap_closed");
        for (String network : List.of("teacher", "alone", "distilled")) {
            assertThat(json.get(network).fieldNames()).toIterable().containsExactlyElementsOf(OUTCOME);
            assertThat(json.get(network).get("p50_millis").asDouble()).isPositive();
        }
        double teacher = json.at("/teacher/accuracy").asDouble();
        double alone = json.at("/alone/accuracy").asDouble();
        double distilled = json.at("/distilled/accuracy").asDouble();
        // Chance is the share of the largest class, at most 37 % in the table.
        assertThat(alone).isGreaterThan(1.2 / classes);
        assertThat(teacher).isBetween(alone + 0.1, 1.0);
        assertThat(distilled).isGreaterThan(alone + 0.05);
        assertThat(json.at("/alone/architecture").asText()).isEqualTo(student);
        assertThat(json.at("/teacher/parameters").asLong())
                .isGreaterThan(json.at("/distilled/parameters").asLong());
        assertThat(answer.err()).contains("of which " + labels + " per class keep their label; T = ");
        assertThat(out.resolve("report.html"))
                .content()
                .contains("data:text/plain;base64,", "Limbeck: " + student + " on " + name)
                .contains("teacher: " + json.at("/teacher/architecture").asText(), "student: " + student)
                .doesNotContain("one image", "same images");
        JsonNode run = Cli.read(out.resolve("distilled/seed-0/run.json"));
        JsonNode data = run.at("/recipe/data");
        assertThat(data.get("source").asText()).isEqualTo(out.resolve(name).toString());
        assertThat(data.get("label_columns").get(0).asText()).isEqualTo(label);
        assertThat(run.at("/engine/threads").asInt()).isEqualTo(kind.equals("table") ? 1 : threads);
        assertThat(data.get("labels_per_class").asInt()).isEqualTo(labels);
        assertThat(Cli.read(out.resolve("comparison.json")).get("unlabeled").asInt())
                .isEqualTo(Files.readAllLines(out.resolve(name).resolve("train.csv"))
                                .size()
                        - 1
                        - labels * classes);
    }

    @Test
    void anUnknownKindIsRefused() {
        Cli.Answer answer = Cli.run("demo", "--kind", "sound");
        assertThat(answer.code()).isEqualTo(2);
        assertThat(answer.err()).contains("'--kind'", "IMAGES, TEXT, TABLE", "'sound'");
    }

    /** Each split is a function of seed and place: these bytes are the same on every machine. */
    @Test
    void rowsAreTheSameEverywhere() {
        assertThat(sum(new DemoTexts(1000, 100, 1))).isEqualTo("443ea2f0cad4b215");
        assertThat(sum(new DemoTable(1000, 100, 1))).isEqualTo("405f2dd8ad8d7ec9");
    }

    private static String sum(DemoRows rows) {
        assertThat(rows.csv(Split.TRAIN)).isEqualTo(rows.csv(Split.TRAIN));
        return DigestUtils.sha256Hex(rows.csv(Split.TRAIN) + rows.csv(Split.TEST))
                .substring(0, 16);
    }

    @Test
    void moreRowsKeepTheOthers() {
        assertThat(new DemoTexts(240, 10, 1).csv(Split.TRAIN)).startsWith(new DemoTexts(120, 10, 1).csv(Split.TRAIN));
        DemoTable table = new DemoTable(50, 50, 1);
        assertThat(table.csv(Split.TEST).lines().skip(1))
                .doesNotContainAnyElementsOf(
                        table.csv(Split.TRAIN).lines().skip(1).toList());
    }

    @Test
    void everyIntentHasTheSameNumberOfTexts() {
        RowTable train = read("intents", new DemoTexts(1200, 120, 1), Split.TRAIN);
        assertThat(train.header()).containsExactly("text", "intent");
        assertThat(counts(train, row -> row[1]))
                .hasSize(12)
                .allSatisfy((intent, count) -> assertThat(count).isEqualTo(100));
        assertThat(train.rows()).allSatisfy(row -> assertThat(row[0]).doesNotContain("@", "#", "\"", "  "));
    }

    /** The best possible accuracy is the documented one only if no phrase but the vague ones has several intents. */
    @Test
    void onlyVaguePhrasesFitSeveralIntents() {
        Set<String> known = new HashSet<>();
        Stream.concat(DemoPhrases.OF_INTENTS.values().stream(), DemoPhrases.VAGUE.stream())
                .flatMap(List::stream)
                .forEach(phrase -> assertThat(known.add(phrase)).as(phrase).isTrue());
        assertThat(DemoPhrases.OF_INTENTS).hasSize(12);
        assertThat(DemoPhrases.VAGUE).hasSize(4).hasSameSizeAs(DemoPhrases.THINGS);
        RowTable train = read("vague", new DemoTexts(6000, 1, 1), Split.TRAIN);
        // A phrase without a thing and without words that have synonyms stands in the text as it is.
        long quits =
                train.rows().stream().filter(row -> row[0].contains("I quit")).count();
        long expected = 6000 / 12 * (100 - DemoTexts.VAGUE) / 100 / 12;
        assertThat((double) quits).isCloseTo(expected, within(expected / 2.0));
    }

    @Test
    void arrivalsAreBalancedAndDependOnColumnsTogether() {
        RowTable train = read("table", new DemoTable(10_000, 1, 1), Split.TRAIN);
        assertThat(train.rows()).hasSize(10_000);
        assertThat(counts(train, row -> row[11]))
                .containsOnlyKeys("early", "late", "on time")
                .allSatisfy((arrival, count) -> assertThat(count).isBetween(3000L, 3700L));
        Map<String, Double> late = train.rows().stream()
                .collect(Collectors.groupingBy(
                        row -> row[6] + " " + row[7],
                        Collectors.averagingDouble(row -> row[11].equals("late") ? 1 : 0)));
        // Snow makes bikes late much more than vans, and wind does so to bikes alone.
        assertThat(late.get("bike snow") - late.get("bike dry"))
                .isGreaterThan(late.get("van snow") - late.get("van dry") + 0.2);
        assertThat(late.get("bike wind")).isGreaterThan(late.get("bike dry") + 0.2);
        assertThat(late.get("van wind")).isCloseTo(late.get("van dry"), within(0.05));
        Map<String, Double> byColor = train.rows().stream()
                .collect(Collectors.groupingBy(
                        row -> row[9], Collectors.averagingDouble(row -> row[11].equals("late") ? 1 : 0)));
        assertThat(byColor.values())
                .hasSize(4)
                .allSatisfy(share -> assertThat(share).isCloseTo(0.32, within(0.03)));
    }

    private static RowTable read(String name, DemoRows rows, Split split) {
        Path folder = home.resolve(name);
        rows.write(folder);
        List<String> lines = new ArrayList<>();
        RowTable table =
                RowTable.read(folder.resolve(rows.form().name()).resolve(split.label() + ".csv"), Set.of(), lines::add);
        assertThat(lines).isEmpty();
        return table;
    }

    private static Map<String, Long> counts(RowTable table, Function<String[], String> of) {
        return table.rows().stream().collect(Collectors.groupingBy(of, TreeMap::new, Collectors.counting()));
    }

    @Test
    void demoComparesThreeNetworks() {
        DemoData shapes = new DemoShapes(128, 64, 50);
        Demo.Settings little =
                new Demo.Settings(shapes, Zoo.CIFAR_RESNET8, Zoo.CIFAR_RESNET8, 1, 1, 1e-2, 1e-2, 4, 0.9);
        List<String> lines = new ArrayList<>();
        RunContext silent = RunContext.silent();
        Path out = home.resolve("demo");
        Demo.Result result = new Demo(
                        little,
                        new RunContext("cpu", null, lines::add, silent.download(), silent.prepare(), silent.watchers()))
                .run(3, out);
        assertThat(out.resolve("report.html")).exists();
        assertThat(lines).first().isEqualTo("teacher: cifar-resnet8 on 128 generated shapes");
        assertThat(Demo.json(result)).containsOnlyKeys("seed", "teacher", "alone", "distilled", "gap_closed");
        assertThat(List.of(result.teacher(), result.alone(), result.distilled()))
                .allSatisfy(outcome -> {
                    assertThat(outcome.accuracy()).isBetween(0.0, 1.0);
                    assertThat(outcome.parameters()).isEqualTo(75_290);
                    assertThat(outcome.bytes()).isGreaterThan(4 * 75_290);
                    assertThat(outcome.p50Millis()).isPositive();
                });
    }

    @Test
    void gapClosedIsAShareOfTheGap() {
        Demo.Result half = new Demo.Result(0, outcome(0.9), outcome(0.7), outcome(0.8));
        assertThat(half.gapClosed()).isCloseTo(0.5, within(1e-12));
        Demo.Result none = new Demo.Result(0, outcome(0.7), outcome(0.7), outcome(0.8));
        assertThat(none.gapClosed()).isNaN();
        assertThat(Demo.json(none)).containsEntry("gap_closed", null);
    }

    private static Demo.Outcome outcome(double accuracy) {
        return new Demo.Outcome("any", accuracy, 1, 1, 1, 1);
    }
}
