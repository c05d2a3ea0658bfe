package dev.limbeck.mlflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.limbeck.LimbeckException;
import dev.limbeck.cli.Main;
import dev.limbeck.run.RunRecord;
import dev.limbeck.train.Tracking;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mlflow.api.proto.Service;
import org.mlflow.api.proto.Service.RunStatus;
import org.mlflow.tracking.MlflowClient;

/** Follow real trainings in a server of the interface's own messages, which answers, fails, or is not there. */
class MlflowTest {
    /** Its epochs take so long that a process can be stopped in one. */
    private static final String LONG = "shapes:320:16:16";

    @TempDir
    static Path home;

    private LocalMlflow server;

    /** Hold what a command printed. */
    private record Answer(int code, String err) {
        List<String> logged() {
            return err.lines().filter(line -> line.startsWith("mlflow: ")).toList();
        }
    }

    @BeforeEach
    void start() throws IOException {
        server = new LocalMlflow();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private static Object[] training(String out, Object... more) {
        return trainingOn("shapes:64:16:16", out, more);
    }

    private static Object[] trainingOn(String data, String out, Object... more) {
        Object[] common = {
            "train",
            "--data",
            data,
            "--arch",
            "cifar-resnet8",
            "--batch-size",
            "16",
            "--epochs",
            "3",
            "--out",
            home.resolve(out)
        };
        return Stream.of(Stream.of(common), Stream.of(more)).flatMap(all -> all).toArray();
    }

    private static Answer run(Object... words) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Main.run(
                new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                false,
                Stream.of(words).map(String::valueOf).toArray(String[]::new));
        return new Answer(code, err.toString(StandardCharsets.UTF_8));
    }

    private String target(String experiment) {
        return "mlflow:" + server.address() + "/" + experiment;
    }

    @Test
    void aRunIsThereAsItsRecordHasIt() throws Exception {
        Answer answer = run(training("whole", "--track", target("first%2Fshapes")));
        assertThat(answer.code()).as(answer.err()).isZero();
        assertThat(answer.logged()).containsExactly("mlflow: " + server.address() + "/#/experiments/1/runs/run0");
        RunRecord made = RunRecord.read(home.resolve("whole/run.json"));
        try (MlflowClient client = new MlflowClient(server.address())) {
            assertThat(client.getExperimentByName("first/shapes").orElseThrow().getExperimentId())
                    .isEqualTo("1");
            Service.RunInfo info = client.getRun("run0").getInfo();
            assertThat(info.getStatus()).isEqualTo(RunStatus.FINISHED);
            assertThat(info.getRunName()).isEqualTo("whole");
            assertThat(info.getEndTime()).isGreaterThan(info.getStartTime());
            assertThat(client.getMetricHistory("run0", "accuracy"))
                    .extracting(Service.Metric::getStep, Service.Metric::getValue)
                    .isEqualTo(made.epochs().stream()
                            .map(row -> org.assertj.core.groups.Tuple.tuple(
                                    (long) row.epoch(), row.metrics().get("accuracy")))
                            .toList());
        }
        LocalMlflow.Run run = server.only();
        assertThat(run.history("train_loss"))
                .hasSize(3)
                .containsEntry(2L, made.epochs().get(2).trainLoss());
        assertThat(run.history("train_task")).hasSize(3);
        assertThat(run.history("final_test_accuracy"))
                .containsExactly(Map.entry(2L, made.results().metric(dev.limbeck.data.Split.TEST, "accuracy")));
        assertThat(run.params)
                .containsEntry("data.source", "shapes:64:16:16")
                .containsEntry("training.epochs", "3")
                .containsEntry("student", "cifar-resnet8");
        assertThat(run.tags)
                .containsEntry("limbeck.version", dev.limbeck.Version.number())
                .containsEntry("limbeck.student", "cifar-resnet8")
                .containsEntry("limbeck.data_fingerprint", made.dataFingerprint())
                .containsEntry("mlflow.source.name", "limbeck")
                .doesNotContainKey("limbeck.teacher");
        for (String name : List.of("run.json", "epochs.csv", "model.safetensors")) {
            assertThat(server.artifacts.get("run0/" + name))
                    .isEqualTo(Files.readAllBytes(home.resolve("whole/" + name)));
        }
    }

