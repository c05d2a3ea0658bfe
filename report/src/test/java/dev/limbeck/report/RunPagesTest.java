package dev.limbeck.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.compare.SearchSpace;
import dev.limbeck.compare.Sweep;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.recipe.RecipeRun;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.run.RunRecord;
import dev.limbeck.train.Callback;
import dev.limbeck.train.TrainingContext;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.apache.commons.io.FileUtils;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test the pages of real runs: complete, being trained, interrupted, resumed, and damaged ones; and how a browser renders them. */
class RunPagesTest {
    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    static Path home;

    private static Path runs;

    @BeforeAll
    static void train() {
        runs = home.resolve("runs");
        run("plain", RunContext.silent());
        run("2/<img src=x onerror=alert(1)>", RunContext.silent());
    }

    private static void run(String name, RunContext context) {
        new RecipeRun(recipe(3), context).run(runs.resolve(name), false);
    }

    private static Recipe recipe(int epochs) {
        ObjectNode tree = RecipeFiles.tree();
        tree.putObject("data").put("source", "shapes:120:40:100");
        tree.put("student", "cifar-resnet8");
        tree.putObject("training").put("epochs", epochs).put("lr", 1e-2);
        return RecipeFiles.bind(tree, "");
    }

    private static RunContext watched(Callback callback) {
        RunContext silent = RunContext.silent();
        return new RunContext("cpu", null, line -> {}, silent.download(), silent.prepare(), () -> List.of(callback));
    }

    private static RunContext logTo(List<String> lines) {
        RunContext silent = RunContext.silent();
        return new RunContext("cpu", null, lines::add, silent.download(), silent.prepare(), silent.watchers());
    }

    private static JsonNode data(String page) throws IOException {
        return JSON.readTree(page.substring(page.indexOf("id=\"data\">") + 10, page.indexOf("</script>")));
    }

    @Test
    void aPageHoldsItsRun() throws IOException {
        Path file = RunReport.write(runs.resolve("plain"), null, RunContext.silent());
        assertThat(file).isEqualTo(runs.resolve("plain/report.html"));
        String page = Files.readString(file);
        assertThat(page).doesNotContain("src=\"http", "href=\"http", "@import", "url(http", "/*DATA*/", "/*SCRIPT*/");
        JsonNode data = data(page);
        assertThat(data.get("state").asText()).isEqualTo("finished");
        assertThat(data.get("epochs")).hasSize(3);
        JsonNode made = JSON.readTree(runs.resolve("plain/run.json").toFile());
        assertThat(data.at("/epochs/2/train_loss").asDouble())
                .isEqualTo(made.at("/epochs/2/train_loss").asDouble());
        assertThat(data.at("/epochs/2/train_task").isNumber()).isTrue();
        assertThat(StreamSupport.stream(data.get("results").spliterator(), false)
                        .map(one -> one.get("name").asText()))
                .startsWith("valid, last epoch", "test, last epoch")
                .anyMatch(name -> name.startsWith("test, best epoch ("));
        assertThat(data.at("/settings/training.epochs").asText()).isEqualTo("3");
        JsonNode counts = data.at("/evaluation/report/confusion/counts");
        int right = 0;
        int all = 0;
        for (int label = 0; label < counts.size(); label++) {
            right += counts.get(label).get(label).asInt();
            for (JsonNode count : counts.get(label)) all += count.asInt();
        }
        assertThat(all).isEqualTo(100);
        assertThat(right / 100.0).isEqualTo(made.at("/results/test/accuracy").asDouble());
        assertThat(data.at("/evaluation/misses"))
                .hasSize(8)
                .allSatisfy(row -> assertThat(row.get("image").asText()).startsWith("data:image/png"));
        // A run with its page may still be replaced.
        new RecipeRun(recipe(3), RunContext.silent()).run(runs.resolve("plain"), true);
    }

