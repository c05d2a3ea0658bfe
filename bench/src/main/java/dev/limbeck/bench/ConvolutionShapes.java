package dev.limbeck.bench;

import dev.limbeck.tensor.Autocast;
import dev.limbeck.tensor.BlasThreads;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.LayerOps;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Precision;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * Compare convolutions of random shapes with float64: outputs and both gradients, computed by the engine and by {@link
 * Ops}. Each process logs a line before and after each shape, so that a shape that crashes the process is found.
 */
public final class ConvolutionShapes {
    private static final String[] WHAT = {"output", "gradient of the input", "gradient of the weight"};
    private static final double MOST_PRODUCTS = 1e9;
    private static final int TIMES = 3;

    private ConvolutionShapes() {}

    /** One convolution. */
    record Shape(int rows, int in, int out, int kernel, int side, int stride, int dilation, int groups, boolean bias) {
        static Shape random(Random random) {
            while (true) {
                int in = channels(random);
                int out = channels(random);
                int groups = switch (random.nextInt(6)) {
                    case 0 -> in;
                    case 1 -> new int[] {2, 3, 4, 8}[random.nextInt(4)];
                    default -> 1;
                };
                if (groups == in) out = in * (random.nextInt(4) == 0 ? 2 : 1);
                int kernel = new int[] {1, 1, 3, 3, 3, 5, 7}[random.nextInt(7)];
                int side = new int[] {1, 2, 3, 4, 7, 8, 9, 14, 16, 28, 32}[random.nextInt(11)];
                int rows = new int[] {1, 2, 4, 8, 32}[random.nextInt(5)];
                int stride = random.nextInt(4) == 0 ? 2 : 1;
                int dilation = kernel > 1 && random.nextInt(8) == 0 ? 2 : 1;
                Shape shape = new Shape(rows, in, out, kernel, side, stride, dilation, groups, random.nextBoolean());
                double products = (double) rows * side * side * kernel * kernel * in * out / groups;
                if (in % groups == 0 && out % groups == 0 && products <= MOST_PRODUCTS) return shape;
            }
        }

        /**
         * Return a number of channels: half of them are multiples of the processor's block size, and some are small.
         */
        private static int channels(Random random) {
            if (random.nextInt(12) == 0) return 1 + random.nextInt(7);
            int number = (int) Math.round(Math.exp(Math.log(8) + random.nextDouble() * Math.log(128)));
            return random.nextBoolean() ? Math.max(8, number / 8 * 8) : number;
        }

        int padding() {
            return kernel / 2 * dilation;
        }

        String kind() {
            String groups = this.groups == 1 ? "" : this.groups == in ? ", depthwise" : ", groups";
            return (kernel == 1 ? "1×1" : "wide") + groups;
        }
    }

    /** List the implementations: our operation or the engine's own, in either memory layout. */
    enum Way {
        OURS(false),
        OURS_CHANNELS_LAST(true),
        ENGINE(false),
        ENGINE_CHANNELS_LAST(true);

        private final boolean channelsLast;

        Way(boolean channelsLast) {
            this.channelsLast = channelsLast;
        }

        Tensor apply(Shape shape, Tensor x, Tensor weight, Tensor bias) {
            if (this == OURS || this == OURS_CHANNELS_LAST) {
                return LayerOps.conv2d(
                        x,
                        weight,
                        shape.bias() ? bias : null,
                        shape.stride(),
                        shape.padding(),
                        shape.dilation(),
                        shape.groups());
            }
            return torch.conv2d(
                    x,
                    weight,
                    shape.bias() ? new TensorOptional(bias) : new TensorOptional(),
                    new long[] {shape.stride(), shape.stride()},
                    new long[] {shape.padding(), shape.padding()},
                    new long[] {shape.dilation(), shape.dilation()},
                    shape.groups());
        }
    }

