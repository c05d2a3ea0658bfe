package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;

/**
 * Offer images under a name that {@code --data} and recipes take. Name the class in
 * {@code META-INF/services/dev.limbeck.data.image.ImageSourceProvider}.
 */
public interface ImageSourceProvider {
    /** Return the name: letters and digits with dashes between. It comes before a folder of that name. */
    String name();

    /** Return one line for a list. */
    String summary();

    /**
     * Open the images.
     *
     * @param files fetches and unpacks what is not there yet
     * @throws LimbeckException in one line, if that fails
     */
    ImageSource open(DatasetFiles files);

    /**
     * Open the images that a user asked for by {@code name:arguments}.
     *
     * @param arguments what follows the colon
     * @throws LimbeckException if it says nothing that is known
     */
    default ImageSource open(String arguments, DatasetFiles files) {
        throw new LimbeckException(
                "the data set " + name() + " takes nothing behind its name, found '" + arguments + "'; leave it out");
    }
}