    @Test
    void aPageWithoutTheDataSaysWhy() throws IOException {
        Path csv = Files.writeString(home.resolve("rows.csv"), rows(60, 0));
        ObjectNode tree = RecipeFiles.tree();
        tree.putObject("data")
                .put("source", csv.toString())
                .putArray("label_columns")
                .add("y");
        tree.put("student", "mlp-8");
        tree.putObject("training").put("epochs", 1).put("lr", 1e-2);
        Path run = home.resolve("rows-run");
        new RecipeRun(RecipeFiles.bind(tree, ""), RunContext.silent()).run(run, false);
        JsonNode page = data(Files.readString(RunReport.write(run, home.resolve("there.html"), RunContext.silent())));
        assertThat(page.at("/evaluation/split").asText()).isEqualTo("valid");
        Files.writeString(csv, rows(60, 1));
        List<String> logged = new ArrayList<>();
        page = data(Files.readString(RunReport.write(run, home.resolve("changed.html"), logTo(logged))));
        assertThat(page.get("evaluation").isNull()).isTrue();
        assertThat(page.get("without_evaluation").asText()).contains("rows.csv has changed since the training");
        assertThat(logged).singleElement().asString().contains("has changed since the training");
        Files.delete(csv);
        page = data(Files.readString(RunReport.write(run, home.resolve("gone.html"), RunContext.silent())));
        assertThat(page.get("without_evaluation").asText()).contains("rows.csv");
        assertThat(page.get("epochs")).hasSize(1);
    }

    private static String rows(int count, int shift) {
        StringBuilder rows = new StringBuilder("x,y\n");
        for (int i = 0; i < count; i++)
            rows.append(i + shift)
                    .append(',')
                    .append(i % 2 == 0 ? "even" : "odd")
                    .append('\n');
        return rows.toString();
    }

    @Test
    void anIndexLinksToItsRuns() throws IOException {
        Path damaged = Files.createDirectories(runs.resolve("damaged"));
        Files.writeString(damaged.resolve("run.json"), "{");
        List<String> logged = new ArrayList<>();
        Path file = RunsReport.write(runs, logTo(logged));
        Files.delete(damaged.resolve("run.json"));
        assertThat(logged.get(0)).startsWith("damaged has no page: ").contains("is damaged");
        assertThat(logged).hasSize(2).last().asString().matches("[123] of 3 runs kept no predictions, .*");
        JsonNode data = data(Files.readString(file));
        List<String> names = new ArrayList<>();
        for (JsonNode row : data.get("runs")) {
            if (row.get("href").isNull()) {
                assertThat(row.get("state").asText()).startsWith("unreadable: ");
                continue;
            }
            names.add(row.get("name").asText());
            Path page = Path.of(
                    URI.create(file.toUri() + "/../" + row.get("href").asText()).normalize());
            assertThat(page).exists();
            assertThat(row.at("/scores/test accuracy").isNumber()).isTrue();
        }
        assertThat(names).containsExactly("2/<img src=x onerror=alert(1)>", "plain");
        assertThat(Files.readString(file)).doesNotContain("<img src=x");
        assertThat(data.get("shares").toString()).isEqualTo("[\"test accuracy\",\"valid accuracy\"]");
        assertThatThrownBy(() -> RunsReport.write(Files.createDirectory(home.resolve("empty")), RunContext.silent()))
                .hasMessageContaining("holds no run");
    }

    /** The trials have not seen the test split, and the page of a folder computes nothing. */
    @Test
    void trialsOfASweepShowTheSplitThatTheyWereJudgedBy() throws IOException {
        Path teacher = home.resolve("sweeps-teacher");
        new RecipeRun(recipe(1), RunContext.silent()).run(teacher, false);
        ObjectNode tree = recipe(1).toTree();
        tree.putObject("teacher").put("model", teacher.toString());
        SearchSpace space =
                new SearchSpace(List.of(), SearchSpace.constants(0.3, 0.9), List.of(), List.of(), List.of());
        Path out = home.resolve("sweep");
        new Sweep(RecipeFiles.bind(tree, ""), space, Sweep.Strategy.GRID, 1, 1, 0, out, RunContext.silent()).run();
        RunsReport.write(out, RunContext.silent());
        for (String trial : List.of("w0.3", "w0.9")) {
            Path run = out.resolve("trials/" + trial + "/epochs-1/seed-0");
            JsonNode page = data(Files.readString(run.resolve(RunReport.NAME)));
            assertThat(page.at("/evaluation/split").asText()).isEqualTo("valid");
            assertThat(page.at("/evaluation/report/confusion/counts")).isNotEmpty();
            page = data(Files.readString(RunReport.write(run, home.resolve("trial.html"), RunContext.silent())));
            assertThat(page.at("/evaluation/split").asText()).isEqualTo("valid");
        }
    }

