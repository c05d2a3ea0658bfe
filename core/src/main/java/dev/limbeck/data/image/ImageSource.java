package dev.limbeck.data.image;

import dev.limbeck.data.RowSource;
import dev.limbeck.image.RgbImage;
import java.util.List;

/**
 * List images with labels, and load one at a time. Methods must be thread-safe. Implement this interface to read other
 * data.
 */
public interface ImageSource extends RowSource {
    @Override
    default String noun() {
        return "image";
    }

    /**
     * Load an image in its original size.
     *
     * @throws dev.limbeck.LimbeckException if it is unreadable; the message names it
     */
    RgbImage load(int index);

    /** Return whether loading may fail. If so, all images are loaded once before training. */
    default boolean mayFail() {
        return true;
    }

    /** Return whether the pixels are in memory already, so another cache is pointless. */
    default boolean inMemory() {
        return false;
    }

    /** Return the default settings for these images. */
    default ImageDefaults defaults() {
        return ImageDefaults.PLAIN;
    }

    /** Return the files that are not images of this source, with reasons. */
    default List<SkippedFile> leftOut() {
        return List.of();
    }

    /** Return a warning for everything that users should know about these images. */
    default List<String> warnings() {
        return List.of();
    }

    /**
     * Check that the labels are plausible.
     *
     * @throws dev.limbeck.LimbeckException if they may be wrong; the message says what to do
     */
    default void checkLabels() {}
}