    /** Run the shapes in child processes; a child is started with the folder of its journal. */
    public static void main(String... arguments) throws IOException, InterruptedException {
        Options options = Options.of(
                new TreeMap<>(Map.of(
                        "shapes", "1340",
                        "seed", "1",
                        "processes", "1",
                        "threads", "2",
                        "precision", "fp32",
                        "ways", "ours,ours-channels-last,engine,engine-channels-last",
                        "journal", "",
                        "from", "0",
                        "to", "0")),
                arguments);
        if (options.text("journal").isEmpty()) {
            parent(options, arguments);
        } else {
            child(options);
        }
    }

    private static void child(Options options) throws IOException {
        Engine.setThreads(options.number("threads"));
        Precision precision = Precision.valueOf(options.text("precision").toUpperCase(Locale.ROOT));
        Path journal = Path.of(options.text("journal"));
        Random random = new Random(options.number("seed"));
        List<Shape> shapes = Stream.generate(() -> Shape.random(random))
                .limit(options.number("shapes"))
                .toList();
        List<String> done = Files.exists(journal) ? Files.readAllLines(journal) : List.of();
        try (BlasThreads work = BlasThreads.begin();
                var lines = Files.newBufferedWriter(
                        journal, java.nio.file.StandardOpenOption.CREATE, java.nio.file.StandardOpenOption.APPEND)) {
            for (int i = options.number("from"); i < options.number("to"); i++) {
                Shape shape = shapes.get(i);
                for (String name : options.list("ways")) {
                    Way way = Way.valueOf(name.replace('-', '_').toUpperCase(Locale.ROOT));
                    String key = i + "\t" + way + "\t" + shape.kind() + "\t" + shape;
                    if (done.stream().anyMatch(line -> line.startsWith(key))) continue;
                    lines.write(key);
                    lines.flush();
                    try (Scope scope = Scope.open()) {
                        Tensors.seed(i);
                        lines.write("\t" + measure(shape, way, precision));
                    }
                    lines.newLine();
                    lines.flush();
                }
            }
        }
    }

    private static String measure(Shape shape, Way way, Precision precision) {
        Tensor x = Tensors.randn(shape.rows(), shape.in(), shape.side(), shape.side());
        Tensor weight = Tensors.randn(shape.out(), shape.in() / shape.groups(), shape.kernel(), shape.kernel());
        Tensor bias = Tensors.randn(shape.out());
        List<Tensor> exact = step(shape, Way.ENGINE, Precision.FP32, to64(x), to64(weight), to64(bias));
        Tensor laidX = way.channelsLast ? Tensors.channelsLast(x) : x;
        Tensor laidWeight = way.channelsLast ? Tensors.channelsLast(weight) : weight;
        List<String> errors = new ArrayList<>();
        double best = Double.MAX_VALUE;
        for (int time = 0; time < TIMES; time++) {
            try (Scope one = Scope.open()) {
                long start = System.nanoTime();
                List<Tensor> found = step(shape, way, precision, laidX, laidWeight, bias);
                best = Math.min(best, (System.nanoTime() - start) / 1e6);
                if (time > 0) continue;
                for (int k = 0; k < found.size(); k++) {
                    Tensor expected = exact.get(k);
                    double difference =
                            to64(found.get(k)).sub(expected).abs().max().item_double()
                                    / Math.max(expected.abs().max().item_double(), 1e-30);
                    errors.add(String.format(Locale.ROOT, "%.3g", difference));
                }
            }
        }
        return String.join("\t", errors) + String.format(Locale.ROOT, "\t%.4f", best);
    }

    private static Tensor to64(Tensor tensor) {
        return Tensors.to(tensor, DType.FLOAT64);
    }

    private static List<Tensor> step(Shape shape, Way way, Precision precision, Tensor x, Tensor weight, Tensor bias) {
        Tensor input = x.detach();
        Tensor kernel = weight.detach();
        input.set_requires_grad(true);
        kernel.set_requires_grad(true);
        Function<Inputs, Tensor> network = inputs -> way.apply(shape, inputs.only(), kernel, bias);
        Tensor y = Autocast.apply(precision, network, Inputs.of(input));
        // In float64 first: float32 does not hold all whole numbers above 2^24.
        Tensor pattern = Tensors.to(to64(torch.arange(new Scalar(y.numel()))).sin(), DType.of(y))
                .view(y.shape());
        y.mul(pattern).sum().backward();
        List<Tensor> all =
                List.of(y.detach(), input.grad().clone(), kernel.grad().clone());
        input.set_requires_grad(false);
        kernel.set_requires_grad(false);
        return all;
    }

