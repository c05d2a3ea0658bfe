package dev.limbeck.nn;

import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import dev.limbeck.tensor.Autocast;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.InferenceGraph;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Precision;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.tensor.WeightsOnDisk;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Run a frozen module faster, through a copy with batch norms folded into convolutions and in the chosen precision. The
 * module itself runs while hooks are registered in it. It always runs if it has no graph description, or if the copy
 * computes different outputs. The copy is created by {@link #prepare} or the first call, and the weights that it does not use move to
 * disk, see {@link WeightsOnDisk}; afterward any number of threads may call it. Close it after use, and before the module.
 */
public final class InferenceCopy implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(InferenceCopy.class);
    private static final double ALLOWED = 1e-3;
    /** Rounding to bfloat16 causes about 0.02 in deep networks. Wrong kernels caused 0.1 and more. */
    private static final double ALLOWED_ROUNDED = 0.1;
    /** Where values are rounded to int8, a last bit may decide about a whole step. */
    private static final double ALLOWED_QUANTIZED = 0.1;

    private final Module module;
    private final Precision precision;
    private final Supplier<Inputs> example;
    private final boolean singles;
    private @Nullable InferenceGraph graph;
    private boolean tried;

    /**
     * Describe a copy; {@link #prepare} creates it.
     *
     * @param example returns inputs of a few rows, on which outputs are compared
     * @param singles whether single rows have to be fast, for which some processors need the weights once more
     */
    public InferenceCopy(Module module, Precision precision, Supplier<Inputs> example, boolean singles) {
        this.module = module;
        this.precision = precision;
        this.example = example;
        this.singles = singles;
    }

    /** Create the copy, unless that was tried; the caller has switched gradients off. */
    public synchronized void prepare() {
        if (tried) return;
        // Another copy of the same module must not read weights while they move.
        synchronized (module) {
            graph = make();
            if (graph != null) WeightsOnDisk.move(module.parameters().values());
        }
        tried = true;
        // Creating the copy used several times its size.
        Engine.trimMemory();
    }

    /** Compute float32 logits; the caller has switched gradients off. */
    public Tensor logits(Inputs given) {
        if (module.hookCount() == 0) {
            prepare();
            if (graph != null) return graph.forward(given);
        }
        return Autocast.apply(precision, module::apply, given);
    }

    private @Nullable InferenceGraph make() {
        try (Script script = ScriptWriter.share(module)) {
            InferenceGraph full =
                    checked(script, Precision.FP32, FakeQuantization.isIn(module) ? ALLOWED_QUANTIZED : ALLOWED);
            if (full == null || precision == Precision.FP32) return full;
            full.close();
            return checked(script, precision, ALLOWED_ROUNDED);
        } catch (LimbeckException e) {
            LOG.info("{} runs unoptimized, more slowly: {}", Printable.line(module.describe()), e.getMessage());
        } catch (RuntimeException e) {
            LOG.warn(
                    "{} runs unoptimized, more slowly: {}",
                    Printable.line(module.describe()),
                    Printable.line(Engine.firstLine(e)));
        }
        return null;
    }

    private @Nullable InferenceGraph checked(Script script, Precision in, double allowed) {
        InferenceGraph made = singles ? script.forInference(in) : script.forBatches(in);
        boolean right = false;
        try {
            double difference = difference(made);
            right = difference <= allowed;
            if (right) return made;
            LOG.warn(
                    "the optimized copy of {} differs in {} by {}; the module itself runs, more slowly",
                    Printable.line(module.describe()),
                    in,
                    difference);
            return null;
        } finally {
            if (!right) made.close();
        }
    }

    /** Return the largest difference of float32 logits, relative to the largest logit; one row may be computed in another way than two. */
    private double difference(InferenceGraph folded) {
        try (Scope scope = Scope.open()) {
            Inputs two = module.adapt(example.get());
            Inputs one = two.map(tensor -> tensor.narrow(0, 0, 1));
            Tensor expected = module.apply(two);
            double ofOne = difference(expected.narrow(0, 0, 1), folded.forward(one));
            // Last, so that it also shows a computation that changed the weights.
            return Math.max(ofOne, difference(expected, folded.forward(two)));
        }
    }

    private static double difference(Tensor logits, Tensor others) {
        float[] expected = Tensors.toFloats(logits);
        float[] found = Tensors.toFloats(others);
        double greatest = 1e-30;
        double difference = 0;
        for (int i = 0; i < expected.length; i++) {
            greatest = Math.max(greatest, Math.abs(expected[i]));
            difference = Math.max(difference, Math.abs(expected[i] - found[i]));
        }
        return difference / greatest;
    }

    @Override
    public void close() {
        if (graph != null) graph.close();
    }
}
