package dev.limbeck.data.image;

/**
 * Hold the default image size and augmentation of a source.
 *
 * @param flip whether horizontal flips preserve the label
 * @param padAndCrop padding in pixels for random crops; 0 for none
 */
public record ImageDefaults(int height, int width, boolean flip, int padAndCrop) {
    /** Defaults for photographs of any size: 64×64, not augmented. */
    public static final ImageDefaults PLAIN = new ImageDefaults(64, 64, false, 0);
}
