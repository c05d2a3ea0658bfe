package dev.limbeck.recipe;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import dev.limbeck.distill.MeanTeacher;
import dev.limbeck.optim.AdamW;
import dev.limbeck.optim.Optimizer;
import dev.limbeck.optim.Schedule;
import dev.limbeck.optim.Sgd;
import dev.limbeck.train.Callback;
import dev.limbeck.train.EarlyStopping;
import dev.limbeck.train.EpochRecord;
import dev.limbeck.train.ExponentialMovingAverage;
import dev.limbeck.train.GradientAccumulation;
import dev.limbeck.train.GradientClip;
import dev.limbeck.train.Learner;
import dev.limbeck.train.Mixup;
import dev.limbeck.train.TargetLoss;
import dev.limbeck.train.TaskLoss;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Hold the training settings. */
public record TrainingRecipe(
        @Setting(help = "Number of passes over the training rows", defaultValue = "10", atLeast = 1)
        Integer epochs,

        @Setting(help = "Maximum learning rate", defaultValue = "1e-3", above = 0)
        Double lr,

        @Setting(
                help = "Learning-rate schedule",
                oneOf = {"one-cycle", "constant"},
                defaultValue = "one-cycle",
                label = "SCHEDULE",
                repeatable = true)
        String schedule,

        @Setting(
                help = "Optimizer",
                oneOf = {"adamw", "sgd"},
                defaultValue = "adamw")
        String optimizer,

        @Setting(help = "Weight decay", atLeast = 0, whenUnset = "0.01 for adamw, 5e-4 for sgd") @Nullable
        Double weightDecay,

        @Setting(help = "Clip gradients to this global L2 norm", above = 0, rare = true) @Nullable
        Double clipGradNorm,

        @Setting(help = "Batches per optimizer step", defaultValue = "1", atLeast = 1)
        Integer gradAccumSteps,

        @Setting(
                help = "Weight classes by inverse frequency",
                oneOf = {"none", "balanced"},
                defaultValue = "none",
                rare = true)
        String classWeights,

        @Setting(
                help = "Label smoothing, in [0, 1)",
                defaultValue = "0",
                atLeast = 0,
                below = 1,
                label = "SHARE",
                rare = true)
        Double labelSmoothing,

        @Setting(help = "Mixup alpha, such as 0.2", above = 0, label = "ALPHA") @Nullable
        Double mixup,

        @Setting(help = "CutMix alpha, such as 1", above = 0, label = "ALPHA") @Nullable
        Double cutmix,

        @Setting(
                help = "Use a moving average of the weights, with a decay such as 0.999",
                atLeast = 0,
                below = 1,
                label = "DECAY")
        @Nullable
        Double emaDecay,

        @Setting(help = "Weight of that average as a teacher, as linear:0..1@0..0.3", atLeast = 0, rare = true)
        @Nullable
        Schedule meanTeacher,

        @Setting(help = "Stop after N epochs without better validation accuracy", atLeast = 1, rare = true) @Nullable
        Integer patience,

        @Setting(
                help = "Epoch to save, best by validation",
                oneOf = {"last", "best"},
                defaultValue = "last")
        String keep,

        @Setting(
                help = "Precision, auto by the processor",
                oneOf = {"auto", "fp32", "bf16"},
                defaultValue = "auto")
        String precision,

        @Setting(help = "Train for int8 (quantization-aware), for export --precision int8", rare = true) @Nullable
        Boolean quantize,

        @Setting(help = "Seed of weights, order and draws", defaultValue = "0")
        Long seed) {
    private static final String ONE_CYCLE = "one-cycle";

    public TrainingRecipe {
        if (mixup != null && cutmix != null) {
            throw new LimbeckException("found mixup and cutmix; set only one");
        }
        if (meanTeacher != null && emaDecay == null) {
            throw new LimbeckException(
                    "found mean_teacher without a moving average; set ema_decay (--ema-decay 0.99) too");
        }
    }

    /**
     * Return what mixes rows, if anything does.
     *
     * @param views number of views of each row; 0 for a new one in each epoch
     */
    Optional<Mixup> mixing(int views) {
        if (mixup != null) return Optional.of(Mixup.blend(mixup).views(views));
        return cutmix == null ? Optional.empty() : Optional.of(Mixup.cut(cutmix).views(views));
    }

    TrainingRecipe withSeed(long other) {
        return Sections.with(this, "seed", other);
    }

    boolean isQuantizationAware() {
        return quantize != null && quantize;
    }

    /** Return the settings that are about one model, and would leave further students out. */
    List<String> ofOneModel() {
        List<String> set = new ArrayList<>();
        if (clipGradNorm != null) set.add("clip_grad_norm");
        if (emaDecay != null) set.add("ema_decay");
        if (meanTeacher != null) set.add("mean_teacher");
        if (patience != null) set.add("patience");
        if (keepsBest()) set.add("keep: best");
        return set;
    }

    boolean keepsBest() {
        return keep.equals("best");
    }

    /** Return the task loss: cross-entropy with label smoothing and class weights. */
    TargetLoss taskLoss(Data data) {
        double smoothing = labelSmoothing;
        if (data.task().kind() != Task.Kind.SINGLE_LABEL) {
            String needless = smoothing != 0
                    ? "label smoothing needs"
                    : !classWeights.equals("none") ? "class weights need" : null;
            if (needless == null) return TaskLoss.of(data.task());
            throw new LimbeckException(
                    needless + " one class per row, found " + data.task().kind().words() + "; leave it out");
        }
        if (classWeights.equals("balanced")) {
            return TaskLoss.weightedCrossEntropy(smoothing, balancedWeights(data));
        }
        return (logits, labels, ofRows) -> TaskLoss.crossEntropy(logits, labels, smoothing, null, ofRows);
    }

    /** Return n/(K·nₖ) for each class k. A class without images counts as one image. */
    private static float[] balancedWeights(Data data) {
        int classes = data.classNames().size();
        int[] counts = new int[classes];
        int labeled = 0;
        for (int label : data.targets(Split.TRAIN).labels()) {
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
            AdamW defaults = AdamW.defaults();
            return weightDecay == null
                    ? defaults
                    : new AdamW(defaults.beta1(), defaults.beta2(), defaults.eps(), weightDecay, defaults.decayAll());
        }
        Sgd defaults = Sgd.defaults();
        return weightDecay == null
                ? defaults
                : new Sgd(defaults.momentum(), defaults.nesterov(), weightDecay, defaults.decayAll());
    }

    boolean isOneCycle() {
        return schedule.equals(ONE_CYCLE);
    }

    /**
     * Train a learner with these settings and further callbacks.
     *
     * @param pretrained pretrained weights that the learner started from, or null
     * @param number of epochs
     */
    List<EpochRecord> fit(Learner learner, @Nullable PretrainedRecipe pretrained, int number, List<Callback> more) {
        List<Callback> callbacks = stepCallbacks();
        if (patience != null) callbacks.add(new EarlyStopping(patience));
        callbacks.addAll(more);
        Callback[] all = callbacks.toArray(Callback[]::new);
        if (pretrained != null && learner.data().task().kind() == Task.Kind.EMBEDDING) learner.unfreeze();
        else if (pretrained != null && pretrained.probe()) return learner.probe(number, lr, all);
        else if (pretrained != null && !pretrained.keepsHead())
            return learner.fineTune(number, lr, pretrained.frozenEpochs(), all);
        return isOneCycle() ? learner.fitOneCycle(number, lr, all) : learner.fit(number, lr, all);
    }

    /** Return new callbacks that change the steps of a training, whatever its number of epochs. The list may be changed. */
    List<Callback> stepCallbacks() {
        List<Callback> callbacks = new ArrayList<>();
        if (clipGradNorm != null) callbacks.add(new GradientClip(clipGradNorm));
        if (gradAccumSteps != 1) callbacks.add(new GradientAccumulation(gradAccumSteps));
        if (emaDecay != null) {
            ExponentialMovingAverage average = new ExponentialMovingAverage(emaDecay);
            callbacks.add(average);
            if (meanTeacher != null) callbacks.add(MeanTeacher.of(average).weight(meanTeacher));
        }
        return callbacks;
    }
}
