package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.SplitSettings;
import dev.limbeck.image.ImagePreprocessing;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Hold the settings of batches.
 *
 * @param augmentation augmentation of training images
 * @param cacheBudget memory for resized images, in bytes
 * @param prefetch maximum number of prefetched batches
 */
public record ImageSettings(
        ImagePreprocessing preprocessing,
        int batchSize,
        SplitSettings splits,
        Augmentation augmentation,
        long cacheBudget,
        boolean skipBadImages,
        int workers,
        int prefetch) {
    private static final int CHANNELS = 3;

    public ImageSettings {
        check("batch size", batchSize >= 1, "at least 1", batchSize);
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
        facts.putAll(splits.describe());
        facts.put("mean", preprocessing.mean());
        facts.put("std", preprocessing.std());
        facts.putAll(augmentation.describe());
        return facts;
    }

    /** Return the bytes of an image. */
    int rowBytes() {
        return Math.multiplyExact(CHANNELS, Math.multiplyExact(preprocessing.height(), preprocessing.width()));
    }

    /** Return the bytes of a full batch, at most 2 GiB. */
    int batchBytes() {
        long bytes = (long) batchSize * rowBytes();
        if (bytes <= Integer.MAX_VALUE) return (int) bytes;
        throw new LimbeckException("a batch of " + batchSize + " images of " + preprocessing.height() + "×"
                + preprocessing.width() + " takes " + bytes + " bytes, more than 2 GiB; use smaller batches");
    }

    private static void check(String what, boolean holds, String expected, Object found) {
        if (!holds) throw new LimbeckException(what + " must be " + expected + ", found " + found);
    }
}
