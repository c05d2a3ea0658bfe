package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.image.ImagePreprocessing;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Hold the settings of batches.
 *
 * @param validFraction share of the training images used for validation if the source has no such split, in [0, 1)
 * @param maxTrainSamples maximum number of labeled training images; 0 for no limit
 * @param labelsPerClass maximum number of labeled training images per class; 0 for no limit
 * @param keepUnlabeled whether images beyond these limits stay as unlabeled ones
 * @param balanced whether each epoch samples all classes equally often, with repetition
 * @param augmentation augmentation of training images
 * @param cacheBudget memory for resized images, in bytes
 * @param prefetch maximum number of prefetched batches
 */
public record ImageSettings(
        ImagePreprocessing preprocessing,
        int batchSize,
        long seed,
        double validFraction,
        int maxTrainSamples,
        int labelsPerClass,
        boolean keepUnlabeled,
        boolean balanced,
        Augmentation augmentation,
        long cacheBudget,
        boolean skipBadImages,
        int workers,
        int prefetch) {
    public ImageSettings {
        check("batch size", batchSize >= 1, "at least 1", batchSize);
        check("valid fraction", validFraction >= 0 && validFraction < 1, "0 or more and below 1", validFraction);
        check("train limit", maxTrainSamples >= 0, "at least 1, or 0 for all", maxTrainSamples);
        check("labels per class", labelsPerClass >= 0, "at least 1, or 0 for all", labelsPerClass);
        check(
                "train limit",
                maxTrainSamples == 0 || labelsPerClass == 0,
                "left out beside labels per class",
                maxTrainSamples);
        check("cache budget", cacheBudget >= 0, "at least 0 bytes", cacheBudget);
        check("workers", workers >= 1, "at least 1", workers);
        check("prefetch", prefetch >= 1, "at least 1", prefetch);
    }

    /** Return the settings that influence batches, for a run record. */
    Map<String, Object> describe() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("image_size", List.of(preprocessing.height(), preprocessing.width()));
        facts.put("resize", preprocessing.resize().name().toLowerCase(Locale.ROOT));
        facts.put("batch_size", batchSize);
        facts.put("seed", seed);
        facts.put("valid_fraction", validFraction);
        facts.put("max_train_samples", maxTrainSamples);
        facts.put("labels_per_class", labelsPerClass);
        facts.put("keep_unlabeled", keepUnlabeled);
        facts.put("mean", preprocessing.mean());
        facts.put("std", preprocessing.std());
        facts.put("balanced", balanced);
        facts.putAll(augmentation.describe());
        return facts;
    }

    private static void check(String what, boolean holds, String expected, Object found) {
        if (!holds) throw new LimbeckException(what + " must be " + expected + ", found " + found);
    }
}
