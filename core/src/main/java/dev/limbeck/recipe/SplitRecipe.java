package dev.limbeck.recipe;

import com.fasterxml.jackson.annotation.JsonIgnore;
import dev.limbeck.LimbeckException;
import dev.limbeck.data.SplitSettings;
import org.jspecify.annotations.Nullable;

/** Declare the settings of splits and labels, for data of any kind. They stand beside the data's own settings. */
public record SplitRecipe(
        @Setting(
                help = "Validation share, if there is no such split",
                defaultValue = "0.2",
                atLeast = 0,
                below = 1,
                label = "SHARE",
                rare = true)
        Double validFraction,

        @Setting(help = "Maximum number of labeled training rows", atLeast = 1) @Nullable
        Integer maxTrainSamples,

        @Setting(help = "Maximum of labeled training rows per class", atLeast = 1) @Nullable
        Integer labelsPerClass,

        @Setting(help = "Keep rows beyond those limits as unlabeled", defaultValue = "false")
        Boolean keepUnlabeled,

        @Setting(help = "Sample all classes equally often in each epoch", defaultValue = "false", rare = true)
        Boolean balanced,

        @Setting(
                help = "Seed of splits, order and augmentation",
                whenUnset = "training seed",
                options = "--data-seed",
                rare = true)
        @Nullable
        Long seed) {
    public SplitRecipe {
        if (labelsPerClass != null && maxTrainSamples != null) {
            throw new LimbeckException("found max_train_samples and labels_per_class; choose one");
        }
    }

    /**
     * Return the settings for data.
     *
     * @param otherSeed seed to use if none is set
     */
    @JsonIgnore
    public SplitSettings settings(long otherSeed) {
        return new SplitSettings(
                seed == null ? otherSeed : seed,
                validFraction,
                maxTrainSamples == null ? 0 : maxTrainSamples,
                labelsPerClass == null ? 0 : labelsPerClass,
                keepUnlabeled,
                balanced);
    }
}
