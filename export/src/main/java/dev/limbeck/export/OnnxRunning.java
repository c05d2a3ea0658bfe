package dev.limbeck.export;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.ModelFacts;
import dev.limbeck.distill.teacher.ModelRuntime;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Tensors;
import java.nio.file.Path;
import java.util.Arrays;
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

    /**
     * Of the deviation of one column, for half of its rows. In int8, rounding changes few rows, but may change them by more than the
     * deviation of a column that is nearly constant.
     */
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
        Distance all = Distance.of(found, expected, 0, 1);
        // A single number has no deviation; its size stands for it.
        double scale = Math.max(all.deviation, LEAST_OF_MEAN * Math.abs(all.mean));
        if (all.typical > TOLERANCE * scale) {
            return String.format(Locale.ROOT, "its outputs by %.0f %%", 100 * all.typical / scale);
        }
        int columns = expected.length / Math.max(1, rows);
        for (int c = 0; rows > 1 && c < columns; c++) {
            Distance column = Distance.of(found, expected, c, columns);
            double least = Math.max(LEAST * scale, LEAST_OF_MEAN * Math.abs(column.mean));
            double own = column.deviation > least ? column.deviation : scale;
            if (column.median > COLUMN_TOLERANCE * own) {
                return String.format(Locale.ROOT, "output %d by %.0f %%", c + 1, 100 * column.median / own);
            }
        }
        return "";
    }

    /**
     * Hold how far numbers are from others. What is not finite in the others is left out.
     *
     * @param typical root mean square of the differences
     * @param median of the differences
     * @param mean of the others
     * @param deviation of the others
     */
    private record Distance(double typical, double median, double mean, double deviation) {
        static Distance of(float[] found, float[] expected, int from, int step) {
            double[] apart = new double[(expected.length - from + step - 1) / step];
            int count = 0;
            double squares = 0;
            double sum = 0;
            double sumOfSquares = 0;
            for (int i = from; i < expected.length; i += step) {
                if (!Float.isFinite(expected[i])) continue;
                double difference = Float.isFinite(found[i]) ? Math.abs(found[i] - expected[i]) : Float.MAX_VALUE;
                apart[count++] = difference;
                squares += difference * difference;
                sum += expected[i];
                sumOfSquares += (double) expected[i] * expected[i];
            }
            if (count == 0) return new Distance(0, 0, 0, 0);
            Arrays.sort(apart, 0, count);
            double mean = sum / count;
            double variance = Math.max(0, sumOfSquares / count - mean * mean);
            return new Distance(Math.sqrt(squares / count), apart[(count - 1) / 2], mean, Math.sqrt(variance));
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
