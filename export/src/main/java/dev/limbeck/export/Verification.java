package dev.limbeck.export;

import dev.limbeck.LimbeckException;
import dev.limbeck.Normalization;
import dev.limbeck.Preprocessing;
import dev.limbeck.Task;
import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Script;
import dev.limbeck.train.Evaluator;
import dev.limbeck.train.Metric;
import dev.limbeck.train.Predictions;
import dev.limbeck.weights.TorchScriptFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Compare the outputs of a written file, in its own runtime, with the model's outputs on real rows.
 *
 * @param rows number of rows
 * @param largestDifference maximum absolute difference of an output
 * @param largestOutput maximum absolute output of the model, as the scale of the difference
 * @param agreement share of rows with the same top class, or with the same labels of a probability of at least 0.5;
 *     NaN for regression and embeddings
 * @param explained for regression, R² of the file's outputs as predictions of the model's, the least of all targets; NaN for others
 * @param metric name of the task's main metric; for embeddings, the mean cosine with the model's
 * @param value the metric of the file
 * @param modelValue the metric of the model
 */
public record Verification(
        int rows,
        double largestDifference,
        double largestOutput,
        double agreement,
        double explained,
        String metric,
        double value,
        double modelValue) {
    /** Lower bound of the scale, to verify a model with zero outputs. */
    private static final double SMALLEST = 1e-3;

    private static final String COSINE = "cosine";

    /** Refuse rows that are not the model's inputs: model and file would agree on them, and int8 would get their ranges. */
    static void requireInputs(Data data, Preprocessing expected) {
        Preprocessing found = data.preprocessing();
        if (found.equals(Preprocessing.none()) || found.identity().equals(expected.identity())) return;
        throw new LimbeckException("expected rows prepared as " + expected.identity() + ", found " + found.identity()
                + "; open the data with the model's preprocessing");
    }

    /**
     * Run a model on rows of a split.
     *
     * @param model computes outputs; numbers are in the targets' units
     * @return outputs; numbers are standardized as the data's targets are
     */
    static Predictions predict(Function<Inputs, Tensor> model, Data data, Split split, int most) {
        Predictions found = Evaluator.sample(data, split, most, batch -> model.apply(batch.inputs()));
        if (!(data.task() instanceof Task.Regression regression) || found.width() != regression.outputs()) return found;
        float[] outputs = found.outputs().clone();
        for (int i = 0; i < outputs.length; i++) {
            outputs[i] = (float) regression.standardized(i % found.width(), outputs[i]);
        }
        return new Predictions(outputs, found.width(), found.task(), found.targets());
    }

    /** Run an ONNX file. */
    static Predictions predictOnnx(
            Path file,
            OnnxFile.Options options,
            @Nullable Normalization normalization,
            Data data,
            Split split,
            int most) {
        try (OnnxModel model = OnnxModel.open(file, 0)) {
            return predict(
                    inputs -> {
                        boolean isRaw = normalization != null && options.normalizes();
                        return model.forward(isRaw ? raw(inputs, normalization) : inputs)
                                .flatten(1, -1);
                    },
                    data,
                    split,
                    most);
        }
    }

    /** Run a TorchScript file. */
    static Predictions predictScript(Path file, Data data, Split split, int most) {
        try (Script script = TorchScriptFile.open(file).load()) {
            return predict(script::forward, data, split, most);
        }
    }

    /** Undo the normalization, for a file that normalizes its inputs. */
    static Inputs raw(Inputs inputs, Normalization normalization) {
        return Inputs.of(Ops.scaleChannels(inputs.only(), normalization.rawScale(), normalization.rawShift()));
    }

    /**
     * Compare outputs.
     *
     * @param softmax whether the file outputs probabilities
     * @param task of the model; the rows may have labels that an embedding does not use
     */
    static Verification of(Predictions model, Predictions file, boolean softmax, Task.Kind task) {
        boolean decides = task == Task.Kind.SINGLE_LABEL || task == Task.Kind.MULTI_LABEL;
        double difference = 0;
        double largest = 0;
        int agree = 0;
        for (int row = 0; row < model.size(); row++) {
            double[] expected = softmax ? model.decoded(row) : widened(model.row(row));
            float[] found = file.row(row);
            for (int c = 0; c < expected.length; c++) {
                largest = Math.max(largest, Math.abs(expected[c]));
                double apart = Math.abs(expected[c] - found[c]);
                difference = Double.isNaN(apart) ? Double.NaN : Math.max(difference, apart);
            }
            if (decides && agree(model, file, row, softmax ? 0.5f : 0)) agree++;
        }
        Metric main = task == Task.Kind.EMBEDDING ? new Cosine(model) : Metric.main(task);
        return new Verification(
                model.size(),
                difference,
                largest,
                decides ? (double) agree / model.size() : Double.NaN,
                task == Task.Kind.REGRESSION ? explained(model, file) : Double.NaN,
                main.name(),
                main.of(softmax ? logits(file) : file),
                main.of(model));
    }

    /** Return R² of a file's outputs as predictions of the model's: the least of all targets; 1 for a constant that both give. */
    private static double explained(Predictions model, Predictions file) {
        double least = 1;
        for (int c = 0; c < model.width(); c++) {
            double mean = 0;
            for (int row = 0; row < model.size(); row++) mean += model.output(row, c) / model.size();
            double residual = 0;
            double total = 0;
            for (int row = 0; row < model.size(); row++) {
                double own = model.output(row, c);
                residual += (own - file.output(row, c)) * (own - file.output(row, c));
                total += (own - mean) * (own - mean);
            }
            if (residual > 0) least = Math.min(least, 1 - residual / total);
        }
        return least;
    }

    /** Return logits with the order and the decisions of probabilities. */
    private static Predictions logits(Predictions probabilities) {
        float[] logits = probabilities.outputs().clone();
        for (int i = 0; i < logits.length; i++) logits[i] -= 0.5f;
        return new Predictions(logits, probabilities.width(), probabilities.task(), probabilities.targets());
    }

    private static boolean agree(Predictions model, Predictions file, int row, float threshold) {
        return switch (model.task().kind()) {
            case SINGLE_LABEL -> model.argmax(row) == file.argmax(row);
            case MULTI_LABEL -> {
                boolean same = true;
                for (int c = 0; c < model.width(); c++) {
                    same &= model.output(row, c) >= 0 == file.output(row, c) >= threshold;
                }
                yield same;
            }
            case REGRESSION, EMBEDDING -> true;
        };
    }

    /** Compute the mean cosine with a model's outputs. */
    private record Cosine(Predictions model) implements Metric {
        @Override
        public String name() {
            return COSINE;
        }

        @Override
        public double of(Predictions file) {
            double sum = 0;
            for (int row = 0; row < file.size(); row++) {
                double product = 0;
                double own = 0;
                double others = 0;
                for (int c = 0; c < file.width(); c++) {
                    double a = file.output(row, c);
                    double b = model.output(row, c);
                    product += a * b;
                    own += a * a;
                    others += b * b;
                }
                // Two vectors of zeros are the same.
                sum += own == 0 && others == 0 ? 1 : product / Math.sqrt(own * others);
            }
            return sum / file.size();
        }
    }

    private static double[] widened(float[] values) {
        double[] wide = new double[values.length];
        for (int i = 0; i < wide.length; i++) wide[i] = values[i];
        return wide;
    }

    /** Return whether the outputs match within the tolerance of the precision. */
    public boolean passed(Precision precision) {
        return failures(precision).isEmpty();
    }

    /** Describe each criterion of a precision that the outputs do not meet: found and expected. */
    private List<String> failures(Precision precision) {
        List<String> failures = new ArrayList<>();
        double limit = precision.tolerance * Math.max(SMALLEST, largestOutput);
        double least = precision.agreement;
        if (Double.isNaN(largestDifference)) {
            failures.add("they differ by NaN, expected numbers");
        } else if (largestDifference > limit) {
            failures.add(words(
                    "they differ by %.3g, expected at most %.3g (%.0e of the largest, %.3g)",
                    largestDifference, limit, precision.tolerance, largestOutput));
        }
        if (agreement < least) {
            failures.add(words(
                    "predictions agree on %d of %d rows, expected at least %.0f %%",
                    Math.round(agreement * rows), rows, 100 * least));
        }
        if (explained < least) {
            failures.add(words(
                    "R² of the file's as predictions of the model's is %.4f, expected at least %s", explained, least));
        }
        if (metric.equals(COSINE) && !(value >= least)) {
            failures.add(words("their mean cosine is %.4f, expected at least %s", value, least));
        }
        return failures;
    }

    private static String words(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    /** Throw if the outputs do not match. */
    void orThrow(Format format, Precision precision) {
        List<String> failures = failures(precision);
        if (failures.isEmpty()) return;
        String advice = switch (precision) {
            case FP32 -> "export it in another format (--format), or check that its script computes what it does";
            case FP16 -> "export it in fp32 (--precision)";
            case INT8 -> "export it in fp16 or fp32 (--precision), or train it for int8 (--quantize)";
        };
        throw new LimbeckException("the " + format + " file has other outputs than the model: "
                + String.join("; ", failures) + "; " + advice + "; nothing was written");
    }
}
