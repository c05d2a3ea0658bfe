package dev.limbeck.recipe;

import dev.limbeck.LimbeckException;
import dev.limbeck.Settings;
import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import dev.limbeck.optim.AdamW;
import dev.limbeck.optim.Optimizer;
import dev.limbeck.optim.Sgd;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Precision;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Callback;
import dev.limbeck.train.EarlyStopping;
import dev.limbeck.train.EpochRecord;
import dev.limbeck.train.ExponentialMovingAverage;
import dev.limbeck.train.GradientAccumulation;
import dev.limbeck.train.GradientClip;
import dev.limbeck.train.Learner;
import dev.limbeck.train.Mixup;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Say how to train; what is null in a file gets its default.
 *
 * @param epochs passes over the training images; 10
 * @param lr highest learning rate; 1e-3
 * @param schedule one-cycle (the default) or constant
 * @param optimizer adamw (the default) or sgd
 * @param weightDecay that of the optimizer unless set
 * @param clipGradNorm greatest joint L2 norm of the gradients; none unless set
 * @param gradAccumSteps batches that make one step; 1
 * @param classWeights none (the default), or balanced: n/(K·nₖ) for a class with nₖ of n labeled images of K classes
 * @param labelSmoothing share of each label that is spread over all classes; 0
 * @param mixup α of {@link Mixup#blend}; none unless set
 * @param cutmix α of {@link Mixup#cut}; none unless set
 * @param emaDecay decay of {@link ExponentialMovingAverage}; none unless set
 * @param patience epochs without a better validation accuracy after which training stops; never unless set
 * @param keep which epoch's model is kept: last (the default) or best, by validation accuracy
 * @param precision auto (the default), fp32 or bf16: what student and teacher compute in, see {@link Precision#of}
 * @param seed of weights, order and draws; 0
 */
public record TrainingRecipe(
        Integer epochs,
        Double lr,
        String schedule,
        String optimizer,
        @Nullable Double weightDecay,
        @Nullable Double clipGradNorm,
        Integer gradAccumSteps,
        String classWeights,
        Double labelSmoothing,
        @Nullable Double mixup,
        @Nullable Double cutmix,
        @Nullable Double emaDecay,
        @Nullable Integer patience,
        String keep,
        String precision,
        Long seed) {
    private static final List<String> SCHEDULES = List.of("one-cycle", "constant");
    private static final List<String> OPTIMIZERS = List.of("adamw", "sgd");
    private static final List<String> CLASS_WEIGHTS = List.of("none", "balanced");
    private static final List<String> KEPT = List.of("last", "best");

    public TrainingRecipe {
        epochs = Settings.atLeast(1, "epochs", epochs == null ? 10 : epochs);
        lr = Settings.positive("lr", lr == null ? 1e-3 : lr);
        schedule = RecipeFiles.oneOf("schedule", schedule, SCHEDULES);
        optimizer = RecipeFiles.oneOf("optimizer", optimizer, OPTIMIZERS);
        if (weightDecay != null) Settings.notNegative("weight_decay", weightDecay);
        if (clipGradNorm != null) Settings.positive("clip_grad_norm", clipGradNorm);
        gradAccumSteps = Settings.atLeast(1, "grad_accum_steps", gradAccumSteps == null ? 1 : gradAccumSteps);
        classWeights = RecipeFiles.oneOf("class_weights", classWeights, CLASS_WEIGHTS);
        labelSmoothing = Settings.inHalfOpenUnit("label_smoothing", labelSmoothing == null ? 0 : labelSmoothing);
        if (mixup != null) Settings.positive("mixup", mixup);
        if (cutmix != null) Settings.positive("cutmix", cutmix);
        if (mixup != null && cutmix != null) {
            throw new LimbeckException("found mixup and cutmix; an image is mixed one way, so choose one");
        }
        if (emaDecay != null) Settings.inHalfOpenUnit("ema_decay", emaDecay);
        if (patience != null) Settings.atLeast(1, "patience", patience);
        keep = RecipeFiles.oneOf("keep", keep, KEPT);
        precision = RecipeFiles.oneOf("precision", precision, Precision.NAMES);
        if (seed == null) seed = 0L;
    }

    static TrainingRecipe defaults() {
        return new TrainingRecipe(
                null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null);
    }

    TrainingRecipe withSeed(long other) {
        return new TrainingRecipe(
                epochs,
                lr,
                schedule,
                optimizer,
                weightDecay,
                clipGradNorm,
                gradAccumSteps,
                classWeights,
                labelSmoothing,
                mixup,
                cutmix,
                emaDecay,
                patience,
                keep,
                precision,
                other);
    }

    boolean keepsBest() {
        return keep.equals("best");
    }

    /** Return the task's loss: cross-entropy, smoothed and weighted as this says. */
    BinaryOperator<Tensor> taskLoss(Data data) {
        double smoothing = labelSmoothing;
        if (classWeights.equals("balanced")) {
            float[] weights = balancedWeights(data);
            return (logits, labels) -> {
                Tensor factors = Tensors.to(Tensors.of(weights, weights.length), DType.of(logits));
                return Ops.crossEntropy(logits, labels, smoothing, Tensors.to(factors, logits.device()));
            };
        }
        return smoothing == 0 ? Ops::crossEntropy : (logits, labels) -> Ops.crossEntropy(logits, labels, smoothing);
    }

    /** Return n/(K·nₖ) for each class; a class without images counts as if it had one. */
    private static float[] balancedWeights(Data data) {
        int classes = data.classNames().size();
        int[] counts = new int[classes];
        int labeled = 0;
        for (int label : data.labels(Split.TRAIN)) {
            if (label < 0) continue;
            counts[label]++;
            labeled++;
        }
        float[] weights = new float[classes];
        for (int c = 0; c < classes; c++) weights[c] = (float) labeled / (classes * Math.max(1, counts[c]));
        return weights;
    }

    Optimizer makeOptimizer() {
        if (optimizer.equals("adamw")) {
            AdamW usual = AdamW.defaults();
            return weightDecay == null
                    ? usual
                    : new AdamW(usual.beta1(), usual.beta2(), usual.eps(), weightDecay, usual.decayAll());
        }
        Sgd usual = Sgd.defaults();
        return weightDecay == null ? usual : new Sgd(usual.momentum(), usual.nesterov(), weightDecay, usual.decayAll());
    }

    boolean isOneCycle() {
        return schedule.equals(SCHEDULES.get(0));
    }

    /**
     * Train as this says, with callbacks besides.
     *
     * @param pretrained what the learner began with, if it did
     */
    List<EpochRecord> fit(Learner learner, @Nullable PretrainedRecipe pretrained, List<Callback> more) {
        List<Callback> callbacks = new ArrayList<>();
        if (clipGradNorm != null) callbacks.add(new GradientClip(clipGradNorm));
        if (gradAccumSteps != 1) callbacks.add(new GradientAccumulation(gradAccumSteps));
        if (mixup != null) callbacks.add(Mixup.blend(mixup));
        if (cutmix != null) callbacks.add(Mixup.cut(cutmix));
        if (emaDecay != null) callbacks.add(new ExponentialMovingAverage(emaDecay));
        if (patience != null) callbacks.add(new EarlyStopping("accuracy", patience));
        callbacks.addAll(more);
        Callback[] all = callbacks.toArray(Callback[]::new);
        if (pretrained != null) return learner.fineTune(epochs, lr, pretrained.frozenEpochs(), all);
        return isOneCycle() ? learner.fitOneCycle(epochs, lr, all) : learner.fit(epochs, lr, all);
    }
}
