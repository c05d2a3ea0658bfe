package dev.limbeck.export;

import dev.limbeck.LimbeckException;
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

    /** Of the deviation of one column, whose rounding may be larger. */
    private static final double COLUMN_TOLERANCE = 0.5;

    /** Of all outputs' deviation: a column that varies less is constant but for rounding. */
    private static final double LEAST = 1e-4;

    /** Of a mean: what varies less is constant but for rounding. */
    private static final double LEAST_OF_MEAN = 1e-2;

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
        checked = true;
        OnnxModel written = null;
        try {
            written = OnnxModel.openUnoptimized(file);
            String difference =
                    difference(optimized, Tensors.toFloats(written.forward(few)), Math.toIntExact(few.rows()));
            if (difference.isEmpty()) return model;
            LOG.warn(
                    "{}: ONNX Runtime's optimizations change {} of their deviation; it runs without them, as it is written. "
                            + "Another program that runs it may get wrong outputs",
                    file,
                    difference);
            OnnxModel wrong = model;
            model = written;
            written = wrong;
        } catch (LimbeckException e) {
            LOG.warn(
                    "{} could not be run without ONNX Runtime's optimizations, to compare its outputs: {}; it runs with them",
                    file,
                    e.getMessage());
        } finally {
            if (written != null) written.close();
        }
        return model;
    }

    /** Say by how much two lists of rows differ, in all or in a column; empty if only by rounding. */
    static String difference(float[] found, float[] expected, int rows) {
        Distance all = new Distance();
        for (int i = 0; i < expected.length; i++) all.add(found[i], expected[i]);
        // A single number has no deviation; its size stands for it.
        double scale = Math.max(all.deviation(), LEAST_OF_MEAN * Math.abs(all.mean()));
        if (all.of(scale) > TOLERANCE) return String.format(Locale.ROOT, "its outputs by %.0f %%", 100 * all.of(scale));
        int columns = expected.length / Math.max(1, rows);
        for (int c = 0; rows > 1 && c < columns; c++) {
            Distance column = new Distance();
            for (int i = c; i < expected.length; i += columns) column.add(found[i], expected[i]);
            double own = column.deviation();
            boolean varies = own > Math.max(LEAST * scale, LEAST_OF_MEAN * Math.abs(column.mean()));
            double share = column.of(varies ? own : scale);
            if (share > COLUMN_TOLERANCE) return String.format(Locale.ROOT, "output %d by %.0f %%", c + 1, 100 * share);
        }
        return "";
    }

    /** Measure how far numbers are from others. What is not finite in the others is left out. */
    private static final class Distance {
        private int count;
        private double squares;
        private double sum;
        private double sumOfSquares;

        void add(float found, float expected) {
            if (!Float.isFinite(expected)) return;
            count++;
            squares += Math.pow(Float.isFinite(found) ? found - expected : Float.MAX_VALUE, 2);
            sum += expected;
            sumOfSquares += (double) expected * expected;
        }

        double mean() {
            return sum / Math.max(1, count);
        }

        double deviation() {
            return Math.sqrt(Math.max(0, sumOfSquares / Math.max(1, count) - mean() * mean()));
        }

        /** Return the root mean square of the differences as a share of a scale. */
        double of(double scale) {
            return squares == 0 ? 0 : Math.sqrt(squares / count) / scale;
        }
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
