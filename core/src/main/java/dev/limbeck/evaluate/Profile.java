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
 * Hold the cost of a model: size, operations, latency and memory.
 *
 * @param parameters number of parameters; 0 if unknown
 * @param macs multiply–accumulate operations of convolutions and linear layers per input; 0 if unknown
 * @param bytes size of the file
 * @param one latency with batch size 1
 * @param many latency with the larger batch
 * @param throughput inputs per second with the larger batch, by its median
 * @param memory increase of the process's peak resident size during the measurement, in bytes. It is too small if an
 *     earlier model left reusable memory. Measure each model in its own process, from before it is opened, see {@link
 *     #withMemoryAbove}
 */
public record Profile(
        long parameters, long macs, long bytes, Latency one, int batch, Latency many, double throughput, long memory) {
    /**
     * Measure a model. This takes seconds.
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
     * Measure a model without access to its layers. Parameters and operations are 0.
     *
     * @param latency maps a batch size to the latency of one pass
     */
    public static Profile of(long bytes, int batch, LongFunction<Latency> latency) {
        return measured(0, 0, bytes, batch, latency);
    }

    /**
     * Return a copy with the memory relative to a resident size measured before the model was opened. It includes the
     * Java heap.
     *
     * @param idle resident size in bytes
     */
    public Profile withMemoryAbove(long idle) {
        return new Profile(
                parameters, macs, bytes, one, batch, many, throughput, Math.max(0, Engine.peakResidentBytes() - idle));
    }

    /** Return a copy with the parameters and operations of the measured model. */
    public Profile of(Summary summary) {
        return new Profile(summary.parameters(), summary.macs(), bytes, one, batch, many, throughput, memory);
    }

    private static Profile measured(long parameters, long macs, long bytes, int batch, LongFunction<Latency> latency) {
        long before = Engine.residentBytes();
        Latency one = latency(1, latency);
        Latency many = latency(batch, latency);
        return new Profile(parameters, macs, bytes, one, batch, many, 1000 * batch / many.p50(), 0)
                .withMemoryAbove(before);
    }

    private static Latency latency(int rows, LongFunction<Latency> latency) {
        try (@Nullable BlasThreads work = BlasThreads.about(rows)) {
            return latency.apply(rows);
        }
    }
}
