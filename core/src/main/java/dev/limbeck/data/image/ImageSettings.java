package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Hold how images become batches.
 *
 * @param mean what is taken from each channel, on the scale where white is 1
 * @param std what each channel is then divided by
 * @param validFraction share of the training images that validates where the source has no such split, in [0, 1)
 * @param trainLimit most labelled training images; 0 for all
 * @param cacheBudget bytes of resized images kept in memory
 * @param prefetch most batches prepared ahead
 */
public record ImageSettings(
        int height,
        int width,
        Resize resize,
        int batchSize,
        long seed,
        double validFraction,
        int trainLimit,
        List<Double> mean,
        List<Double> std,
        boolean flip,
        int padAndCrop,
        long cacheBudget,
        boolean skipBadImages,
        int workers,
        int prefetch) {
    private static final int MOST_SIDE = 4096;

    public ImageSettings {
        check("image size", height >= 1 && height <= MOST_SIDE, "1 to " + MOST_SIDE, height);
        check("image size", width >= 1 && width <= MOST_SIDE, "1 to " + MOST_SIDE, width);
        check("batch size", batchSize >= 1, "at least 1", batchSize);
        check("valid fraction", validFraction >= 0 && validFraction < 1, "0 or more and below 1", validFraction);
        check("train limit", trainLimit >= 0, "at least 1, or 0 for all", trainLimit);
        check(
                "normalisation mean",
                mean.size() == 3 && mean.stream().allMatch(Double::isFinite),
                "three numbers",
                mean);
        check(
                "normalisation std",
                std.size() == 3 && std.stream().allMatch(s -> s > 0 && Double.isFinite(s)),
                "three numbers above 0",
                std);
        check("pad and crop", padAndCrop >= 0 && padAndCrop <= MOST_SIDE, "0 to " + MOST_SIDE, padAndCrop);
        check("cache budget", cacheBudget >= 0, "at least 0 bytes", cacheBudget);
        check("workers", workers >= 1, "at least 1", workers);
        check("prefetch", prefetch >= 1, "at least 1", prefetch);
        mean = List.copyOf(mean);
        std = List.copyOf(std);
    }

    /** Return what changes the batches, for a run's record. */
    Map<String, Object> describe() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("image_size", List.of(height, width));
        facts.put("resize", resize.name().toLowerCase(Locale.ROOT));
        facts.put("batch_size", batchSize);
        facts.put("seed", seed);
        facts.put("valid_fraction", validFraction);
        facts.put("train_limit", trainLimit);
        facts.put("mean", mean);
        facts.put("std", std);
        facts.put("flip", flip);
        facts.put("pad_and_crop", padAndCrop);
        return facts;
    }

    private static void check(String what, boolean holds, String expected, Object found) {
        if (!holds) throw new LimbeckException(what + " must be " + expected + ", found " + found);
    }
}
