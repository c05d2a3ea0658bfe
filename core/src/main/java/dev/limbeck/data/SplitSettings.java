package dev.limbeck.data;

import dev.limbeck.LimbeckException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Hold the settings of splits and labels.
 *
 * @param seed seed of the splits and the order
 * @param validFraction share of the training rows used for validation if the source has no such split, in [0, 1)
 * @param maxTrainSamples maximum number of labeled training rows; 0 for no limit
 * @param labelsPerClass maximum number of labeled training rows per class; 0 for no limit
 * @param keepUnlabeled whether rows beyond these limits stay as unlabeled ones
 * @param balanced whether each epoch samples all classes equally often, with repetition
 */
public record SplitSettings(
        long seed,
        double validFraction,
        int maxTrainSamples,
        int labelsPerClass,
        boolean keepUnlabeled,
        boolean balanced) {
    public SplitSettings {
        check("valid fraction", validFraction >= 0 && validFraction < 1, "0 or more and below 1", validFraction);
        check("train limit", maxTrainSamples >= 0, "at least 1, or 0 for all", maxTrainSamples);
        check("labels per class", labelsPerClass >= 0, "at least 1, or 0 for all", labelsPerClass);
        check(
                "train limit",
                maxTrainSamples == 0 || labelsPerClass == 0,
                "left out beside labels per class",
                maxTrainSamples);
    }

    private static void check(String what, boolean holds, String expected, Object found) {
        if (!holds) throw new LimbeckException(what + " must be " + expected + ", found " + found);
    }

    /** Return the settings for a run record. */
    public Map<String, Object> describe() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("seed", seed);
        facts.put("valid_fraction", validFraction);
        facts.put("max_train_samples", maxTrainSamples);
        facts.put("labels_per_class", labelsPerClass);
        facts.put("keep_unlabeled", keepUnlabeled);
        facts.put("balanced", balanced);
        return facts;
    }
}