    @Test
    void anEmbeddingHasTheScoreOfItsLastEpoch() throws IOException {
        Path teacher = home.resolve("embeddings-teacher");
        new RecipeRun(recipe(1), RunContext.silent()).run(teacher, false);
        ObjectNode tree = recipe(2).toTree();
        tree.withObject("/data").put("task", "embedding");
        tree.putObject("teacher").put("model", teacher.toString());
        Path folder = home.resolve("embeddings");
        RunRecord made =
                new RecipeRun(RecipeFiles.bind(tree, ""), RunContext.silent()).run(folder.resolve("one"), false);
        JsonNode page = data(Files.readString(RunsReport.write(folder, RunContext.silent())));
        assertThat(page.at("/runs/0/scores/valid teacher_cosine").asDouble())
                .isEqualTo(made.epochs().get(1).notes().get("teacher_cosine"));
        assertThat(page.get("shares")).as("it may be negative").isEmpty();
    }

    @Test
    void foldersBelowTheDeepestAreNamed() throws IOException {
        Path folder = home.resolve("deep");
        for (String place : List.of("a/b/c/d/e/f/g/found", "1/2/3/4/5/6/7/8/lost")) {
            FileUtils.copyDirectory(
                    runs.resolve("plain").toFile(), folder.resolve(place).toFile());
        }
        List<String> logged = new ArrayList<>();
        JsonNode page = data(Files.readString(RunsReport.write(folder, logTo(logged))));
        String limit = "Folders more than 8 levels deep are not searched, such as those in 1/2/3/4/5/6/7/8.";
        assertThat(page.get("runs")).hasSize(1);
        assertThat(page.at("/runs/0/name").asText()).isEqualTo("a/b/c/d/e/f/g/found");
        assertThat(page.get("facts")).hasSize(2);
        assertThat(page.at("/facts/1").asText()).isEqualTo(limit);
        assertThat(logged).contains(limit);
    }

    @Test
    void aRunWithoutAPageHasNoLink() throws IOException {
        Path folder = home.resolve("blocked");
        FileUtils.copyDirectory(
                runs.resolve("plain").toFile(), folder.resolve("run").toFile());
        Path page = folder.resolve("run").resolve(RunReport.NAME);
        Files.deleteIfExists(page);
        Files.createDirectory(page);
        List<String> logged = new ArrayList<>();
        JsonNode row =
                data(Files.readString(RunsReport.write(folder, logTo(logged)))).at("/runs/0");
        assertThat(logged).anyMatch(line -> line.startsWith("run has no page: "));
        assertThat(row.get("name").asText()).isEqualTo("run");
        assertThat(row.get("href").isNull()).isTrue();
        assertThat(row.at("/scores/test accuracy").isNumber()).isTrue();
    }

    /** Ask a live page for its data at each epoch of a training, in its failure and when it is resumed. */
    @Test
    void aLivePageFollowsARun() throws Exception {
        Path out = home.resolve("live/run");
        Files.createDirectories(out.getParent());
        List<JsonNode> seen = new ArrayList<>();
        try (Watch watch = Watch.start(out.getParent(), 0)) {
            Callback asks = new Callback() {
                @Override
                public int order() {
                    return Integer.MAX_VALUE; // behind the checkpoint, which has the recipe
                }

                @Override
                public void afterEpoch(TrainingContext fit) {
                    seen.add(ask(watch.address() + "run/run?data"));
                    if (seen.size() == 2) throw new LimbeckException("stopped by the test");
                }
            };
            RecipeRun training = new RecipeRun(recipe(4), watched(asks));
            assertThat(ask(watch.address() + "?data").get("runs")).isEmpty();
            assertThatThrownBy(() -> training.run(out, false)).hasMessageContaining("stopped by the test");
            assertThat(ask(watch.address() + "run/run?data").get("state").asText())
                    .isEqualTo("interrupted");
            JsonNode row = ask(watch.address() + "?data").at("/runs/0");
            assertThat(row.get("state").asText()).isEqualTo("interrupted");
            assertThat(row.get("href").asText()).isEqualTo("run/run");
            assertThat(row.at("/scores/valid accuracy").isNumber()).isTrue();
            assertThatThrownBy(() -> RunReport.write(out, null, RunContext.silent()))
                    .hasMessageContaining("is interrupted, expected a complete run");
            training.resume().run(out, false);
            assertThat(ask(watch.address() + "run/run?data").get("state").asText())
                    .isEqualTo("finished");
        }
        assertThat(seen).hasSize(4).allSatisfy(page -> {
            assertThat(page.get("state").asText()).isEqualTo("running");
            assertThat(page.get("planned").asInt()).isEqualTo(4);
            assertThat(page.at("/settings/student").asText()).isEqualTo("cifar-resnet8");
        });
        for (int epoch = 0; epoch < 4; epoch++) {
            JsonNode page = seen.get(epoch);
            assertThat(page.get("epochs")).hasSize(epoch + 1);
            double mean = page.get("seconds").asDouble() / (epoch + 1);
            assertThat(page.get("seconds_left").asDouble())
                    .isCloseTo((3 - epoch) * mean, org.assertj.core.api.Assertions.within(1e-9));
        }
    }