    @Test
    void tellsTheTeacherAndEachRunOfAComparison() {
        assertThat(run(training("teacher")).code()).isZero();
        Answer answer = run(
                "compare",
                "--data",
                "shapes:64:16:16",
                "--arch",
                "cifar-resnet8",
                "--batch-size",
                "16",
                "--epochs",
                "1",
                "--seeds",
                "1",
                "--teacher",
                home.resolve("teacher"),
                "--out",
                home.resolve("compared"),
                "--track",
                target("both"));
        assertThat(answer.code()).as(answer.err()).isZero();
        assertThat(server.experiments).containsOnlyKeys("both");
        assertThat(server.runs.values())
                .extracting(run -> run.info.getRunName())
                .containsExactlyInAnyOrder("alone/seed-0", "distilled/seed-0");
        assertThat(server.runs.values())
                .allSatisfy(run -> assertThat(run.info.getStatus()).isEqualTo(RunStatus.FINISHED));
        LocalMlflow.Run distilled = server.runs.values().stream()
                .filter(run -> run.info.getRunName().startsWith("distilled"))
                .findFirst()
                .orElseThrow();
        assertThat(distilled.tags.get("limbeck.teacher")).endsWith("teacher");
        assertThat(distilled.tags.get("limbeck.teacher_identity")).matches("[0-9a-f]{64}");
        assertThat(distilled.history("train_SoftTarget")).hasSize(1);
    }

    /** Follow a run that is complete already. */
    private List<String> follow(String name, Map<String, String> settings) {
        assertThat(run(training(name)).code()).isZero();
        List<String> lines = new ArrayList<>();
        Path out = home.resolve(name);
        new Mlflow()
                .follow(new Tracking(
                        server.address() + "/" + name,
                        "",
                        out,
                        home.resolve(name + ".unfinished/epochs.csv"),
                        settings,
                        Map.of(),
                        lines::add))
                .finished(out);
        return lines;
    }

