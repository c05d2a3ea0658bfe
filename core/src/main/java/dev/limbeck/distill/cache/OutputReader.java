package dev.limbeck.distill.cache;

import java.nio.file.Path;

/**
 * Read cached outputs from files of one format, see {@link ParquetForm}. Register an implementation in {@code
 * META-INF/services/dev.limbeck.distill.cache.OutputReader}, in any jar.
 */
public interface OutputReader {
    /** Take the rows of a file, one by one. */
    @FunctionalInterface
    interface Sink {
        /**
         * Take a row.
         *
         * @param key 16 bytes
         * @param sum as it is in the file
         */
        void row(byte[] key, byte[] output, int sum);
    }

    /** Return the ending of its files without the dot, in lower case, such as {@code parquet}. */
    String ending();

    /**
     * Read the rows of a file in their order, without holding all.
     *
     * @throws dev.limbeck.LimbeckException with a one-line message, if it cannot be read
     */
    void read(Path file, Sink rows);
}
