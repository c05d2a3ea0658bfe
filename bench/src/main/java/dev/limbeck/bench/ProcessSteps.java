package dev.limbeck.bench;

import dev.limbeck.distributed.ProcessGroup;
import dev.limbeck.distributed.Rendezvous;
import dev.limbeck.nn.Module;
import dev.limbeck.optim.OptimizerState;
import dev.limbeck.optim.Sgd;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Exchange;
import dev.limbeck.zoo.Zoo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.pytorch.Tensor;

/**
 * Train ResNet-18 with SGD in the processes that torchrun's variables describe, on images that a formula gives. Without these
 * variables, one process takes the batches of two. Prints a JSON line: the median times of a step, and of the exchange of
 * gradients that the backward pass does not hide, and a hash of the trained weights.
 */
public final class ProcessSteps {
    private static final int WARM_UP = 3;
    private static final int CLASSES = 10;
    private static final int ALONE_TAKES = 2;

    private ProcessSteps() {}

    /** Run the steps; {@code --overlap false} exchanges after the backward pass, {@code --out} is a file for the weights. */
    public static void main(String... arguments) throws Exception {
        Options options = Options.of(
                new TreeMap<>(Map.of("steps", "20", "batch", "64", "size", "64", "overlap", "true", "out", "")),
                arguments);
        Engine.setThreads(1);
        Tensors.seed(0);
        Rendezvous where = Rendezvous.of(System.getenv()).orElse(null);
        try (ProcessGroup group = where == null ? null : ProcessGroup.join(where, Duration.ofMinutes(2));
                Module student = Zoo.RESNET18.create(
                        CLASSES, List.of(InputSpec.floats(3, options.number("size"), options.number("size"))))) {
            run(student, group == null ? Exchange.ALONE : group, options);
        }
    }

    private static void run(Module student, Exchange exchange, Options options) throws Exception {
        Map<String, Tensor> parameters = new LinkedHashMap<>(student.parameters());
        int steps = options.number("steps");
        List<Double> whole = new ArrayList<>();
        List<Double> exposed = new ArrayList<>();
        student.train();
        exchange.begin(parameters.values());
        try (OptimizerState optimizer = new Sgd(0.9, false, 0, true).prepare(parameters)) {
            for (int step = 0; step < steps; step++) {
                long start = System.nanoTime();
                boolean alone = exchange.size() == 1;
                for (int part = 0; part < (alone ? ALONE_TAKES : 1); part++) {
                    backward(student, alone ? part : exchange.rank(), step, exchange, options);
                }
                long exchanging = System.nanoTime();
                int batches = exchange.sumGradients(alone ? ALONE_TAKES : 1);
                exposed.add((System.nanoTime() - exchanging) / 1e6);
                for (Tensor one : parameters.values()) Ops.mul_(one.grad(), 1.0 / batches);
                optimizer.step(0.01, Double.NaN);
                for (Tensor one : parameters.values()) Tensors.clearGrad(one);
                whole.add((System.nanoTime() - start) / 1e6);
            }
        } finally {
            exchange.end();
        }
        int from = Math.min(WARM_UP, steps - 1);
        System.out.printf(
                Locale.ROOT,
                "{\"process\": %d, \"overlap\": %s, \"ms_per_step\": %.1f, \"exposed_ms\": %.1f, \"weights\": \"%s\"}%n",
                exchange.rank(),
                options.flag("overlap"),
                Medians.of(whole.subList(from, steps)),
                Medians.of(exposed.subList(from, steps)),
                write(parameters.values(), options.text("out")));
    }

    private static void backward(Module student, int process, int step, Exchange exchange, Options options) {
        int batch = options.number("batch");
        int size = options.number("size");
        try (Scope scope = Scope.open()) {
            int number = step * ALONE_TAKES + process;
            double[] pixels = new double[batch * 3 * size * size];
            for (int i = 0; i < pixels.length; i++) pixels[i] = (i * 7919L + number * 104_729L) % 2003 / 1001.0 - 1;
            Tensor images = Tensors.channelsLast(Tensors.to(Tensors.of(pixels, batch, 3, size, size), DType.FLOAT32));
            long[] labels = new long[batch];
            for (int i = 0; i < batch; i++) labels[i] = (i + number) % CLASSES;
            Tensor loss = Ops.crossEntropy(student.apply(images), Tensors.of(labels, batch));
            if (options.flag("overlap")) exchange.beforeLastBackward();
            loss.backward();
        }
    }

    /** Return the SHA-256 of all weights in order, and write them to a file if it is named. */
    private static String write(Collection<Tensor> parameters, String file) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        try (WritableByteChannel out = file.isEmpty()
                ? null
                : Files.newByteChannel(Path.of(file), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            for (Tensor one : parameters) {
                float[] values = Tensors.toFloats(one.detach());
                ByteBuffer bytes =
                        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
                bytes.asFloatBuffer().put(values);
                digest.update(bytes.duplicate());
                if (out != null) out.write(bytes);
            }
        }
        return HexFormat.of().formatHex(digest.digest()).substring(0, 16);
    }
}