    @Test
    void namesThatBecomeEqualAreNumbered() {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("classes.r+b", "1");
        settings.put("classes.r&b", "2");
        settings.put("classes.r_b", "3");
        settings.put("é".repeat(260), "4");
        settings.put("è".repeat(260), "5");
        assertThat(follow("names", settings)).hasSize(1);
        assertThat(server.only().params)
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "classes.r_b",
                        "3",
                        "classes.r_b_2",
                        "1",
                        "classes.r_b_3",
                        "2",
                        "_".repeat(250),
                        "4",
                        "_".repeat(248) + "_2",
                        "5"));
        assertThat(server.only().history("final_test_accuracy")).hasSize(1);
        TakenNames metrics = new TakenNames();
        assertThat(metrics.of(List.of("é", "a"))).containsExactly(Map.entry("é", "_"), Map.entry("a", "a"));
        assertThat(metrics.of(List.of("è", "é"))).containsExactly(Map.entry("è", "__2"), Map.entry("é", "_"));
    }

    @Test
    void refusedSettingsKeepNoMetricsBack() {
        server.wrong = "student";
        assertThat(follow("refused", Map.of("student", "s", "teacher", "t")))
                .hasSize(2)
                .element(1)
                .isEqualTo("mlflow: " + server.address()
                        + ": it answers 400 to runs/log-batch: no student; 2 of 2 settings are missing there");
        assertThat(server.only().history("final_test_accuracy")).hasSize(1);
        assertThat(server.only().info.getStatus()).isEqualTo(RunStatus.FINISHED);
    }

    @Test
    void aServerThatIsNotThereEndsNoTraining() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        String place = "http://127.0.0.1:" + port;
        Answer answer = run(training("deaf", "--track", "mlflow:" + place + "/any"));
        assertThat(answer.code()).as(answer.err()).isZero();
        assertThat(answer.logged())
                .containsExactly(
                        "mlflow: " + place
                                + ": no connection; the training goes on, and tries again after a minute and at its end",
                        "mlflow: 2 of 2 attempts failed; 0 of 3 epochs are at " + place);
        assertThat(home.resolve("deaf/run.json")).exists();
    }

    @Test
    void aFailureInBetweenLosesNoEpoch() {
        // The run is complete when the server is in order again.
        server.isBroken = true;
        Thread mends = new Thread(() -> {
            while (!Files.exists(home.resolve("mended.unfinished/checkpoint.safetensors"))) Thread.onSpinWait();
            server.isBroken = false;
        });
        mends.start();
        Answer answer = run(training("mended", "--track", target("mended")));
        assertThat(answer.code()).as(answer.err()).isZero();
        assertThat(answer.logged()).hasSize(3);
        assertThat(answer.logged().get(0)).contains("it answers 503 to experiments/get-by-name: out of order");
        assertThat(answer.logged().get(2)).contains("1 of 5 attempts failed; 3 of 3 epochs are at ");
        assertThat(server.only().history("accuracy")).hasSize(3);
        assertThat(server.only().info.getStatus()).isEqualTo(RunStatus.FINISHED);
    }

    @Test
    void aResumedTrainingGoesOnInItsRun() throws Exception {
        Object[] words = trainingOn(LONG, "resumed", "--track", target("resumed"));
        Process stopped = stopInEpoch(1, words);
        stopped.destroy();
        assertThat(stopped.waitFor()).isEqualTo(143);
        Answer answer = run("train", "--resume", "--out", home.resolve("resumed"), "--track", target("resumed"));
        assertThat(answer.code()).as(answer.err()).isZero();
        LocalMlflow.Run run = server.only();
        assertThat(run.statuses)
                .containsExactly(RunStatus.RUNNING, RunStatus.KILLED, RunStatus.RUNNING, RunStatus.FINISHED);
        assertThat(run.history("accuracy")).hasSize(3);
        assertThat(Files.readString(home.resolve("resumed/tracking.json"))).contains("\"run0\"");
    }

    @Test
    void aRunThatTheServerHasForgottenBeginsAnew() throws Exception {
        Process killed = stopInEpoch(1, trainingOn(LONG, "forgotten", "--track", target("forgotten")));
        killed.destroyForcibly().waitFor();
        assertThat(server.only().info.getStatus()).isEqualTo(RunStatus.RUNNING);
        server.runs.clear();
        Answer answer = run("train", "--resume", "--out", home.resolve("forgotten"), "--track", target("forgotten"));
        assertThat(answer.logged().get(0))
                .contains("the run run0 of the interrupted training is not there; a new one begins");
        assertThat(server.only().history("accuracy")).hasSize(3);
    }

    /** A run in MLflow's trash can be read, but not changed. */
    @Test
    void aRunThatWasDeletedBeginsAnew() throws Exception {
        Process killed = stopInEpoch(1, trainingOn(LONG, "deleted", "--track", target("deleted")));
        killed.destroyForcibly().waitFor();
        LocalMlflow.Run old = server.only();
        old.info = old.info.toBuilder().setLifecycleStage("deleted").build();
        int sent = old.metrics.size();
        Answer answer = run("train", "--resume", "--out", home.resolve("deleted"), "--track", target("deleted"));
        assertThat(answer.logged().get(0))
                .contains("the run run0 of the interrupted training was deleted; a new one begins");
        assertThat(old.metrics).hasSize(sent);
        assertThat(server.runs.get("run1").history("accuracy")).hasSize(3);
        assertThat(server.runs.get("run1").info.getStatus()).isEqualTo(RunStatus.FINISHED);
    }

    @Test
    void aTrainingThatDivergesFails() {
        Answer answer =
                run(training("diverged", "--lr", "1e30", "--schedule", "constant", "--track", target("diverged")));
        assertThat(answer.code()).isOne();
        assertThat(server.only().info.getStatus()).isEqualTo(RunStatus.FAILED);
        assertThat(server.only().tags.get("limbeck.failure")).contains("loss became");
    }

    @Test
    void filesThatTheServerDoesNotPassOnAreSaid() {
        server.place = run -> "s3://bucket/" + run;
        Answer answer = run(training("elsewhere", "--track", target("elsewhere")));
        assertThat(answer.logged().get(1))
                .contains("files are not sent, because the server keeps them at s3://bucket/run0");
        assertThat(server.only().info.getStatus()).isEqualTo(RunStatus.FINISHED);
        assertThat(server.artifacts).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "http://host:5000/shapes, http://host:5000, shapes",
        "https://host/ml/flow/my%20runs, https://host/ml/flow, my runs",
        "http://[::1]:80/a%2Fb, http://[::1]:80, a/b",
    })
    void readsTargets(String text, String place, String experiment) {
        assertThat(Mlflow.Target.of(text)).isEqualTo(new Mlflow.Target(URI.create(place), experiment));
    }

    @ParameterizedTest
    @CsvSource({
        "'', needs a server and an experiment",
        "http://host:5000, needs a server and an experiment",
        "http://host:5000/, needs a server and an experiment",
        "ftp://host/x, needs a server and an experiment",
        "http:///x, needs a server and an experiment",
        "http://host/x?y=1, needs a server and an experiment",
        "http://ho st/x, needs a server and an experiment",
        "http://me:secret@host/x, set MLFLOW_TRACKING_USERNAME",
    })
    void refusesTargets(String text, String words) {
        assertThatThrownBy(() -> new Mlflow().check(text))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining(words)
                .hasMessageNotContaining("secret");
    }

    @Test
    void readsTheVariablesOfOtherClients() throws IOException {
        assertThat(Server.authorization(Map.of())).isNull();
        assertThat(Server.authorization(Map.of("MLFLOW_TRACKING_TOKEN", "abc\n")))
                .isEqualTo("Bearer abc");
        String basic = Server.authorization(
                Map.of("MLFLOW_TRACKING_USERNAME", "Aladdin", "MLFLOW_TRACKING_PASSWORD", "open sesame"));
        // RFC 7617, section 2.
        assertThat(basic).isEqualTo("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assertThatThrownBy(() -> Server.authorization(Map.of("MLFLOW_TRACKING_TOKEN", "a b")))
                .hasMessageContaining("must be one word");
        new Server(URI.create(server.address()), basic).post("experiments/create", Map.of("name", "seen"));
        assertThat(server.authorizations).containsExactly(basic);
    }

    @Test
    void boundsWhatAServerAnswersAndHowLong() throws IOException {
        CountDownLatch over = new CountDownLatch(1);
        HttpServer hostile = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        hostile.createContext("/api/2.0/mlflow/long", call -> {
            call.sendResponseHeaders(200, 0);
            byte[] piece = new byte[1 << 16];
            try (call) {
                for (int i = 0; i < 1000; i++) call.getResponseBody().write(piece);
            } catch (IOException e) {
                over.countDown();
            }
        });
        hostile.createContext("/api/2.0/mlflow/slow", call -> {
            call.sendResponseHeaders(200, 0);
            call.getResponseBody().write('{');
            call.getResponseBody().flush();
        });
        hostile.createContext("/api/2.0/mlflow/away", call -> {
            call.getResponseHeaders().add("Location", server.address());
            call.sendResponseHeaders(307, -1);
        });
        hostile.start();
        try {
            Server client = new Server(
                    URI.create("http://127.0.0.1:" + hostile.getAddress().getPort()), "Bearer secret");
            assertThatThrownBy(() -> client.post("long", Map.of()))
                    .hasMessageContaining("is longer than 1048576 bytes");
            assertThatThrownBy(() -> client.post("slow", Map.of(), Duration.ofMillis(200)))
                    .hasMessageContaining("no answer within");
            assertThatThrownBy(() -> client.post("away", Map.of())).hasMessageContaining("it answers 307");
            assertThat(server.authorizations).isEmpty();
        } finally {
            hostile.stop(0);
        }
    }

    /** Start a command in a JVM of its own and return it when it has logged an epoch. */
    private static Process stopInEpoch(int epoch, Object... args) throws IOException {
        List<String> words = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "dev.limbeck.cli.Main"));
        Stream.of(args).map(String::valueOf).forEach(words::add);
        Process process = new ProcessBuilder(words)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        BufferedReader lines = process.errorReader(StandardCharsets.UTF_8);
        List<String> logged = new ArrayList<>();
        for (String line = lines.readLine(); ; line = lines.readLine()) {
            if (line == null) throw new AssertionError("the training ended: " + logged);
            logged.add(line);
            if (line.matches(" +" + epoch + " .*")) return process;
        }
    }
}
