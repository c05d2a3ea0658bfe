package dev.limbeck.data.image;

import dev.limbeck.data.Split;
import dev.limbeck.image.RgbImage;
import java.util.List;

/**
 * List images with their labels and load one at a time. Methods may be called from several threads at once. Write your
 * own to read images from elsewhere.
 */
public interface ImageSource {
    /** Return the class names in label order; empty if no image has a label. */
    List<String> classNames();

    /** Return the number of images over all splits. */
    int size();

    /** Return the class of an image, −1 if it has no label. */
    int label(int index);

    /** Return a name for messages and labeling; for files the path under the folder, with slashes. */
    String name(int index);

    /** Return the split an image was put into by whoever made the data. */
    default Split split(int index) {
        return Split.TRAIN;
    }

    /**
     * Load an image in its own size.
     *
     * @throws dev.limbeck.LimbeckException if it cannot be read; the message names it
     */
    RgbImage load(int index);

    /** Return a number, cheap to find, that changes when the image does: a checksum, or a file's size. */
    long signature(int index);

    /** Return whether loading can fail, so that all images are loaded once before training begins. */
    default boolean mayFail() {
        return true;
    }

    /** Return whether the pixels lie in memory as they are, so that keeping them a second time gains little. */
    default boolean inMemory() {
        return false;
    }

    /** Return the settings that suit these images. */
    default ImageDefaults defaults() {
        return ImageDefaults.PLAIN;
    }

    /** Return the files that were found and are not images of this source, each with the reason. */
    default List<SkippedFile> leftOut() {
        return List.of();
    }

    /** Return a line for everything about these images that whoever trains on them should know. */
    default List<String> warnings() {
        return List.of();
    }

    /**
     * Check that the labels are what whoever made the data meant.
     *
     * @throws dev.limbeck.LimbeckException if they may be something else; the message says what to do
     */
    default void checkLabels() {}

    /** Return where the images come from, such as {@code folder /data/pets}. */
    String origin();
}
