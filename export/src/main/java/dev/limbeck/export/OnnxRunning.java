package dev.limbeck.export;

import dev.limbeck.data.ModelFacts;
import dev.limbeck.distill.teacher.ModelRuntime;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Tensors;
import java.nio.file.Path;
import java.util.Locale;
import org.bytedeco.pytorch.Tensor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Run a foreign ONNX file, and compare the first rows with the file as it is written, since ONNX Runtime's graph
 * optimizations have been wrong without an error: 1.28 drops a transposition before a product with a vector. A file
 * with such a difference runs without optimizations. Files that Limbeck wrote are not compared.
 */
final class OnnxRunning implements ModelRuntime.Running {
    private static final int ROWS = 16;

    /** Of the outputs' deviation; half precision and int8 differ by less, wrong operations by about 1. */
    private static final double TOLERANCE = 0.25;

    private static final Logger LOG = LoggerFactory.getLogger(OnnxRunning.class);

    private final Path file;
    private final ModelFacts facts;
    private OnnxModel model;
    private boolean checked;

    OnnxRunning(Path file, OnnxModel model, ModelFacts facts) {
        this.file = file;
        this.model = model;
        this.facts = facts;
        checked = model.metadata().containsKey("crc32");
    }

    @Override
    public Tensor forward(Inputs inputs) {
        return checkedBy(inputs).forward(inputs);
    }

    private synchronized OnnxModel checkedBy(Inputs inputs) {
        if (checked) return model;
        Inputs few = inputs.map(input -> input.narrow(0, 0, Math.min(ROWS, inputs.rows())));
        float[] optimized = Tensors.toFloats(model.forward(few));
        OnnxModel written = OnnxModel.openUnoptimized(file);
        try {
            double difference = difference(optimized, Tensors.toFloats(written.forward(few)));
            checked = true;
            if (difference <= TOLERANCE) return model;
            LOG.warn(String.format(
                    Locale.ROOT,
                    "%s: ONNX Runtime's optimizations change its outputs by %.0f %% of their deviation; it runs without "
                            + "them, as it is written. Another program that runs it may get wrong outputs",
                    file,
                    100 * difference));
            OnnxModel wrong = model;
            model = written;
            written = wrong;
            return model;
        } finally {
            written.close();
        }
    }

    /** Return the distance of two lists, divided by the second's from its mean. What is not finite there is left out. */
    private static double difference(float[] found, float[] expected) {
        double mean = 0;
        int count = 0;
        for (float value : expected) {
            if (!Float.isFinite(value)) continue;
            mean += value;
            count++;
        }
        mean /= Math.max(1, count);
        double distance = 0;
        double deviation = 0;
        for (int i = 0; i < expected.length; i++) {
            if (!Float.isFinite(expected[i])) continue;
            distance += Math.pow(Float.isFinite(found[i]) ? found[i] - expected[i] : Float.MAX_VALUE, 2);
            deviation += Math.pow(expected[i] - mean, 2);
        }
        // A single number has no deviation; its size stands for it.
        double scale = Math.sqrt(Math.max(deviation, 1e-4 * count * mean * mean));
        return distance == 0 ? 0 : Math.sqrt(distance) / scale;
    }

    @Override
    public ModelFacts facts() {
        return facts;
    }

    @Override
    public synchronized void close() {
        model.close();
    }
}
