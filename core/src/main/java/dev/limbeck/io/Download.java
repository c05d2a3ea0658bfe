package dev.limbeck.io;

import dev.limbeck.LimbeckException;
import java.net.URI;

/**
 * Say what to fetch.
 *
 * @param address http or https
 * @param fileName the name in the cache folder, without any path
 * @param checksum of the whole file
 * @param mostBytes that are received before a server is given up, which may send without end
 */
public record Download(URI address, String fileName, Checksum checksum, long mostBytes) {
    /** The data sets and weights that are known by name are smaller; the largest is of 0.8 GB. */
    private static final long DEFAULT_MOST = 2L << 30;

    /** Allow 2 GiB. */
    public Download(URI address, String fileName, Checksum checksum) {
        this(address, fileName, checksum, DEFAULT_MOST);
    }

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
