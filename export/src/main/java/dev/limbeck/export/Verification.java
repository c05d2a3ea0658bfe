package dev.limbeck.export;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.data.image.ImageTensors;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Evaluator;
import dev.limbeck.train.Predictions;
import dev.limbeck.weights.TorchScriptFile;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/**
 * Compare the outputs of a written file, in its own runtime, with the model's outputs on real images.
 *
 * @param rows number of images
 * @param largestDifference maximum absolute difference of an output
 * @param largestOutput maximum absolute output of the model, as the scale of the difference
 * @param agreement share of images with the same top class
 * @param accuracy accuracy of the file, in [0, 1]
 * @param modelAccuracy accuracy of the model, in [0, 1]
 */
public record Verification(
        int rows,
        double largestDifference,
        double largestOutput,
        double agreement,
        double accuracy,
        double modelAccuracy) {
    /** Lower bound of the scale, to verify a model with zero outputs. */
    private static final double SMALLEST = 1e-3;

    /** Run a model on images of a split. */
    static Predictions ask(UnaryOperator<Tensor> model, ImageData data, Split split, int most) {
        return Evaluator.sample(data, split, most, batch -> model.apply(batch.input()));
    }

    /** Run an ONNX file. */
    static Predictions askOnnx(
            Path file,
            OnnxFile.Options options,
            ImagePreprocessing preparation,
            ImageData data,
            Split split,
            int most) {
        try (OnnxModel model = OnnxModel.open(file, 0)) {
            return ask(
                    input -> {
                        Tensor given = options.normalizes() ? pixels(input, preparation) : input;
                        float[] values = model.run(given);
                        return Tensors.of(values, input.size(0), values.length / input.size(0));
                    },
                    data,
                    split,
                    most);
        }
    }

    /** Run a TorchScript file. */
    static Predictions askScript(Path file, ImageData data, Split split, int most) {
        try (Script script = TorchScriptFile.open(file).load()) {
            return ask(script::forward, data, split, most);
        }
    }

    /** Undo the normalization, for a file that normalizes its inputs. */
    static Tensor pixels(Tensor input, ImagePreprocessing preparation) {
        float[] scale = new float[3];
        float[] shift = new float[3];
        for (int c = 0; c < 3; c++) {
            scale[c] = (float) (255 * preparation.std().get(c));
            shift[c] = (float) (255 * preparation.mean().get(c));
        }
        return ImageTensors.scaled(input, scale, shift);
    }

    /**
     * Compare outputs.
     *
     * @param softmax whether the file outputs probabilities
     */
    static Verification of(Predictions model, Predictions file, boolean softmax) {
        double difference = 0;
        double largest = 0;
        int agree = 0;
        int right = 0;
        int modelRight = 0;
        for (int row = 0; row < model.size(); row++) {
            double[] expected = softmax ? model.probabilities(row) : widened(model.row(row));
            float[] found = file.row(row);
            for (int c = 0; c < expected.length; c++) {
                largest = Math.max(largest, Math.abs(expected[c]));
                double apart = Math.abs(expected[c] - found[c]);
                difference = Double.isNaN(apart) ? Double.NaN : Math.max(difference, apart);
            }
            if (model.argmax(row) == file.argmax(row)) agree++;
            if (file.argmax(row) == model.labels()[row]) right++;
            if (model.argmax(row) == model.labels()[row]) modelRight++;
        }
        double rows = model.size();
        return new Verification(model.size(), difference, largest, agree / rows, right / rows, modelRight / rows);
    }

    private static double[] widened(float[] values) {
        double[] wide = new double[values.length];
        for (int i = 0; i < wide.length; i++) wide[i] = values[i];
        return wide;
    }

    /** Return whether the outputs match within the tolerance of the precision. */
    public boolean passed(Precision precision) {
        return largestDifference <= precision.tolerance * Math.max(SMALLEST, largestOutput)
                && agreement >= precision.agreement;
    }

    /** Throw if the outputs do not match. */
    void orThrow(Format format, Precision precision) {
        if (passed(precision)) return;
        throw new LimbeckException("the " + format + " file has other outputs than the model: they differ by "
                + largestDifference + " (largest " + largestOutput + "), the top class agrees on "
                + Math.round(agreement * rows) + " of " + rows + " images; nothing was written");
    }
}
