package dev.limbeck.weights;

import dev.limbeck.LimbeckException;
import java.net.URI;

/**
 * Say what to fetch.
 *
 * @param address http or https
 * @param fileName the name in the cache folder, without any path
 * @param checksum of the whole file
 */
public record Download(URI address, String fileName, Checksum checksum) {
    public Download {
        String scheme = address.getScheme();
        if (!"http".equalsIgnoreCase(scheme) && !"https".equalsIgnoreCase(scheme)) {
            throw new LimbeckException("a download needs an address of http or https, found '" + address + "'");
        }
        if (!fileName.matches("[A-Za-z0-9_][A-Za-z0-9_.+-]*")) {
            throw new LimbeckException(
                    "a download needs a plain file name of letters, digits and . _ + -, found '" + fileName + "'");
        }
    }
}
