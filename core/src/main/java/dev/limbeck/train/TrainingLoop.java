package dev.limbeck.train;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Split;
import dev.limbeck.nn.Module;
import dev.limbeck.optim.OptimizerState;
import dev.limbeck.tensor.Autocast;
import dev.limbeck.tensor.BlasThreads;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Run the epochs of one fit and call the callbacks. {@link #step} is one training step: forward, loss, backward,
 * optimizer.
 */
final class TrainingLoop {
    private final Training what;
    private final Module model;
    private Data data;
    private final List<Callback> callbacks;
    private final FitPhase phase;
    private final Exchange exchange;
    private TrainingTask task = this::standard;
    private Map<String, Tensor> parameters = Map.of();
    /** Number of batches whose gradients are accumulated for the next step. */
    private int waiting;

    private boolean validates = true;
    private FitPosition.@Nullable Setup setup;

    /**
     * Prepare a fit.
     *
     * @param phase its place in a training of several fits
     */
    TrainingLoop(Training what, List<Callback> callbacks, FitPhase phase) {
        this.what = what;
        this.phase = phase;
        model = what.model();
        data = what.data();
        exchange = what.exchange();
        this.callbacks = callbacks.stream()
                .sorted(Comparator.comparingInt(Callback::order))
                .toList();
    }

    /** Leave out validation, and the callbacks about it. */
    TrainingLoop withoutValidation() {
        validates = false;
        return this;
    }

    /**
     * Run a fit.
     *
     * @param rateFactor from a parameter's path to the factor of its learning rate
     * @param history rows of all fits of this learner; this fit appends its own
     * @param number index of this fit, from 1
     * @param from state to resume from, or null
     */
    List<EpochRecord> run(
            int epochs,
            double rate,
            ToDoubleFunction<String> rateFactor,
            List<List<EpochRecord>> history,
            int number,
            @Nullable TrainingState from) {
        if (!data.has(Split.TRAIN)) throw new LimbeckException("the data has no training rows");
        for (Callback callback : callbacks) data = callback.decorate(data);
        FitPosition.Batches kept = from == null ? null : kept(from.position().batches());
        int batches = kept == null ? sharedBatches() : kept.perEpoch();
        TrainingContext fit = new TrainingContext(what, data, history, epochs, phase, batches, kept, rate);
        fit.setDryRun(!validates);
        List<Callback> begun = new ArrayList<>();
        try (BlasThreads work = BlasThreads.begin();
                Module.ModeGuard modes = model.keepModes()) {
            for (Callback callback : callbacks) {
                begun.add(callback);
                callback.beforeFit(fit);
            }
            task = decorated();
            parameters = trainable();
            fit.setTrained(parameters.values());
            clearGradients(); // a failed fit may have left some
            exchange.agree("parameters", described(parameters));
            exchange.begin(parameters.values());
            try (OptimizerState optimizer = what.optimizer().prepare(parameters, rateFactor)) {
                ToDoubleFunction<String> rates = path -> rate * rateFactor.applyAsDouble(path);
                fit.onSnapshot(facts ->
                        TrainingState.capture(what, position(fit, history, rates), optimizer, callbacks, facts));
                List<EpochRecord> rows = new ArrayList<>();
                if (from != null) {
                    fit.resume(from.position());
                    from.restore(model, optimizer, callbacks);
                    rows.addAll(fit.history());
                }
                history.add(rows);
                int epochsBefore = history.stream().mapToInt(List::size).sum() - rows.size();
                for (int epoch = rows.size(); epoch < epochs && !stops(fit); epoch++) {
                    fit.setEpoch(epoch);
                    // Seeded per epoch, not per fit, to make dropout the same after a resume.
                    Tensors.seed(what.seed() + 31L * number + 1009L * epoch + 1_000_003L * exchange.rank());
                    EpochRecord row = epoch(fit, optimizer, epochsBefore + epoch);
                    fit.add(row);
                    rows.add(row);
                    each(callback -> callback.afterEpoch(fit));
                }
            }
        } catch (RuntimeException | Error failure) {
            finish(begun, fit, failure);
            throw failure;
        }
        finish(begun, fit, null);
        return fit.history();
    }

    /** Return whether training stops early, in all processes if in one. */
    private boolean stops(TrainingContext fit) {
        if (!exchange.any(fit.stopReason() != null)) return false;
        if (fit.stopReason() == null) fit.stop("another process stopped");
        return true;
    }

    /** Return the number of batches of an epoch, in all processes together. Each process takes the same number. */
    private int sharedBatches() {
        int batches = batchesOfData();
        if (batches >= exchange.size()) return batches / exchange.size() * exchange.size();
        throw new LimbeckException(exchange.size() + " processes need as many batches, found " + batches + " of "
                + data.batchSize() + " rows; use a smaller batch size (--batch-size), or fewer processes");
    }

    private int batchesOfData() {
        return Math.max(1, data.size(Split.TRAIN) / data.batchSize());
    }

    /** Keep the batches of a fit that is resumed, perhaps by another number of processes. */
    private FitPosition.@Nullable Batches kept(FitPosition.@Nullable Batches before) {
        if (before == null) return null;
        if (before.perEpoch() > batchesOfData()) {
            throw new LimbeckException("the checkpoint is of a training with " + before.perEpoch()
                    + " batches an epoch, the data has " + batchesOfData() + "; resume with the same data");
        }
        return before.sharedBy(exchange.size());
    }

    private static String described(Map<String, Tensor> parameters) {
        return parameters.entrySet().stream()
                .map(one ->
                        one.getKey() + " " + Tensors.shapeText(one.getValue().shape()) + " " + DType.of(one.getValue()))
                .collect(Collectors.joining(", "));
    }

    private FitPosition position(TrainingContext fit, List<List<EpochRecord>> history, ToDoubleFunction<String> rates) {
        if (setup == null) setup = FitPosition.Setup.of(what, rates);
        return new FitPosition(
                history.size(),
                fit.epochs(),
                fit.optimizerSteps(),
                fit.lr(),
                fit.momentum(),
                fit.stopReason(),
                what.precision(),
                new FitPosition.Batches(exchange.size(), fit.batchesPerEpoch(), fit.together()),
                setup,
                history);
    }

    /** Run afterFit of all callbacks, even if one throws. The first failure is reported. */
    private void finish(List<Callback> begun, TrainingContext fit, @Nullable Throwable failure) {
        exchange.end();
        // Activations and the optimizer's state are freed; callbacks may read whole networks.
        Engine.trimMemory();
        Throwable first = failure;
        for (Callback callback : begun) {
            try {
                callback.afterFit(fit);
            } catch (RuntimeException | Error e) {
                if (first == null) first = e;
                else if (first != e) first.addSuppressed(e);
            }
        }
        if (failure != null || first == null) return;
        if (first instanceof Error error) throw error;
        throw (RuntimeException) first;
    }

    private Map<String, Tensor> trainable() {
        Map<String, Tensor> found = new LinkedHashMap<>(model.parameters());
        for (Callback callback : callbacks) {
            callback.parameters().forEach((name, tensor) -> {
                if (found.putIfAbsent(name, tensor) != null) {
                    throw new IllegalStateException("a callback trains a second parameter named " + name);
                }
            });
        }
        return found;
    }

    private EpochRecord epoch(TrainingContext fit, OptimizerState optimizer, int epochOfData) {
        long start = System.nanoTime();
        each(callback -> callback.beforeEpoch(fit));
        model.train();
        each(callback -> callback.beforeTrain(fit));
        Means means = new Means();
        int stepsBefore = fit.optimizerSteps();
        long rows = 0;
        int own = fit.batchesPerEpoch() / exchange.size();
        try (DataLoader batches = data.train(epochOfData, exchange.shard())) {
            for (int i = 0; i < own; i++) {
                boolean last = i + 1 == own;
                boolean stepNow = last || (i + 1) % fit.accumulation() == 0;
                int index = (fit.epoch() * own + i) * exchange.size() + exchange.rank();
                rows += step(fit, optimizer, batches, index, stepNow, means);
            }
        }
        double trainSeconds = (System.nanoTime() - start) / 1e9;
        means.exchange(exchange);
        double allRows = exchange.sum(rows)[0];
        each(callback -> callback.afterTrain(fit));
        fit.setValidation(null);
        if (validates) validate(fit);
        EvaluationResult validation = fit.validation();
        // The last step may have diverged, and no later training loss would show it.
        if (validation != null && validation.hasDiverged()) {
            throw TrainingDiverged.at(
                    "the validation loss became " + validation.loss() + " after epoch " + fit.epoch());
        }
        return new EpochRecord(
                fit.epoch(),
                means.total(),
                means.terms(),
                validation == null ? Double.NaN : validation.loss(),
                validation == null ? Map.of() : validation.metrics(),
                fit.drainMetrics(),
                fit.lr(),
                fit.optimizerSteps() - stepsBefore,
                (System.nanoTime() - start) / 1e9,
                allRows / trainSeconds);
    }

    private void validate(TrainingContext fit) {
        each(callback -> callback.beforeValidate(fit));
        if (data.has(Split.VALID)) fit.setValidation(what.validate(Split.VALID));
        each(callback -> callback.afterValidate(fit));
    }

    /** Train on the next batch and return its number of rows. */
    private int step(
            TrainingContext fit,
            OptimizerState optimizer,
            DataLoader batches,
            int index,
            boolean stepNow,
            Means means) {
        try (Scope scope = Scope.open()) {
            Batch next = batches.next();
            if (next == null) throw new IllegalStateException("the loader ended before its last batch");
            TrainStep step = new TrainStep(fit, index, next.to(what.device()));
            each(callback -> callback.beforeBatch(step));
            if (!step.isSkipped()) {
                Tensor total = loss(step);
                means.add(step, total);
                if (stepNow) exchange.beforeLastBackward();
                total.backward();
                waiting++;
            }
            int summed = stepNow ? exchange.sumGradients(waiting) : 0;
            if (summed > 0) {
                if (summed > 1) averageGradients(summed);
                each(callback -> callback.beforeStep(step));
                optimizer.step(fit.lr(), fit.momentum());
                fit.countOptimizerStep();
                clearGradients();
                each(callback -> callback.afterStep(step));
            }
            each(callback -> callback.afterBatch(step));
            return step.isSkipped() ? 0 : step.batch().size();
        }
    }

    /**
     * Compute the loss. The graph keeps what the backward pass needs and frees it on the way; without a scope of its own, all that the
     * forward pass made would live until the step ends.
     */
    private Tensor loss(TrainStep step) {
        try (Scope scope = Scope.open()) {
            task.forward(step);
            each(callback -> callback.afterLoss(step));
            step.keepIn(scope);
            return scope.promote(step.total());
        }
    }

    /** Run the model and compare its outputs with the targets. */
    private void standard(TrainStep step) {
        step.setPrediction(
                Autocast.apply(what.precision(), model::apply, step.batch().inputs()));
        each(callback -> callback.afterForward(step));
        step.addTerm(TrainStep.TASK, step.taskLoss(what.taskLoss()::of, step.prediction()), 1);
    }

    private TrainingTask decorated() {
        TrainingTask all = this::standard;
        for (Callback callback : callbacks) all = callback.decorate(all);
        return all;
    }

    /** Divide the accumulated gradients by the number of batches. */
    private void averageGradients(int batches) {
        parameters.values().stream()
                .distinct()
                .filter(Tensors::hasGrad)
                .forEach(parameter -> Ops.mul_(parameter.grad(), 1.0 / batches));
    }

    private void clearGradients() {
        try (Scope scope = Scope.open()) {
            parameters.values().forEach(Tensors::clearGrad);
        }
        waiting = 0;
    }

    private void each(Consumer<Callback> moment) {
        for (Callback callback : callbacks) moment.accept(callback);
    }

    /** Average the loss over the steps of an epoch, and each term over the steps that have it. Throw at the first value that is not finite. */
    private static final class Means {
        /** Sum of the values of each term, and the number of steps that had it. */
        private final Map<String, double[]> sums = new LinkedHashMap<>();

        private double total;
        private double steps;

        /** Sum over the processes. */
        void exchange(Exchange exchange) {
            if (exchange.size() == 1) return;
            double[] both = exchange.sum(total, steps);
            total = both[0];
            steps = both[1];
            // A process that skipped all its batches has no terms.
            for (String names : exchange.gather(String.join("\n", sums.keySet()))) {
                names.lines().forEach(name -> sums.putIfAbsent(name, new double[2]));
            }
            List<String> sorted = sums.keySet().stream().sorted().toList();
            double[] all = exchange.sum(sorted.stream()
                    .flatMapToDouble(name -> Arrays.stream(Objects.requireNonNull(sums.get(name))))
                    .toArray());
            for (int i = 0; i < sorted.size(); i++) sums.put(sorted.get(i), Arrays.copyOfRange(all, 2 * i, 2 * i + 2));
        }

        void add(TrainStep step, Tensor totalLoss) {
            double value = totalLoss.item_double();
            step.terms().forEach((name, tensor) -> {
                double term = tensor.item_double();
                if (!Double.isFinite(term)) throw notFinite(step, name, term);
                double[] sum = sums.computeIfAbsent(name, any -> new double[2]);
                sum[0] += term;
                sum[1]++;
            });
            if (!Double.isFinite(value)) throw notFinite(step, "total", value);
            total += value;
            steps++;
        }

        private static TrainingDiverged notFinite(TrainStep step, String term, double value) {
            return TrainingDiverged.at(
                    "the loss became " + value + " at step " + step.index() + " in term '" + term + "'");
        }

        double total() {
            return steps == 0 ? Double.NaN : total / steps;
        }

        Map<String, Double> terms() {
            Map<String, Double> means = new LinkedHashMap<>();
            sums.forEach((name, sum) -> means.put(name, sum[0] / sum[1]));
            return means;
        }
    }
}
