package dev.limbeck.data.image;

import dev.limbeck.Settings;
import dev.limbeck.data.Draws;
import dev.limbeck.data.Provenance;
import dev.limbeck.image.Resampler;
import dev.limbeck.image.RgbImage;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Augment training images. The operations run in this order: random resized crop, horizontal flip, shift, color jitter,
 * RandAugment.
 *
 * @param hflip whether to flip horizontally with probability 1/2
 * @param padAndCrop number of black pixels to pad on every side before a random crop of the original size (He et al.,
 *     "Deep Residual Learning for Image Recognition", 2016, section 4.2); 0 for none
 * @param randomResizedCrop minimum area share of a random crop, in (0, 1], with aspect ratios from 3/4 to 4/3 of the image's
 *     (Szegedy et al., "Going Deeper with Convolutions", CVPR 2015); 1 for none. The crop is taken from the resized image
 * @param colorJitter brightness, contrast and saturation are each multiplied by a factor in [1 − jitter, 1 + jitter];
 *     in [0, 1], 0 for none
 * @param randAugment magnitude, from 1 to 30, of two random operations, see {@link RandAugment}; 0 for none
 * @param views number of augmented views of each image, used in turn by the epochs; 0 for a new view in each epoch
 */
public record Augmentation(
        boolean hflip, int padAndCrop, double randomResizedCrop, double colorJitter, int randAugment, int views) {
    /** Maximum of {@code padAndCrop}, in pixels. */
    public static final int MOST_CROP = 4096;

    /** Maximum of {@code randAugment}. */
    public static final int MOST_RAND_AUGMENT = RandAugment.MOST;

    private static final int RAND_AUGMENT_STEPS = 2;
    private static final int ATTEMPTS = 10;

    public Augmentation {
        if (padAndCrop < 0 || padAndCrop > MOST_CROP) {
            throw Settings.wrong("pad_and_crop", "0 to " + MOST_CROP, padAndCrop);
        }
        if (!(randomResizedCrop > 0 && randomResizedCrop <= 1))
            throw Settings.wrong("random_resized_crop", "above 0 and at most 1", randomResizedCrop);
        Settings.inUnit("color_jitter", colorJitter);
        if (views < 0) throw Settings.wrong("views", "0 or more", views);
        if (randAugment < 0 || randAugment > MOST_RAND_AUGMENT) {
            throw Settings.wrong("rand_augment", "0 to " + MOST_RAND_AUGMENT, randAugment);
        }
    }

    /** Return the identity. */
    public static Augmentation none() {
        return new Augmentation(false, 0, 1, 0, 0, 0);
    }

    /** Return a copy with or without horizontal flips. */
    public Augmentation withHflip(boolean flip) {
        return new Augmentation(flip, padAndCrop, randomResizedCrop, colorJitter, randAugment, views);
    }

    /** Return a copy with another padding, in pixels. */
    public Augmentation withPadAndCrop(int pixels) {
        return new Augmentation(hflip, pixels, randomResizedCrop, colorJitter, randAugment, views);
    }

    /** Return a copy with another minimum area share of random crops. */
    public Augmentation withRandomResizedCrop(double smallest) {
        return new Augmentation(hflip, padAndCrop, smallest, colorJitter, randAugment, views);
    }

    /** Return a copy with another color jitter. */
    public Augmentation withColorJitter(double strength) {
        return new Augmentation(hflip, padAndCrop, randomResizedCrop, strength, randAugment, views);
    }

    /** Return a copy with another magnitude of RandAugment. */
    public Augmentation withRandAugment(int magnitude) {
        return new Augmentation(hflip, padAndCrop, randomResizedCrop, colorJitter, magnitude, views);
    }

    /** Return a copy with another number of views per image; 0 for a new view in each epoch. */
    public Augmentation withViews(int views) {
        return new Augmentation(hflip, padAndCrop, randomResizedCrop, colorJitter, randAugment, views);
    }

    /** Return whether images are not changed. */
    public boolean isNone() {
        return equals(none().withViews(views));
    }

    /** Return the view for an epoch. */
    int view(int epoch) {
        if (isNone()) return Provenance.PLAIN;
        return views == 0 ? epoch : epoch % views;
    }

    /** Return the settings for a run record. */
    Map<String, Object> describe() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("hflip", hflip);
        facts.put("pad_and_crop", padAndCrop);
        facts.put("random_resized_crop", randomResizedCrop);
        facts.put("color_jitter", colorJitter);
        facts.put("rand_augment", randAugment);
        facts.put("views", views);
        return facts;
    }

    /**
     * Write one augmented image to a buffer, height×width×3 bytes. The given pixels are not changed.
     *
     * @param down height of the image relative to the one that shifts refer to
     * @param right the same of the width
     */
    void write(byte[] pixels, int height, int width, double down, double right, Draws draws, ByteBuffer target) {
        RgbImage image = new RgbImage(width, height, pixels);
        if (randomResizedCrop < 1) image = part(image, draws);
        image = moved(image, down, right, draws);
        if (colorJitter > 0) image = jittered(image, draws);
        if (randAugment > 0) image = RandAugment.apply(image, RAND_AUGMENT_STEPS, randAugment, draws);
        target.put(image.rgb());
    }

    private RgbImage part(RgbImage image, Draws draws) {
        // In shares of the sides, so that images of every size and shape take as many draws.
        for (int i = 0; i < ATTEMPTS; i++) {
            double share = draws.between(randomResizedCrop, 1);
            double ratio = Math.exp(draws.between(Math.log(3.0 / 4), Math.log(4.0 / 3)));
            double width = Math.sqrt(share * ratio);
            double height = Math.sqrt(share / ratio);
            if (width > 1 || height > 1) continue;
            double left = draws.nextDouble() * (1 - width);
            double top = draws.nextDouble() * (1 - height);
            int w = image.width();
            int h = image.height();
            return Resampler.resize(image, left * w, top * h, width * w, height * h, w, h);
        }
        return image;
    }

    private int shift(double scale, Draws draws) {
        if (padAndCrop == 0) return 0;
        return (int) Math.round(scale * (draws.nextInt(2 * padAndCrop + 1) - padAndCrop));
    }

    private RgbImage moved(RgbImage image, double scaleDown, double scaleRight, Draws draws) {
        boolean mirrored = hflip && draws.nextBoolean();
        int right = shift(scaleRight, draws);
        int down = shift(scaleDown, draws);
        if (!mirrored && right == 0 && down == 0) return image;
        int width = image.width();
        int height = image.height();
        byte[] pixels = image.rgb();
        byte[] moved = new byte[pixels.length];
        for (int y = 0, to = 0; y < height; y++) {
            int from = y + down;
            for (int x = 0; x < width; x++, to += 3) {
                int column = (mirrored ? width - 1 - x : x) + right;
                if (from < 0 || from >= height || column < 0 || column >= width) continue;
                int at = 3 * (from * width + column);
                for (int c = 0; c < 3; c++) moved[to + c] = pixels[at + c];
            }
        }
        return new RgbImage(width, height, moved);
    }

    private RgbImage jittered(RgbImage image, Draws draws) {
        RgbImage bright = Colors.brightness(image, draws.between(1 - colorJitter, 1 + colorJitter));
        RgbImage contrasted = Colors.contrast(bright, draws.between(1 - colorJitter, 1 + colorJitter));
        return Colors.saturation(contrasted, draws.between(1 - colorJitter, 1 + colorJitter));
    }
}
