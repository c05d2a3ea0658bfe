package dev.limbeck.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbeck.Prediction;
import dev.limbeck.data.image.Datasets;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.export.Exporter;
import dev.limbeck.model.SavedModel;
import dev.limbeck.onnx.OnnxPredictor;
import dev.limbeck.train.Learner;
import dev.limbeck.zoo.Zoo;
import java.awt.image.BufferedImage;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServeTest {
    private static final int THREADS = 8;
    private static final int REQUESTS = 50;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    @TempDir
    static Path home;

    private static Path model;
    private static final List<byte[]> IMAGES = new ArrayList<>();

    @BeforeAll
    static void export() throws IOException {
        Path student = home.resolve("student.safetensors");
        try (ImageData data = Datasets.open("shapes").maxTrainSamples(100).build();
                Learner learner = Learner.create(data, Zoo.CIFAR_RESNET8)) {
            learner.fit(1, 0.01);
            learner.save(student);
        }
        try (SavedModel saved = SavedModel.open(student, null)) {
            model = Exporter.of(saved).export(home.resolve("dist")).get(0).file();
        }
        for (int i = 0; i < 10; i++) {
            BufferedImage image = new BufferedImage(60, 50, BufferedImage.TYPE_INT_RGB);
            for (int at = 0; at < 3000; at++) image.setRGB(at % 60, at / 60, 0x1d3f5b * i + at / 60 * 0x020103);
            ByteArrayOutputStream file = new ByteArrayOutputStream();
            ImageIO.write(image, i % 2 == 0 ? "png" : "jpg", file);
            IMAGES.add(file.toByteArray());
        }
    }

    private static HttpResponse<String> post(int port, byte[] body) throws IOException, InterruptedException {
        return CLIENT.send(request(port, body), HttpResponse.BodyHandlers.ofString());
    }

    private static HttpRequest request(int port, byte[] body) {
        return HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/predict"))
                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                .build();
    }

    private static HttpResponse<String> get(int port, String path) throws IOException, InterruptedException {
        return CLIENT.send(
                HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    /** Bad images come among the good ones, and do not disturb them. */
    @Test
    void manyThreadsGetWhatThePredictorSays() throws Exception {
        try (OnnxPredictor predictor = OnnxPredictor.open(model);
                HttpService service = HttpService.start(0, 4, 20_000, body -> Serve.answer(predictor, body))) {
            List<Prediction> expected = IMAGES.stream().map(predictor::predict).toList();
            ExecutorService threads = Executors.newFixedThreadPool(THREADS);
            List<Future<Void>> done = new ArrayList<>();
            for (int t = 0; t < THREADS; t++) {
                int first = t;
                done.add(threads.submit(() -> {
                    for (int i = 0; i < REQUESTS; i++) {
                        int at = (first + i) % IMAGES.size();
                        if (i % 10 == 9) {
                            HttpResponse<String> bad = post(service.port(), new byte[i]);
                            assertThat(bad.statusCode()).isEqualTo(400);
                            assertThat(JSON.readTree(bad.body()).get("error").asText())
                                    .startsWith("cannot read the image of " + i + " bytes: ")
                                    .doesNotContain("\n");
                        }
                        HttpResponse<String> answer = post(service.port(), IMAGES.get(at));
                        assertThat(answer.statusCode()).isEqualTo(200);
                        JsonNode json = JSON.readTree(answer.body());
                        String name = expected.get(at).className();
                        assertThat(json.get("class").asText()).isEqualTo(name);
                        assertThat(json.get("probabilities").get(name).asDouble())
                                .isEqualTo(expected.get(at).probability(), within(1e-5));
                    }
                    return null;
                }));
            }
            for (Future<Void> one : done) one.get();
            threads.shutdown();

            assertThat(get(service.port(), "/health").body()).isEqualTo("{\"status\":\"ok\"}");
            assertThat(get(service.port(), "/predict").statusCode()).isEqualTo(405);
            assertThat(get(service.port(), "/").statusCode()).isEqualTo(404);
            HttpResponse<String> large = post(service.port(), new byte[20_001]);
            assertThat(large.statusCode()).isEqualTo(413);
            assertThat(large.body()).contains("at most 20000 bytes");
        }
    }

    @Test
    void closingFinishesTheRunningRequest() throws Exception {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch released = new CountDownLatch(1);
        HttpService service = HttpService.start(0, 1, 100, body -> {
            entered.countDown();
            try {
                released.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return Map.of("bytes", body.length);
        });
        int port = service.port();
        CompletableFuture<HttpResponse<String>> running =
                CLIENT.sendAsync(request(port, new byte[7]), HttpResponse.BodyHandlers.ofString());
        entered.await();
        assertThat(get(port, "/health").statusCode()).as("beside it").isEqualTo(200);
        CompletableFuture<Void> closing = CompletableFuture.runAsync(service::close);
        int status = 200;
        while (status == 200) status = get(port, "/health").statusCode();
        assertThat(status).isEqualTo(503);
        assertThat(closing).isNotDone();
        released.countDown();
        assertThat(running.get().body()).isEqualTo("{\"bytes\":7}");
        closing.get(10, TimeUnit.SECONDS);
    }

    @Test
    void theProcessEndsCleanlyOnSigterm() throws Exception {
        assumeTrue(File.separatorChar == '/', "this system has no SIGTERM");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "dev.limbeck.examples.Serve",
                        model.toString(),
                        "0")
                .start();
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
                BufferedReader err = process.errorReader(StandardCharsets.UTF_8)) {
            String first = String.valueOf(out.readLine());
            assertThat(first).startsWith("serving " + model + " on port ");
            int port = Integer.parseInt(first.substring(first.lastIndexOf(' ') + 1));
            AtomicInteger answered = new AtomicInteger();
            AtomicBoolean ending = new AtomicBoolean();
            List<Future<Void>> clients = new ArrayList<>();
            for (int t = 0; t < THREADS; t++) {
                int at = t;
                clients.add(threads.submit(() -> {
                    while (true) {
                        boolean before = ending.get();
                        try {
                            int status = post(port, IMAGES.get(at)).statusCode();
                            if (status == 200) answered.incrementAndGet();
                            else assertThat(status).isEqualTo(503);
                            if (status == 503) return null;
                        } catch (IOException e) {
                            // Refused after the end.
                            assertThat(before || ending.get())
                                    .as("ending, at " + e)
                                    .isTrue();
                            return null;
                        }
                    }
                }));
            }
            while (answered.get() < 100) Thread.sleep(5);
            ending.set(true);
            process.toHandle().destroy(); // SIGTERM
            for (Future<Void> client : clients) client.get(20, TimeUnit.SECONDS);
            assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isZero();
            assertThat(out.readLine()).isEqualTo("stopped");
            // Later JDKs warn of native access.
            assertThat(err.lines().filter(line -> !line.startsWith("WARNING: ")))
                    .isEmpty();
        } finally {
            threads.shutdownNow();
            process.destroyForcibly();
        }
    }
}
