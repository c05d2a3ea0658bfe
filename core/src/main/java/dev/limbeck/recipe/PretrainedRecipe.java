package dev.limbeck.recipe;

import dev.limbeck.LimbeckException;
import dev.limbeck.Settings;
import dev.limbeck.io.Downloads;
import dev.limbeck.io.MissingFile;
import dev.limbeck.train.LearnerBuilder;
import dev.limbeck.weights.PretrainedWeights;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Say which trained weights a network begins with below a new classifier; what is null in a file gets its default.
 *
 * @param weights imagenet (the default) for the published ones, fetched once, or a file or run directory of the same architecture
 * @param weightsKey where in a file with several sets of weights those to take lie, such as model_ema
 * @param head concat for fastai's (the default where the architecture pools feature maps) or linear for its own
 * @param frozenEpochs epochs in which the classifier is trained alone, before those of the training; 1
 */
public record PretrainedRecipe(
        String weights,
        @Nullable String weightsKey,
        @Nullable String head,
        Integer frozenEpochs) {
    private static final String IMAGENET = "imagenet";
    private static final String LINEAR = "linear";

    public PretrainedRecipe {
        if (weights == null) weights = IMAGENET;
        if (weightsKey != null && weights.equals(IMAGENET)) {
            throw new LimbeckException("found pretrained.weights_key without a file of weights; leave it out");
        }
        if (head != null) RecipeFiles.oneOf("head", head, List.of("concat", LINEAR));
        frozenEpochs = Settings.atLeast(0, "frozen_epochs", frozenEpochs == null ? 1 : frozenEpochs);
    }

    /** Let a learner begin with them. */
    LearnerBuilder into(LearnerBuilder learner, Downloads.Progress progress) {
        if (LINEAR.equals(head)) learner.ownHead();
        if (weights.equals(IMAGENET)) return learner.pretrained(PretrainedWeights.store(), progress);
        Path file = Path.of(weights);
        if (!Files.exists(file)) {
            throw MissingFile.of(
                    "weights", file, "expected imagenet, a safetensors file, a PyTorch checkpoint or a run directory");
        }
        return learner.weights(file).weightsKey(weightsKey);
    }
}
