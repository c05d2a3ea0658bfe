package dev.limbeck.train;

import dev.limbeck.Settings;
import dev.limbeck.Task;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Split;
import dev.limbeck.data.Targets;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.BlasThreads;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
            Module model, Data data, Split split, Device device, List<Metric> metrics, TargetLoss loss) {
        try (Module.ModeGuard mode = model.evalMode()) {
            return run(logits(model, device), data, split, device, metrics, loss);
        }
    }

    /** Evaluate any function from a batch to outputs, rows×outputs. */
    public static EvaluationResult run(
            Function<Batch, Tensor> model,
            Data data,
            Split split,
            Device device,
            List<Metric> metrics,
            TargetLoss loss) {
        return run(model, data, split, device, metrics, loss, Exchange.ALONE);
    }

    /** Evaluate a model that is trained, each process on its share of the rows. */
    static EvaluationResult run(Training what, Split split) {
        try (Module.ModeGuard mode = what.model().evalMode()) {
            return run(
                    logits(what.model(), what.device()),
                    what.data(),
                    split,
                    what.device(),
                    what.metrics(),
                    what.taskLoss().loss(),
                    what.exchange());
        }
    }

    private static Function<Batch, Tensor> logits(Module model, Device device) {
        return batch -> model.apply(batch.inputs().to(device));
    }

    /**
     * Evaluate the mean probabilities, numbers or embeddings over the plain row and some augmented views (test-time augmentation).
     *
     * @param views number of augmented views, at least 1
     */
    public static EvaluationResult runViews(
            Module model, Data data, Split split, int views, Device device, List<Metric> metrics) {
        try (Module.ModeGuard mode = model.evalMode()) {
            return runViews(logits(model, device), data, split, views, device, metrics);
        }
    }

    /** Evaluate any function from a batch to outputs, averaged over augmented views. */
    public static EvaluationResult runViews(
            Function<Batch, Tensor> model, Data data, Split split, int views, Device device, List<Metric> metrics) {
        Settings.atLeast(1, "views", views);
        Targets targets = data.targets(split);
        Predictions first = predictions(data, split, model);
        double[] sums = new double[targets.size() * first.width()];
        addDecoded(first, sums);
        for (int view = 0; view < views; view++) {
            addDecoded(
                    collect(data.augmented(split, view), data, split, Integer.MAX_VALUE, model)
                            .inOrder(data.task(), targets),
                    sums);
        }
        float[] outputs = new float[sums.length];
        for (int i = 0; i < sums.length; i++) {
            outputs[i] = encoded(data.task(), i % first.width(), sums[i] / (views + 1));
        }
        Predictions mean = new Predictions(outputs, first.width(), data.task(), targets);
        return new EvaluationResult(loss(mean), values(metrics, mean), mean);
    }

    /** Return the output whose decoded value is the given one. */
    private static float encoded(Task task, int column, double value) {
        if (task instanceof Task.Regression regression) return (float) regression.standardized(column, value);
        if (task.kind() == Task.Kind.EMBEDDING) return (float) value;
        double log = Math.log(Math.max(LEAST, value));
        return (float) (task.kind() == Task.Kind.SINGLE_LABEL ? log : log - Math.log(Math.max(LEAST, 1 - value)));
    }

    /** Compute the default task loss of outputs. */
    private static double loss(Predictions mean) {
        int[] known =
                IntStream.range(0, mean.size()).filter(mean.targets()::isKnown).toArray();
        if (mean.task().kind() == Task.Kind.SINGLE_LABEL) {
            return IntStream.of(known)
                    .mapToDouble(row -> -mean.output(row, mean.targets().label(row)))
                    .average()
                    .orElse(Double.NaN);
        }
        if (known.length == 0) return Double.NaN;
        try (Scope scope = Scope.open()) {
            Tensor outputs = Tensors.of(mean.outputs(), mean.size(), mean.width());
            return TaskLoss.of(mean.task())
                    .of(outputs, mean.targets().tensor(), null)
                    .item_double();
        }
    }

    /** Compute the outputs of all rows of a split, rows×outputs, in order and without augmentation. */
    public static Predictions predictions(Data data, Split split, Function<Batch, Tensor> model) {
        return predictions(data, split, model, Exchange.ALONE);
    }

    /** Compute the outputs of all rows of a split as {@link #predictions(Data, Split, Function)} does, each process those of its batches. */
    public static Predictions predictions(Data data, Split split, Function<Batch, Tensor> model, Exchange exchange) {
        Targets targets = data.targets(split);
        return collect(data.evaluate(split, exchange.shard()), data, split, Integer.MAX_VALUE, model)
                .merged(exchange, targets.size())
                .inOrder(data.task(), targets);
    }

    /**
     * Compute the outputs of rows from all over a split.
     *
     * @param most rows after which no other batch is computed; see {@link Data#sample}
     */
    public static Predictions sample(Data data, Split split, int most, Function<Batch, Tensor> model) {
        return collect(data.sample(split, most), data, split, most, model).inOrder(data.task(), data.targets(split));
    }

    private static void addDecoded(Predictions predictions, double[] sums) {
        for (int row = 0; row < predictions.size(); row++) {
            double[] decoded = predictions.decoded(row);
            for (int c = 0; c < decoded.length; c++) sums[row * decoded.length + c] += decoded[c];
        }
    }

    private static Map<String, Double> values(List<Metric> metrics, Predictions predictions) {
        Map<String, Double> values = new LinkedHashMap<>();
        for (Metric metric : metrics) values.put(metric.name(), metric.of(predictions));
        return values;
    }

    private static EvaluationResult run(
            Function<Batch, Tensor> model,
            Data data,
            Split split,
            Device device,
            List<Metric> metrics,
            TargetLoss loss,
            Exchange exchange) {
        Targets targets = data.targets(split);
        DataLoader own = data.evaluate(split, exchange.shard());
        int batches = (int) exchange.sum(own.batches())[0];
        // By batch, to add them up in the same order with any number of processes.
        double[] sums = new double[batches];
        double[] weights = new double[batches];
        int[] at = {exchange.rank()};
        Collected collected = collect(own, data, split, Integer.MAX_VALUE, batch -> {
            Tensor output = model.apply(batch);
            // The loss is a weighted mean over known targets, so that each of them counts by its weight in the mean
            // over all batches.
            long known = IntStream.of(batch.indices())
                    .mapToLong(targets::knownTargets)
                    .sum();
            double weight = known > 0 ? loss.totalWeight(batch.targets(), known) : 0;
            if (weight > 0) {
                sums[at[0]] = weight
                        * loss.of(output, Tensors.to(batch.targets(), device), null)
                                .item_double();
                weights[at[0]] = weight;
            }
            at[0] += exchange.size();
            return output;
        });
        double sum = total(exchange.sum(sums));
        double weight = total(exchange.sum(weights));
        double mean = weight == 0 ? Double.NaN : sum / weight;
        Predictions predictions = collected.merged(exchange, targets.size()).inOrder(data.task(), targets);
        return new EvaluationResult(mean, values(metrics, predictions), predictions);
    }

    /** Add up from the first to the last; a stream would add otherwise. */
    private static double total(double... values) {
        double sum = 0;
        for (double value : values) sum += value;
        return sum;
    }

    /**
     * Compute outputs batch by batch.
     *
     * @param most rows after which no other batch is computed
     */
    private static Collected collect(
            DataLoader opened, Data data, Split split, int most, Function<Batch, Tensor> model) {
        Targets targets = data.targets(split);
        float[] outputs = new float[0];
        int[] computed = new int[0];
        int width = 0;
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
                        width = Math.toIntExact(output.size(1));
                        computed = new int[(int) Math.min(targets.size(), (long) batches.batches() * batch.size())];
                        outputs = new float[Math.multiplyExact(computed.length, width)];
                    }
                    float[] values = Tensors.toFloats(output);
                    System.arraycopy(values, 0, outputs, rows * width, values.length);
                    for (int row : batch.indices()) computed[rows++] = row;
                }
            }
        }
        if (rows < computed.length) {
            outputs = Arrays.copyOf(outputs, rows * width);
            computed = Arrays.copyOf(computed, rows);
        }
        return new Collected(outputs, width, computed);
    }

    /**
     * Hold outputs in the order that they were computed in.
     *
     * @param computed positions of the rows in the split
     */
    private record Collected(float[] outputs, int width, int... computed) {
        /** Return the outputs of all processes, in the order of the split. */
        Collected merged(Exchange exchange, int size) {
            if (exchange.size() == 1) return this;
            // A process without rows does not know the width; the first one has rows.
            int known = (int) exchange.sum(exchange.rank() == 0 ? width : 0)[0];
            float[] own = new float[Math.multiplyExact(size, known)];
            for (int row = 0; row < computed.length; row++) {
                System.arraycopy(outputs, row * known, own, computed[row] * known, known);
            }
            return new Collected(
                    exchange.merge(own), known, IntStream.range(0, size).toArray());
        }

        /** Put outputs into the order of the split, whatever the order they were computed in. */
        Predictions inOrder(Task task, Targets targets) {
            int[] places = IntStream.range(0, computed.length)
                    .boxed()
                    .sorted(Comparator.comparingInt(place -> computed[place]))
                    .mapToInt(Integer::intValue)
                    .toArray();
            float[] sorted = new float[outputs.length];
            for (int row = 0; row < places.length; row++) {
                System.arraycopy(outputs, places[row] * width, sorted, row * width, width);
            }
            return new Predictions(
                    sorted,
                    width,
                    task,
                    targets.rows(
                            Arrays.stream(places).map(place -> computed[place]).toArray()));
        }
    }
}
