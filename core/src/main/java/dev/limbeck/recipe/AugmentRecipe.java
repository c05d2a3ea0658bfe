package dev.limbeck.recipe;

import dev.limbeck.data.image.Augmentation;
import org.jspecify.annotations.Nullable;

/**
 * Say how training images are changed each time they are seen; what is null is as it suits the data.
 *
 * @see Augmentation
 */
public record AugmentRecipe(
        @Setting(help = "Mirror half of the images", whenUnset = "as suits the data", negatable = true) @Nullable
        Boolean hflip,

        @Setting(help = "Shift images by up to N pixels", atLeast = 0, atMost = Augmentation.MOST_CROP) @Nullable
        Integer padAndCrop,

        @Setting(
                help = "Random parts of at least this share of the area, such as 0.35",
                above = 0,
                atMost = 1,
                label = "X")
        @Nullable
        Double randomResizedCrop,

        @Setting(
                help = "Change brightness, contrast, saturation by up to this share",
                atLeast = 0,
                atMost = 1,
                label = "X")
        @Nullable
        Double colorJitter,

        @Setting(
                help = "Magnitude of two random operations, up to " + Augmentation.MOST_RAND_AUGMENT + "; 0 for none",
                atLeast = 0,
                atMost = Augmentation.MOST_RAND_AUGMENT)
        @Nullable
        Integer randAugment,

        @Setting(
                help = "Only N views of each image, in turn, so outputs can be cached",
                atLeast = 0,
                options = "--augment-views")
        @Nullable
        Integer views) {
    /** Change what suits the data to what this says. */
    Augmentation over(Augmentation suited) {
        return new Augmentation(
                hflip == null ? suited.hflip() : hflip,
                padAndCrop == null ? suited.padAndCrop() : padAndCrop,
                randomResizedCrop == null ? suited.randomResizedCrop() : randomResizedCrop,
                colorJitter == null ? suited.colorJitter() : colorJitter,
                randAugment == null ? suited.randAugment() : randAugment,
                views == null ? suited.views() : views);
    }
}