    private static void parent(Options options, String... arguments) throws IOException, InterruptedException {
        int shapes = options.number("shapes");
        int processes = options.number("processes");
        Path folder = Files.createTempDirectory("limbeck-convolutions");
        List<Thread> threads = new ArrayList<>();
        for (int p = 0; p < processes; p++) {
            Path journal = folder.resolve(p + ".tsv");
            int from = shapes * p / processes;
            int to = shapes * (p + 1) / processes;
            Thread thread = new Thread(() -> runToEnd(journal, from, to, arguments));
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) thread.join();
        List<String> lines = new ArrayList<>();
        for (int p = 0; p < processes; p++) lines.addAll(Files.readAllLines(folder.resolve(p + ".tsv")));
        report(lines, options.text("precision").equals("fp32") ? 1e-4 : 0.05);
        FileUtils.deleteDirectory(folder.toFile());
    }

    /** Restart a child after each crash; it continues after the shape that crashed. */
    private static void runToEnd(Path journal, int from, int to, String... arguments) {
        try {
            while (true) {
                List<String> command = new ArrayList<>(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "-XX:-CreateCoredumpOnCrash",
                        "-XX:ErrorFile=/dev/null",
                        ConvolutionShapes.class.getName()));
                command.addAll(Arrays.asList(arguments));
                command.addAll(List.of("--journal", journal.toString(), "--from", from + "", "--to", to + ""));
                Process process = new ProcessBuilder(command)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .redirectError(journal.resolveSibling(from + ".log").toFile())
                        .start();
                int code = process.waitFor();
                if (code == 0) return;
                String all = Files.exists(journal) ? Files.readString(journal) : "";
                if (all.isEmpty() || all.endsWith("\n")) {
                    throw new IllegalStateException(Files.readString(journal.resolveSibling(from + ".log")));
                }
                Files.writeString(journal, all + "\tended the process with " + code + "\n");
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Print the errors and the total time of each implementation for each kind of convolution. */
    private static void report(List<String> lines, double allowed) {
        Map<String, int[]> wrong = new TreeMap<>();
        Map<String, Double> time = new LinkedHashMap<>();
        Map<String, double[]> worst = new LinkedHashMap<>();
        List<String> examples = new ArrayList<>();
        for (String line : lines) {
            String[] fields = line.split("\t");
            String key = fields[2] + " | " + fields[1];
            int[] counts = wrong.computeIfAbsent(key, k -> new int[5]);
            counts[0]++;
            if (fields[4].startsWith("ended")) {
                counts[4]++;
                examples.add(fields[1] + " " + fields[3] + " " + fields[4]);
                continue;
            }
            for (int k = 0; k < WHAT.length; k++) {
                double difference = Double.parseDouble(fields[4 + k]);
                double[] most = worst.computeIfAbsent(key, unused -> new double[WHAT.length]);
                most[k] = Math.max(most[k], difference);
                if (difference <= allowed) continue;
                counts[1 + k]++;
                examples.add(fields[1] + " " + fields[3] + " " + WHAT[k] + " " + difference);
            }
            time.merge(key, Double.parseDouble(fields[7]), Double::sum);
        }
        System.out.println("| kind | way | shapes | wrong output | input's gradient | weight's gradient | crashed "
                + "| greatest differences | ms together |");
        System.out.println("|---|---|---|---|---|---|---|---|---|");
        wrong.forEach((key, counts) -> System.out.printf(
                Locale.ROOT,
                "| %s | %d | %d | %d | %d | %d | %s | %.1f |%n",
                key,
                counts[0],
                counts[1],
                counts[2],
                counts[3],
                counts[4],
                Arrays.toString(worst.getOrDefault(key, new double[0])),
                time.getOrDefault(key, 0.0)));
        examples.stream().limit(200).forEach(System.out::println);
    }
}
