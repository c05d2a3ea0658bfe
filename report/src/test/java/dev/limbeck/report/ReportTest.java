package dev.limbeck.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.Softmax;
import dev.limbeck.Task;
import dev.limbeck.compare.Comparison;
import dev.limbeck.compare.ComparisonResult;
import dev.limbeck.data.ArrayData;
import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import dev.limbeck.data.Targets;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.recipe.RecipeRun;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.train.Predictions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test the page of a real, small comparison: its contents, and how a browser renders it. */
class ReportTest {
    @TempDir
    static Path home;

    private static String page;
    private static JsonNode data;

    @BeforeAll
    static void compare() throws IOException {
        new RecipeRun(recipe(false), RunContext.silent()).run(home.resolve("teacher"), false);
        Path out = home.resolve("comparison");
        ComparisonResult result =
                new Comparison(Map.of("distilled", recipe(true)), 2, 0, out, RunContext.silent()).run();
        Path file = Report.write(result, out, RunContext.silent());
        assertThat(file).isEqualTo(out.resolve("report.html"));
        page = Files.readString(file);
        String json = page.substring(page.indexOf("id=\"data\">") + 10, page.indexOf("</script>"));
        data = new ObjectMapper().readTree(json);
    }

    private static Recipe recipe(boolean taught) {
        ObjectNode tree = RecipeFiles.tree();
        tree.putObject("data").put("source", "shapes:120:40:200");
        tree.put("student", "cifar-resnet8");
        tree.putObject("training").put("epochs", 2).put("lr", 1e-2);
        if (taught)
            tree.putObject("teacher").put("model", home.resolve("teacher").toString());
        return RecipeFiles.bind(tree, "");
    }

    @Test
    void pageIsSelfContained() {
        assertThat(page).doesNotContain("http://www.w3.org/1999", "src=\"http", "href=\"http", "@import", "url(http");
        assertThat(page).doesNotContain("/*DATA*/", "/*STYLE*/", "/*SCRIPT*/");
    }

    @Test
    void holdsTheComparison() {
        assertThat(data.at("/variants/0/name").asText()).isEqualTo("alone");
        assertThat(data.at("/variants/1/curves")).hasSize(2);
        assertThat(data.at("/variants/1/curves/0/0/terms/SoftTarget").isNumber())
                .isTrue();
        assertThat(data.at("/variants/1/report/fidelity/top1").asDouble()).isBetween(0.0, 1.0);
        assertThat(data.at("/variants/0/report/temperature").asDouble()).isPositive();
        assertThat(data.at("/teachers/0/report/confusion/counts")).hasSize(10);
        JsonNode change = data.at("/changes/0");
        int difference = change.get("won").asInt() - change.get("lost").asInt();
        double before = data.at("/variants/0/runs/0/value").asDouble();
        double after = data.at("/variants/1/runs/0/value").asDouble();
        assertThat((after - before) * 200).isCloseTo(difference, within(1e-6));
        assertThat(change.at("/recall/3").asDouble())
                .isCloseTo(
                        data.at("/variants/1/report/recall/3").asDouble()
                                - data.at("/variants/0/report/recall/3").asDouble(),
                        within(1e-12));
        assertThat(data.get("title").asText()).isEqualTo("Limbeck: cifar-resnet8 on shapes");
        assertThat(data.at("/facts/0").asText()).startsWith("Every student: 120 labeled and 0 unlabeled rows, ");
        assertThat(data.at("/variants/1/sentence").asText()).startsWith("distilled");
        assertThat(data.at("/cards/0/teacher/1").asDouble()).isEqualTo(5.1);
        assertThat(data.at("/misses/1/name").asText()).isEqualTo("distilled");
        assertThat(data.at("/misses/1/rows")).hasSize(8).allSatisfy(row -> {
            assertThat(row.get("image").asText()).startsWith("data:image/png");
            assertThat(row.get("predicted").asText())
                    .matches(".+, \\d+ %")
                    .doesNotStartWith(row.get("label").asText());
        });
        assertThat(data.at("/scatters")).isEmpty();
        assertThat(data.at("/costs")).hasSize(2);
        assertThat(data.at("/costs/1/profile/parameters").asInt()).isEqualTo(75_290);
    }

