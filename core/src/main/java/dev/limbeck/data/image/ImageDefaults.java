package dev.limbeck.data.image;

/**
 * Say which image size and augmentation suit a source when the user asks for none.
 *
 * @param flip whether a mirrored image is as good as the image
 * @param padAndCrop pixels of black border from which a crop of the original size is drawn; 0 for none
 */
public record ImageDefaults(int height, int width, boolean flip, int padAndCrop) {
    /** Suit photographs of any size: 64×64, as they are. */
    public static final ImageDefaults PLAIN = new ImageDefaults(64, 64, false, 0);
}
