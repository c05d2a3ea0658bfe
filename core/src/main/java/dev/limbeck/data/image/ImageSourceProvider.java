package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;

/**
 * Register images under a name for {@code --data} and recipes. Name the class in {@code
 * META-INF/services/dev.limbeck.data.image.ImageSourceProvider}.
 */
public interface ImageSourceProvider {
    /** Return the name: letters, digits and single dashes. It takes precedence over a folder of that name. */
    String name();

    /** Return one line that describes the data set. */
    String summary();

    /**
     * Open the images.
     *
     * @param files downloads and unpacks missing files
     * @throws LimbeckException with a one-line message, if that fails
     */
    ImageSource open(DatasetFiles files);

    /**
     * Open the images for {@code name:arguments}.
     *
     * @param arguments text after the colon
     * @throws LimbeckException if the arguments are invalid
     */
    default ImageSource open(String arguments, DatasetFiles files) {
        throw new LimbeckException(
                "the data set " + name() + " has no arguments, found '" + arguments + "'; leave it out");
    }
}
