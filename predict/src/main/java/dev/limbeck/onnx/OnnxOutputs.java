package dev.limbeck.onnx;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Read a file's task and outputs. */
final class OnnxOutputs {
    private static final String PROBABILITIES = "probabilities";
    private static final double LEAST_PROBABILITY = 1e-30;

    private OnnxOutputs() {}

    /**
     * Return the task in a file's metadata.
     *
     * @param outputs the number of outputs
     * @throws LimbeckException if it names another number of classes
     */
    static Task task(OnnxSession session, int outputs) {
        String classes = session.metadata().get("classes");
        List<String> named = classes == null ? Task.numbered(outputs) : JsonStrings.list(classes, session.file());
        if (named.size() != outputs) {
            throw new LimbeckException(
                    session.file() + " names " + named.size() + " classes, but gives " + outputs + " outputs");
        }
        return Task.of(session.metadata(), named);
    }

    /**
     * Return logits or numbers, one array for each row.
     *
     * @param found rows×outputs
     * @throws LimbeckException if it has another shape, or a value is not finite
     */
    static List<double[]> rows(OnnxSession session, Task task, OnnxSession.Output found, int rows) {
        boolean areProbabilities = session.output().getName().equals(PROBABILITIES);
        int width = task.outputs();
        // A file may say another shape than it gives.
        if (!Arrays.equals(found.shape(), new long[] {rows, width})) {
            throw new LimbeckException(session.file() + " gives " + Arrays.toString(found.shape()) + " for " + rows
                    + " rows, expected [" + rows + ", " + width + "]; export it again");
        }
        float[] values = found.values();
        List<double[]> all = new ArrayList<>();
        for (int row = 0; row < rows; row++) {
            double[] outputs = new double[width];
            for (int c = 0; c < width; c++) {
                double value = values[row * width + c];
                if (!Double.isFinite(value)) {
                    throw new LimbeckException(
                            session.file() + " gives " + value + " for a row; its weights are broken");
                }
                outputs[c] = areProbabilities ? logit(task, value) : value;
            }
            all.add(outputs);
        }
        return all;
    }

    /** Return a logit whose softmax or sigmoid is the probability; for a softmax, up to a constant that it removes. */
    private static double logit(Task task, double probability) {
        double log = Math.log(Math.max(probability, LEAST_PROBABILITY));
        return task.kind() == Task.Kind.MULTI_LABEL
                ? log - Math.log(Math.max(1 - probability, LEAST_PROBABILITY))
                : log;
    }
}
