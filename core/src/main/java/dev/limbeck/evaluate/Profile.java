package dev.limbeck.evaluate;

import dev.limbeck.nn.Module;
import dev.limbeck.nn.Summary;
import dev.limbeck.tensor.BlasThreads;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.InputSpec;
import java.util.List;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Tell what a model costs.
 *
 * @param parameters 0 if they are not known
 * @param macs multiply–accumulate operations of convolutions and linear layers for one input; 0 if they are not known
 * @param bytes size of its file
 * @param one latency at batch 1
 * @param many latency at the larger batch
 * @param throughput inputs a second at the larger batch, by its median
 * @param memory how far the peak of the process's resident size, in bytes, rose above what it held when the measurement
 *     began; too small where an earlier model has left memory that this one could use, so measure several in a process
 *     each, and from before the model is opened, as {@link #withMemoryAbove} does
 */
public record Profile(
        long parameters, long macs, long bytes, Latency one, int batch, Latency many, double throughput, long memory) {
    /**
     * Measure a model, which takes seconds.
     *
     * @param bytes size of its file
     * @param runs passes that count at each batch size
     * @param inputs of the model, as {@code Data.inputs} gives them
     */
    public static Profile of(Module model, long bytes, int batch, int runs, List<InputSpec> inputs) {
        Summary summary = Summary.of(model, inputs);
        return measured(
                summary.parameters(),
                summary.macs(),
                bytes,
                batch,
                rows -> Latency.measure(model, runs, inputs, Math.toIntExact(rows)));
    }

    /**
     * Measure a model that shows nothing of its inside; parameters and operations are 0.
     *
     * @param latency from the rows of a batch to the latency of one pass
     */
    public static Profile of(long bytes, int batch, LongFunction<Latency> latency) {
        return measured(0, 0, bytes, batch, latency);
    }

    /**
     * Return the same with the memory above a resident size that was read before the model was opened. Java's own part is
     * in it too.
     *
     * @param idle bytes
     */
    public Profile withMemoryAbove(long idle) {
        return new Profile(
                parameters, macs, bytes, one, batch, many, throughput, Math.max(0, Engine.peakResidentBytes() - idle));
    }

    /** Return the same with what is known of the model whose file was measured. */
    public Profile of(Summary summary) {
        return new Profile(summary.parameters(), summary.macs(), bytes, one, batch, many, throughput, memory);
    }

    private static Profile measured(long parameters, long macs, long bytes, int batch, LongFunction<Latency> latency) {
        long before = Engine.residentBytes();
        Latency one = asked(1, parameters, latency);
        Latency many = asked(batch, parameters, latency);
        return new Profile(parameters, macs, bytes, one, batch, many, 1000 * batch / many.p50(), 0)
                .withMemoryAbove(before);
    }

    private static Latency asked(int rows, long parameters, LongFunction<Latency> latency) {
        try (@Nullable BlasThreads work = BlasThreads.about(rows, parameters)) {
            return latency.apply(rows);
        }
    }
}
