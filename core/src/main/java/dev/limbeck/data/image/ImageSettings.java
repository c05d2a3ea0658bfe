package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.image.ImagePreprocessing;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Hold how images become batches.
 *
 * @param validFraction share of the training images that validates where the source has no such split, in [0, 1)
 * @param maxTrainSamples most labeled training images; 0 for all
 * @param labelsPerClass most labeled training images of each class; 0 for all
 * @param keepUnlabeled whether images beyond those stay in training without their labels
 * @param balanced whether each epoch draws as many images of every class, with repetition
 * @param augmentation how training images are changed each time
 * @param cacheBudget bytes of resized images kept in memory
 * @param prefetch most batches prepared ahead
 */
public record ImageSettings(
        ImagePreprocessing preparation,
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

    /** Return what changes the batches, for a run's record. */
    Map<String, Object> describe() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("image_size", List.of(preparation.height(), preparation.width()));
        facts.put("resize", preparation.resize().name().toLowerCase(Locale.ROOT));
        facts.put("batch_size", batchSize);
        facts.put("seed", seed);
        facts.put("valid_fraction", validFraction);
        facts.put("max_train_samples", maxTrainSamples);
        facts.put("labels_per_class", labelsPerClass);
        facts.put("keep_unlabeled", keepUnlabeled);
        facts.put("mean", preparation.mean());
        facts.put("std", preparation.std());
        facts.put("balanced", balanced);
        facts.putAll(augmentation.describe());
        return facts;
    }

    private static void check(String what, boolean holds, String expected, Object found) {
        if (!holds) throw new LimbeckException(what + " must be " + expected + ", found " + found);
    }
}
