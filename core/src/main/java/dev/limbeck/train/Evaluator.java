package dev.limbeck.train;

import dev.limbeck.Settings;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Split;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.BlasThreads;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;

/** Evaluate a model on a split: in evaluation mode and without gradients. Running statistics do not change. */
public final class Evaluator {
    /** Keeps log p finite where p is rounded to 0. */
    private static final double LEAST = 1e-30;

    private Evaluator() {}

    /** Evaluate a model on {@code device}. The training mode of each module is restored. */
    public static EvaluationResult run(
            Module model, Data data, Split split, Device device, List<Metric> metrics, BinaryOperator<Tensor> loss) {
        try (Module.ModeGuard mode = model.evalMode()) {
            return run(asked(model, device), data, split, device, metrics, loss);
        }
    }

    /** Evaluate any function from a batch to logits of shape rows×classes. */
    public static EvaluationResult run(
            Function<Batch, Tensor> model,
            Data data,
            Split split,
            Device device,
            List<Metric> metrics,
            BinaryOperator<Tensor> loss) {
        return run(model, data.evaluate(split), data.labels(split), device, metrics, loss);
    }

    private static Function<Batch, Tensor> asked(Module model, Device device) {
        return batch -> model.apply(batch.inputs().to(device));
    }

    /**
     * Evaluate the mean probabilities over the plain image and some augmented views (test-time augmentation).
     *
     * @param views number of augmented views, at least 1
     */
    public static EvaluationResult runViews(
            Module model, Data data, Split split, int views, Device device, List<Metric> metrics) {
        try (Module.ModeGuard mode = model.evalMode()) {
            return runViews(asked(model, device), data, split, views, device, metrics);
        }
    }

    /** Evaluate any function from a batch to logits, averaged over augmented views. */
    public static EvaluationResult runViews(
            Function<Batch, Tensor> model, Data data, Split split, int views, Device device, List<Metric> metrics) {
        Settings.atLeast(1, "views", views);
        int[] labels = data.labels(split);
        Predictions first = run(model, data.evaluate(split), labels, device, List.of(), Ops::crossEntropy)
                .predictions();
        double[] sums = new double[labels.length * first.classes()];
        addProbabilities(first, sums);
        for (int view = 0; view < views; view++) {
            DataLoader batches = data.augmented(split, view);
            addProbabilities(
                    run(model, batches, labels, device, List.of(), Ops::crossEntropy)
                            .predictions(),
                    sums);
        }
        float[] logits = new float[sums.length];
        for (int i = 0; i < sums.length; i++) logits[i] = (float) Math.log(Math.max(LEAST, sums[i] / (views + 1)));
        Predictions mean = new Predictions(logits, first.classes(), labels);
        double loss = IntStream.range(0, labels.length)
                .filter(row -> labels[row] >= 0)
                .mapToDouble(row -> -logits[row * first.classes() + labels[row]])
                .average()
                .orElse(Double.NaN);
        return new EvaluationResult(loss, values(metrics, mean), mean);
    }

    /** Compute the outputs of all rows of a split, rows×classes, in order and without augmentation. */
    public static Predictions predictions(Data data, Split split, Function<Batch, Tensor> model) {
        return collect(data.evaluate(split), data.labels(split), Integer.MAX_VALUE, model);
    }

    /**
     * Compute the outputs of rows from all over a split.
     *
     * @param most rows after which no other batch is computed; see {@link Data#sample}
     */
    public static Predictions sample(Data data, Split split, int most, Function<Batch, Tensor> model) {
        return collect(data.sample(split, most), data.labels(split), most, model);
    }

    private static void addProbabilities(Predictions predictions, double[] sums) {
        for (int row = 0; row < predictions.size(); row++) {
            double[] probabilities = predictions.probabilities(row);
            for (int c = 0; c < probabilities.length; c++) sums[row * probabilities.length + c] += probabilities[c];
        }
    }

    private static Map<String, Double> values(List<Metric> metrics, Predictions predictions) {
        Map<String, Double> values = new LinkedHashMap<>();
        for (Metric metric : metrics) values.put(metric.name(), metric.of(predictions));
        return values;
    }

    private static EvaluationResult run(
            Function<Batch, Tensor> model,
            DataLoader opened,
            int[] labels,
            Device device,
            List<Metric> metrics,
            BinaryOperator<Tensor> loss) {
        double[] sum = {0};
        long[] rows = {0};
        Predictions predictions = collect(opened, labels, Integer.MAX_VALUE, batch -> {
            Tensor output = model.apply(batch);
            long labeled = IntStream.of(batch.indices())
                    .filter(row -> labels[row] >= 0)
                    .count();
            if (labeled > 0) {
                sum[0] += labeled
                        * loss.apply(output, Tensors.to(batch.targets(), device))
                                .item_double();
                rows[0] += labeled;
            }
            return output;
        });
        double mean = rows[0] == 0 ? Double.NaN : sum[0] / rows[0];
        return new EvaluationResult(mean, values(metrics, predictions), predictions);
    }

    /**
     * Compute outputs batch by batch.
     *
     * @param labels of the whole split
     * @param most rows after which no other batch is computed
     */
    private static Predictions collect(DataLoader opened, int[] labels, int most, Function<Batch, Tensor> model) {
        float[] outputs = new float[0];
        int[] known = new int[0];
        int classes = 0;
        int rows = 0;
        try (BlasThreads work = BlasThreads.begin();
                DataLoader batches = opened;
                NoGrad noGrad = NoGrad.on()) {
            while (rows < most) {
                try (Scope scope = Scope.open()) {
                    Batch batch = batches.next();
                    if (batch == null) break;
                    Tensor output = model.apply(batch);
                    if (rows == 0) {
                        classes = Math.toIntExact(output.size(1));
                        known = new int[(int) Math.min(labels.length, (long) batches.batches() * batch.size())];
                        outputs = new float[Math.multiplyExact(known.length, classes)];
                    }
                    float[] values = Tensors.toFloats(output);
                    System.arraycopy(values, 0, outputs, rows * classes, values.length);
                    for (int row : batch.indices()) known[rows++] = labels[row];
                }
            }
        }
        if (rows < known.length) {
            outputs = Arrays.copyOf(outputs, rows * classes);
            known = Arrays.copyOf(known, rows);
        }
        return new Predictions(outputs, classes, known);
    }
}
