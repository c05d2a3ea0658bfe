package dev.limbeck.io;

import dev.limbeck.LimbeckException;
import java.net.URI;

/**
 * Describe a download.
 *
 * @param address http or https URL
 * @param fileName file name in the cache folder, without a path
 * @param checksum checksum of the whole file
 * @param mostBytes maximum number of received bytes, in case a server never stops
 */
public record Download(URI address, String fileName, Checksum checksum, long mostBytes) {
    /** All built-in data sets and weights are smaller; the largest has 0.8 GB. */
    private static final long DEFAULT_MOST = 2L << 30;

    /** Create a download of at most 2 GiB. */
    public Download(URI address, String fileName, Checksum checksum) {
        this(address, fileName, checksum, DEFAULT_MOST);
    }

    public Download {
        String scheme = address.getScheme();
        if (!"http".equalsIgnoreCase(scheme) && !"https".equalsIgnoreCase(scheme)) {
            throw new LimbeckException("a download needs an http or https address, found '" + address + "'");
        }
        if (!fileName.matches("[A-Za-z0-9_][A-Za-z0-9_.+-]*")) {
            throw new LimbeckException(
                    "a download needs a plain file name of letters, digits and . _ + -, found '" + fileName + "'");
        }
    }
}
