package dev.limbeck.bench;

import dev.limbeck.LimbeckException;
import java.awt.image.BufferedImage;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import javax.imageio.ImageIO;

/**
 * Load a service of an ONNX file, in a process of its own, from several threads: latencies, failures, resident memory, and the end by
 * SIGTERM. {@code bench/run.sh Serving --model dist/model.onnx --requests 10000}. With {@code --rounds 3}, {@code Serve} and {@code
 * PlainServe} take turns. Photos of 500×375 are made up.
 */
public final class Serving {
    private static final int PHOTOS = 16;

    private Serving() {}

    /** Hold what a load found; latencies in milliseconds. */
    private record Load(double median, double p99, double perSecond, int failed, List<Long> residentMb, int exit) {}

    /** Run the benchmark. */
    public static void main(String... arguments) throws Exception {
        Options options = Options.of(
                Map.of("model", "", "requests", "2000", "threads", "8", "rounds", "0", "warmup", "500"), arguments);
        List<byte[]> photos = photos();
        int rounds = options.number("rounds");
        if (rounds == 0) {
            print("Serve", run("dev.limbeck.examples.Serve", options, photos));
            return;
        }
        List<Double> medians = new ArrayList<>();
        List<Double> tails = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            Load own = run("dev.limbeck.examples.Serve", options, photos);
            Load plain = run("dev.limbeck.bench.PlainServe", options, photos);
            print("Serve     ", own);
            print("PlainServe", plain);
            medians.add(own.median / plain.median);
            tails.add(own.p99 / plain.p99);
        }
        System.out.printf(
                Locale.ROOT,
                "Serve / PlainServe, median of %d rounds: p50 %.2f, p99 %.2f%n",
                rounds,
                Medians.of(medians),
                Medians.of(tails));
    }

    private static void print(String name, Load load) {
        System.out.printf(
                Locale.ROOT,
                "%s p50 %.1f ms, p99 %.1f ms, %.0f requests/s, failed %d, resident MB %s, exit code %d%n",
                name,
                load.median,
                load.p99,
                load.perSecond,
                load.failed,
                load.residentMb,
                load.exit);
    }

    private static List<byte[]> photos() throws IOException {
        Random random = new Random(0);
        List<byte[]> photos = new ArrayList<>();
        for (int i = 0; i < PHOTOS; i++) {
            BufferedImage image = new BufferedImage(500, 375, BufferedImage.TYPE_INT_RGB);
            double[] waves = random.doubles(6, 0.005, 0.15).toArray();
            for (int y = 0; y < 375; y++) {
                for (int x = 0; x < 500; x++) {
                    int color = 0;
                    for (int c = 0; c < 3; c++) {
                        double wave = Math.sin(x * waves[2 * c]) + Math.cos(y * waves[2 * c + 1]);
                        int value = (int) (128 + 50 * wave + 6 * random.nextGaussian());
                        color = color << 8 | Math.max(0, Math.min(255, value));
                    }
                    image.setRGB(x, y, color);
                }
            }
            ByteArrayOutputStream file = new ByteArrayOutputStream();
            ImageIO.write(image, "jpg", file);
            photos.add(file.toByteArray());
        }
        return photos;
    }

    private static Load run(String service, Options options, List<byte[]> photos) throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-Xmx512m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        service,
                        options.text("model"),
                        "0")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            String first = String.valueOf(out.readLine());
            if (!first.matches("serving .* on port \\d+")) throw new LimbeckException("no service, found " + first);
            URI address = URI.create("http://localhost:" + first.substring(first.lastIndexOf(' ') + 1) + "/predict");
            load(address, options.number("warmup"), options, photos, process);
            Load load = load(address, options.number("requests"), options, photos, process);
            process.toHandle().destroy(); // SIGTERM
            if (!process.waitFor(30, TimeUnit.SECONDS)) throw new LimbeckException(service + " did not end in 30 s");
            return new Load(load.median, load.p99, load.perSecond, load.failed, load.residentMb, process.exitValue());
        } finally {
            process.destroyForcibly();
        }
    }

    private static Load load(URI address, int requests, Options options, List<byte[]> photos, Process process)
            throws Exception {
        int threads = options.number("threads");
        HttpClient client = HttpClient.newHttpClient();
        AtomicInteger next = new AtomicInteger();
        AtomicInteger failed = new AtomicInteger();
        AtomicLongArray nanos = new AtomicLongArray(requests);
        List<Long> resident = new ArrayList<>();
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        Callable<Void> work = () -> {
            for (int i = next.getAndIncrement(); i < requests; i = next.getAndIncrement()) {
                HttpRequest request = HttpRequest.newBuilder(address)
                        .POST(HttpRequest.BodyPublishers.ofByteArray(photos.get(i % photos.size())))
                        .build();
                long begun = System.nanoTime();
                try {
                    if (client.send(request, HttpResponse.BodyHandlers.ofString())
                                    .statusCode()
                            != 200) {
                        failed.incrementAndGet();
                    }
                } catch (IOException e) {
                    failed.incrementAndGet();
                }
                nanos.set(i, System.nanoTime() - begun);
                if (i % Math.max(1, requests / 10) == 0) {
                    synchronized (resident) {
                        resident.add(residentMb(process));
                    }
                }
            }
            return null;
        };
        long begun = System.nanoTime();
        List<Future<Void>> done = new ArrayList<>();
        for (int t = 0; t < threads; t++) done.add(pool.submit(work));
        for (Future<Void> one : done) one.get();
        double seconds = (System.nanoTime() - begun) * 1e-9;
        pool.shutdown();
        double[] sorted = new double[requests];
        for (int i = 0; i < requests; i++) sorted[i] = nanos.get(i) * 1e-6;
        Arrays.sort(sorted);
        return new Load(
                sorted[requests / 2], sorted[(int) (requests * 0.99)], requests / seconds, failed.get(), resident, -1);
    }

    /** Return the process's resident memory; 0 where /proc is not known. */
    private static long residentMb(Process process) throws IOException {
        Path status = Path.of("/proc/" + process.pid() + "/status");
        if (!Files.exists(status)) return 0;
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("VmRSS"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                .sum();
    }
}