    private static JsonNode ask(String address) {
        try {
            HttpResponse<String> answer = CLIENT.send(
                    HttpRequest.newBuilder(URI.create(address)).build(), HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            return JSON.readTree(answer.body());
        } catch (IOException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    @Test
    void aServerGivesNothingButItsPages() throws Exception {
        try (Watch watch = Watch.start(runs, 0)) {
            int port = URI.create(watch.address()).getPort();
            assertThat(say(port, "GET / HTTP/1.1", "127.0.0.1:" + port)).startsWith("HTTP/1.1 200 OK");
            assertThat(say(port, "GET /?data HTTP/1.1", "localhost:" + port)).startsWith("HTTP/1.1 200 OK");
            assertThat(say(port, "GET /?data HTTP/1.1", "evil.example:" + port))
                    .startsWith("HTTP/1.1 403")
                    .doesNotContain("runs");
            assertThat(say(port, "POST / HTTP/1.1", "127.0.0.1")).startsWith("HTTP/1.1 405");
            for (String path :
                    List.of("/run/", "/run/nobody", "/run/../../etc/passwd", "/run/plain/run.json", "/etc/passwd")) {
                assertThat(say(port, "GET " + path + " HTTP/1.1", "127.0.0.1"))
                        .as(path)
                        .startsWith("HTTP/1.1 404")
                        .contains("this run does not exist, or was deleted; open " + watch.address());
            }
            String first = say(port, "GET /run/plain?data HTTP/1.1", "127.0.0.1");
            String tag = first.lines()
                    .filter(line -> line.toLowerCase(java.util.Locale.ROOT).startsWith("etag: "))
                    .findFirst()
                    .orElseThrow()
                    .substring(6);
            assertThat(say(port, "GET /run/plain?data HTTP/1.1", "127.0.0.1\r\nIf-None-Match: " + tag))
                    .startsWith("HTTP/1.1 304");
            assertThatThrownBy(() -> Watch.start(runs, port)).hasMessageContaining("port " + port + " is taken");
        }
        assertThatThrownBy(() -> Watch.start(home.resolve("nowhere"), 0))
                .hasMessageContaining("is neither a run nor a folder");
    }

    private static String say(int port, String request, String host) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.getOutputStream()
                    .write((request + "\r\nHost: " + host + "\r\nConnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void nothingOverflowsOnAPhoneAndColumnsSort() throws Exception {
        String run = Files.readString(
                RunReport.write(runs.resolve("plain"), home.resolve("phone-run.html"), RunContext.silent()));
        assertThat(Browser.openOnAPhone(
                        home, run, "return document.querySelectorAll('#misses .tile').length + ' rows';"))
                .contains("data-said=\"390 of 390, 8 rows\"");
        String index = Files.readString(RunsReport.write(runs, RunContext.silent()));
        String script = """
                const button = () => [...document.querySelectorAll('th button')].find(b => b.textContent.startsWith('run'));
                const first = () => document.querySelector('tbody th').textContent;
                button().click();
                const up = first();
                button().click();
                return up.length + ' ' + first() + ' ' + button().closest('th').getAttribute('aria-sort');""";
        assertThat(Browser.openOnAPhone(home, index, script)).contains("data-said=\"390 of 390, 30 plain descending\"");
    }

    @Test
    void aBrowserShowsALivePage() throws Exception {
        try (Watch watch = Watch.start(runs.resolve("plain"), 0)) {
            assertThat(Browser.open(home, watch.address(), "--virtual-time-budget=3000"))
                    .contains("Finished: 3 epochs in ", "Live: this page follows the files.", "training term task");
        }
    }
}