    @Test
    void theCostOfATeacherIsThatOfItsOwnImages() throws IOException {
        Path teacher = home.resolve("large");
        new RecipeRun(sized(48, null), RunContext.silent()).run(teacher, false);
        Path out = home.resolve("sizes");
        ComparisonResult result =
                new Comparison(Map.of("distilled", sized(24, teacher)), 1, 0, out, RunContext.silent()).run();
        String html = Files.readString(Report.write(result, out, RunContext.silent()));
        JsonNode costs = new ObjectMapper()
                .readTree(html.substring(html.indexOf("id=\"data\">") + 10, html.indexOf("</script>")))
                .get("costs");
        assertThat(costs.at("/0/profile/macs").asDouble()
                        / costs.at("/1/profile/macs").asDouble())
                .isBetween(3.9, 4.1);
    }

    private static Recipe sized(int side, @Nullable Path teacher) {
        ObjectNode tree = RecipeFiles.tree();
        tree.putObject("data").put("source", "shapes:32:16:0").put("image_size", side);
        tree.put("student", "cifar-resnet8");
        tree.putObject("training").put("epochs", 1).put("lr", 1e-2);
        if (teacher != null) tree.putObject("teacher").put("model", teacher.toString());
        return RecipeFiles.bind(tree, "");
    }

    @Test
    void plotsNumbersInTheirUnits() {
        Task.Regression task = new Task.Regression(List.of("price"), List.of(100.0), List.of(10.0));
        Targets truth = Targets.values(1, 0f, 1f, Float.NaN);
        Predictions found = new Predictions(new float[] {0.5f, -2, 0}, 1, task, truth);
        try (Data rows = new ArrayData(task, InputSpec.floats(1), 2, 0).with(Split.TEST, new float[3][1], truth)) {
            Pictures pictures = new Pictures(rows, Split.TEST);
            assertThat(pictures.scatters(List.of("m"), List.of(found)))
                    .containsExactly(new Page.Scatter(
                            "price",
                            List.of(new Page.Points("m", List.of(List.of(100.0, 105.0), List.of(110.0, 80.0))))));
            assertThat(pictures.misses(List.of("m"), List.of(found)).get(0).rows())
                    .extracting(Page.Miss::label, Page.Miss::predicted)
                    .containsExactly(tuple("110.0", "80.00"), tuple("100.0", "105.0"));
        }
    }

    @Test
    void shortensNamesOfData() {
        assertThat(Report.name("cifar10")).isEqualTo("cifar10");
        assertThat(Report.name("shapes:700:0:500")).isEqualTo("shapes");
        assertThat(Report.name("/data/flowers/")).isEqualTo("flowers");
        assertThat(Report.name("C:\\data\\flowers")).isEqualTo("flowers");
    }

    @Test
    void nothingOverflowsOnANarrowScreen() throws Exception {
        assertThat(Browser.openOnAPhone(home, page, "return document.querySelectorAll('#cost td').length + ' costs';"))
                .as("no wider than the phone, and the script came to its end")
                .contains("data-said=\"390 of 390, 16 costs\"");
    }

    private static String with(ObjectNode changed) {
        int start = page.indexOf("id=\"data\">") + 10;
        return page.substring(0, start)
                + changed.toString().replace("<", "\\u003c")
                + page.substring(page.indexOf("</script>"));
    }

    private static List<ObjectNode> reports(ObjectNode of) {
        return Stream.of(of.at("/teachers/0"), of.at("/variants/0"), of.at("/variants/1"))
                .filter(JsonNode::isObject)
                .map(one -> (ObjectNode) one.get("report"))
                .toList();
    }

