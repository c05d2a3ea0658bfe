package dev.limbeck.evaluate;

import dev.limbeck.nn.Module;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Measure the latency of a forward pass in evaluation mode, in milliseconds.
 *
 * @param p50 median
 * @param p90 90th percentile
 * @param p99 99th percentile
 */
public record Latency(double p50, double p90, double p99) {
    private static final int WARM_UP = 10;

    /** Time in which Java compiles what calls the runtimes; without it, a pass of 0.1 ms seems to take three times as long. */
    private static final long COMPILING_NANOS = 1_000_000_000;

    private static final AtomicLong COMPILED = new AtomicLong();

    /**
     * Measure a model's latency.
     *
     * @param runs passes that count, after ten that do not, and in the first second of all measurements of the process more
     * @param inputs of the model, as {@code Data.inputs} gives them
     */
    public static Latency measure(Module model, int runs, List<InputSpec> inputs, int rows) {
        try (Scope outer = Scope.open();
                Module.ModeGuard mode = model.evalMode();
                NoGrad noGrad = NoGrad.on()) {
            Inputs input = model.adapt(Inputs.example(inputs, rows));
            return measure(
                    () -> {
                        try (Scope scope = Scope.open()) {
                            Tensors.await(model.apply(input));
                        }
                    },
                    runs);
        }
    }

    /** Measure the latency of any forward pass. */
    public static Latency measure(Runnable pass, int runs) {
        while (COMPILED.get() < COMPILING_NANOS) {
            long start = System.nanoTime();
            pass.run();
            COMPILED.addAndGet(System.nanoTime() - start);
        }
        double[] millis = new double[runs];
        for (int i = -WARM_UP; i < runs; i++) {
            long start = System.nanoTime();
            pass.run();
            if (i >= 0) millis[i] = (System.nanoTime() - start) / 1e6;
        }
        Arrays.sort(millis);
        return new Latency(at(millis, 0.5), at(millis, 0.9), at(millis, 0.99));
    }

    private static double at(double[] sorted, double share) {
        return sorted[Math.min(sorted.length - 1, (int) (share * sorted.length))];
    }
}
