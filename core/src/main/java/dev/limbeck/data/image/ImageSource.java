package dev.limbeck.data.image;

import dev.limbeck.Task;
import dev.limbeck.data.Split;
import dev.limbeck.image.RgbImage;
import java.util.List;

/**
 * List images with labels, and load one at a time. Methods must be thread-safe. Implement this interface to read other
 * data.
 */
public interface ImageSource {
    /** Return the class names in label order, or the names of the targets; empty if no image has a label. */
    List<String> classNames();

    /** Return what is to be predicted. The default is one class per image. */
    default Task task() {
        return new Task.SingleLabel(classNames());
    }

    /** Return the number of images over all splits. */
    int size();

    /** Return the class index of an image; −1 for no label. For other tasks, 0 for an image with {@link #values}. */
    int label(int index);

    /**
     * Return the numbers of an image, one per target, for tasks other than single-label classification: 0 or 1 for
     * labels, numbers in their own unit for regression, NaN where unknown.
     */
    default double[] values(int index) {
        throw new IllegalStateException(origin() + " has class labels, not numbers");
    }

    /** Return a name for messages and labels; for files, the path relative to the folder, with slashes. */
    String name(int index);

    /** Return the predefined split of an image. */
    default Split split(int index) {
        return Split.TRAIN;
    }

    /**
     * Load an image in its original size.
     *
     * @throws dev.limbeck.LimbeckException if it is unreadable; the message names it
     */
    RgbImage load(int index);

    /** Return a cheap number that changes with the image, such as a checksum or a file size. */
    long signature(int index);

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

    /** Return the source of the images, such as {@code folder /data/pets}. */
    String origin();
}
