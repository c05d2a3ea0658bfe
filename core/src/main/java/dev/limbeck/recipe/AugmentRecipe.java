package dev.limbeck.recipe;

import dev.limbeck.data.image.Augmentation;
import org.jspecify.annotations.Nullable;

/**
 * Say how training images are changed each time they are seen; what is null is as it suits the data.
 *
 * @see Augmentation
 */
public record AugmentRecipe(
        @Nullable Boolean hflip,
        @Nullable Integer padAndCrop,
        @Nullable Double randomResizedCrop,
        @Nullable Double colorJitter,
        @Nullable Integer randAugment,
        @Nullable Integer views) {
    public AugmentRecipe {
        change(Augmentation.none(), hflip, padAndCrop, randomResizedCrop, colorJitter, randAugment, views);
    }

    /** Change what suits the data to what this says. */
    Augmentation over(Augmentation usual) {
        return change(usual, hflip, padAndCrop, randomResizedCrop, colorJitter, randAugment, views);
    }

    private static Augmentation change(
            Augmentation usual,
            @Nullable Boolean flip,
            @Nullable Integer padAndCrop,
            @Nullable Double randomCrop,
            @Nullable Double jitter,
            @Nullable Integer randAugment,
            @Nullable Integer views) {
        return new Augmentation(
                flip == null ? usual.hflip() : flip,
                padAndCrop == null ? usual.padAndCrop() : padAndCrop,
                randomCrop == null ? usual.randomResizedCrop() : randomCrop,
                jitter == null ? usual.colorJitter() : jitter,
                randAugment == null ? usual.randAugment() : randAugment,
                views == null ? usual.views() : views);
    }
}
