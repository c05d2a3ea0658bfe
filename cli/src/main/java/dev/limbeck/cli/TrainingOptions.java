package dev.limbeck.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Offer how to train, for the commands that do. What is not given is for the recipe to choose. */
final class TrainingOptions {
    @Option(names = "--arch", description = "Architecture, such as resnet18 or cifar-resnet20.")
    @Nullable
    String arch;

    @Option(
            names = "--pretrained",
            description = "Begin with ImageNet's weights below a new classifier, and fine-tune them.")
    boolean pretrained;

    @Option(
            names = "--weights",
            description =
                    "The same with a file of weights (safetensors, .pth, .th; torchvision's or timm's names) or a run.")
    @Nullable
    String weights;

    @Option(
            names = "--weights-key",
            description = "Where in the file of --weights, if it holds several sets of weights, those to take lie.")
    @Nullable
    String weightsKey;

    @Option(
            names = "--head",
            description = "The new classifier: concat (fastai's, the default) or linear (the architecture's own).")
    @Nullable
    String head;

    @Option(
            names = "--frozen-epochs",
            description = "Epochs that train the new classifier alone, before --epochs (default: 1).")
    @Nullable
    Integer frozenEpochs;

    @Option(names = "--epochs", description = "Passes over the training images (default: 10).")
    @Nullable
    Integer epochs;

    @Option(names = "--lr", description = "Highest learning rate (default: 1e-3).")
    @Nullable
    Double rate;

    @Option(
            names = "--schedule",
            paramLabel = "SCHEDULE",
            description =
                    "How the learning rate changes, one-cycle or constant (default: one-cycle). With a teacher also "
                            + "what it gives, such as kd-weight=cosine:1..0 or temperature=linear:8..2; may be given several times.")
    List<String> schedules = List.of();

    @Option(names = "--optimizer", description = "adamw or sgd (default: adamw).")
    @Nullable
    String optimizer;

    @Option(names = "--weight-decay", description = "Weight decay (default: 0.01 for adamw, 5e-4 for sgd).")
    @Nullable
    Double weightDecay;

    @Option(names = "--clip-grad-norm", description = "Scale gradients down to this joint L2 norm.")
    @Nullable
    Double clip;

    @Option(names = "--grad-accum-steps", description = "Batches that make one step (default: 1).")
    @Nullable
    Integer accumulate;

    @Option(
            names = "--class-weights",
            description = "none, or balanced: mistakes on rare classes weigh more (default: none).")
    @Nullable
    String classWeights;

    @Option(names = "--label-smoothing", description = "Share of each label spread over all classes (default: 0).")
    @Nullable
    Double labelSmoothing;

    @Option(
            names = "--mixup",
            description = "Blend images of a batch; alpha of the share's Beta distribution, such as 0.2.")
    @Nullable
    Double mixup;

    @Option(names = "--cutmix", description = "Paste boxes of other images of the batch; alpha, such as 1.")
    @Nullable
    Double cutmix;

    @Option(
            names = "--ema-decay",
            description = "Keep a moving average of the weights in place of the last ones; decay such as 0.999.")
    @Nullable
    Double averageDecay;

    @Option(
            names = "--patience",
            description = "Stop when validation accuracy has not risen for so many epochs (default: never).")
    @Nullable
    Integer patience;

    @Option(
            names = "--keep",
            description = "Which epoch's model is kept: last, or best by validation accuracy (default: last).")
    @Nullable
    String keep;

    @Option(
            names = "--precision",
            description = "What to compute in: fp32, bf16, or auto: bf16 where the processor has it (default: auto).")
    @Nullable
    String precision;

    @Option(names = "--seed", description = "Seed of weights, order and draws (default: 0).")
    @Nullable
    Long seed;

    /** Write what was given over a recipe. */
    void into(ObjectNode recipe) {
        if (arch != null) recipe.put("student", arch);
        if (weightsKey != null && weights == null && !recipe.has("pretrained")) {
            throw new LimbeckException(
                    "--weights-key goes with --weights; add it, or --teacher-weights-key for a teacher's");
        }
        if (pretrained || weights != null || weightsKey != null || head != null || frozenEpochs != null) {
            if (!pretrained && weights == null && weightsKey == null && !recipe.has("pretrained")) {
                throw new LimbeckException((head != null ? "--head" : "--frozen-epochs")
                        + " goes with --pretrained or --weights; add one");
            }
            ObjectNode start = recipe.withObject("/pretrained");
            if (pretrained) start.put("weights", "imagenet");
            if (weights != null) start.put("weights", weights);
            if (weightsKey != null) start.put("weights_key", weightsKey);
            if (head != null) start.put("head", head);
            if (frozenEpochs != null) start.put("frozen_epochs", frozenEpochs);
        }
        ObjectNode tree = recipe.withObject("/training");
        if (epochs != null) tree.put("epochs", epochs);
        if (rate != null) tree.put("lr", rate);
        for (String schedule : schedules) {
            if (!changesTeaching(schedule)) tree.put("schedule", schedule);
        }
        if (optimizer != null) tree.put("optimizer", optimizer);
        if (weightDecay != null) tree.put("weight_decay", weightDecay);
        if (clip != null) tree.put("clip_grad_norm", clip);
        if (accumulate != null) tree.put("grad_accum_steps", accumulate);
        if (classWeights != null) tree.put("class_weights", classWeights);
        if (labelSmoothing != null) tree.put("label_smoothing", labelSmoothing);
        if (mixup != null) tree.put("mixup", mixup);
        if (cutmix != null) tree.put("cutmix", cutmix);
        if (averageDecay != null) tree.put("ema_decay", averageDecay);
        if (patience != null) tree.put("patience", patience);
        if (keep != null) tree.put("keep", keep);
        if (precision != null) tree.put("precision", precision);
        if (seed != null) tree.put("seed", seed);
    }

    /** Return the schedules, {@code setting=schedule}, of what a teacher gives. */
    List<String> teachingSchedules() {
        return schedules.stream().filter(TrainingOptions::changesTeaching).toList();
    }

    private static boolean changesTeaching(String schedule) {
        return schedule.indexOf('=') >= 0;
    }
}