    @Test
    void manyClassesShowTheMostConfusedPairs() throws Exception {
        ObjectNode many = data.deepCopy();
        int classes = 400;
        ArrayNode names = many.putArray("class_names");
        for (int i = 0; i < classes; i++) names.add("class " + i);
        for (ObjectNode report : reports(many)) {
            int[][] counts = new int[classes][classes];
            for (int i = 0; i < classes; i++) counts[i][i] = 3;
            counts[7][11] = 9;
            counts[11][7] = 2;
            report.putObject("confusion").putPOJO("counts", counts);
            ArrayNode recall = report.putArray("recall");
            for (int i = 0; i < classes; i++) recall.add(0.5);
        }
        String script = """
                const pairs = document.querySelector('#classes details table');
                return pairs.className + [...pairs.querySelectorAll('tbody tr')].map(row =>
                    [...row.children].map(cell => cell.textContent).join(' ')).join('; ')
                    + ', ' + document.querySelectorAll('#cost td').length + ' costs';""";
        assertThat(Browser.openOnAPhone(home, with(many), script))
                .contains("390 of 390, class 7 class 11 9 75.0 %; class 11 class 7 2 40.0 %, 16 costs");
    }

    @Test
    void everyVariantHasAColorOfItsOwn() throws Exception {
        ObjectNode many = data.deepCopy();
        ArrayNode variants = many.withArray("variants");
        for (int i = variants.size(); i < 20; i++) {
            variants.add(((ObjectNode) variants.get(1).deepCopy()).put("name", "variant " + i));
        }
        String script = """
                const colors = [...document.querySelectorAll('#summary .key')].map(key => getComputedStyle(key).backgroundColor);
                return colors.length + ' keys of ' + new Set(colors).size + ' colors';""";
        assertThat(Browser.openOnAPhone(home, with(many), script)).contains(", 21 keys of 21 colors");
    }

    @Test
    void withoutATeacherThePageDoesNotSpeakOfOne() throws Exception {
        ObjectNode alone = data.deepCopy();
        alone.putArray("teachers");
        alone.putArray("cards");
        for (JsonNode variant : alone.get("variants")) ((ObjectNode) variant).putNull("gap_closed");
        for (ObjectNode report : reports(alone)) report.putNull("fidelity");
        String script = """
                return (document.getElementById('fidelity-h')?.textContent ?? 'nothing') + ', '
                    + document.getElementById('summary').textContent.includes('The gap');""";
        assertThat(Browser.openOnAPhone(home, with(alone), script)).contains("390 of 390, Calibration, false");
        for (ObjectNode report : reports(alone)) {
            report.putNull("calibration").putNull("temperature").putNull("scaled");
        }
        assertThat(Browser.openOnAPhone(home, with(alone), script)).contains("390 of 390, nothing, false");
    }

    @Test
    void theSliderMovesTheBarsToTheRightNumbers() throws Exception {
        for (double temperature : new double[] {1, 3, 20}) {
            String moved = page.replace("</body>", """
                    <script>
                      const slider = document.getElementById('temperature');
                      slider.value = %s;
                      slider.dispatchEvent(new Event('input', {bubbles: true}));
                    </script></body>""".formatted(temperature));
            String dom = Browser.open(
                    home,
                    Files.writeString(home.resolve("moved.html"), moved).toUri().toString());
            List<String> shown = Pattern.compile(
                            "title=\"teacher: (cow|dog|cat|car)\"><i style=\"[^\"]*width: ([0-9.]+)%[^\"]*\"></i><span>([0-9.]+)</span>")
                    .matcher(dom)
                    .results()
                    .map((MatchResult m) -> {
                        assertThat(Double.parseDouble(m.group(2)) / 100)
                                .as("width of the bar")
                                .isCloseTo(Double.parseDouble(m.group(3)), within(1e-4));
                        return m.group(3);
                    })
                    .toList();
            double[] expected = Softmax.of(new double[] {1.2, 5.1, 2.9, 0.3}, temperature);
            assertThat(shown)
                    .isEqualTo(IntStream.range(0, 4)
                            .mapToObj(i -> String.format(Locale.ROOT, "%.4f", expected[i]))
                            .toList());
            assertThat(dom).contains("<output id=\"t-value\" for=\"temperature\">" + (int) temperature + "</output>");
            assertThat(dom).contains("<figcaption>learning rate</figcaption>", "Confusion of distilled");
        }
    }
}
