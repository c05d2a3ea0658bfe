package dev.limbeck.recipe.image;

import dev.limbeck.data.image.Augmentation;
import dev.limbeck.recipe.Setting;
import org.jspecify.annotations.Nullable;

/**
 * Hold the augmentation of training images. A null component takes the data set's default.
 *
 * @see Augmentation
 */
public record AugmentRecipe(
        @Setting(help = "Mirror half the images", whenUnset = "by data set", negatable = true) @Nullable
        Boolean hflip,

        @Setting(help = "Shift images by up to N pixels", atLeast = 0, atMost = Augmentation.MOST_CROP) @Nullable
        Integer padAndCrop,

        @Setting(
                help = "Random crops of at least this share of the area, such as 0.35",
                above = 0,
                atMost = 1,
                label = "X")
        @Nullable
        Double randomResizedCrop,

        @Setting(
                help = "Change brightness, contrast and saturation by up to this share",
                atLeast = 0,
                atMost = 1,
                label = "X")
        @Nullable
        Double colorJitter,

        @Setting(
                help = "Magnitude of two random operations, at most " + Augmentation.MOST_RAND_AUGMENT + "; 0 for none",
                atLeast = 0,
                atMost = Augmentation.MOST_RAND_AUGMENT,
                rare = true)
        @Nullable
        Integer randAugment,

        @Setting(
                help = "Use only N views of each image, in turn, to allow cached outputs",
                atLeast = 0,
                options = "--augment-views")
        @Nullable
        Integer views) {
    /** Return the given defaults, overridden by the components that are set. */
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
