package dev.limbeck.fuzz;

import java.nio.file.Path;

/**
 * Define a reader to fuzz, and how its files are mutated.
 *
 * @param name of its folder of seeds
 * @param fileName of the file that is read, for readers that depend on names
 * @param mutator that knows the format
 * @param free total bytes of Java memory that any file may take, however short
 * @param perByte total bytes of Java memory that each byte of the file may reasonably take
 * @param reader to fuzz
 */
public record Target(String name, String fileName, Mutator mutator, long free, long perByte, Reader reader) {
    private static final long FREE = 64L << 20;

    /** Read a file as Limbeck does. */
    public interface Reader {
        /**
         * Read.
         *
         * @param file in its own folder, where the reader may write; files left there are a finding unless they are
         *     below {@code out}
         * @return bytes that the result reasonably takes in addition to those for the file's length, such as an image's
         *     pixels
         * @throws Exception any other than a LimbeckException is a finding
         */
        long read(Path file) throws Exception;
    }

    /** Create a target whose memory is proportional to the length of its file. */
    public static Target of(String name, Mutator mutator, Reader reader) {
        return new Target(name, "input", mutator, FREE, 200, reader);
    }

    /** Return the same target with another file name. */
    public Target called(String otherName) {
        return new Target(name, otherName, mutator, free, perByte, reader);
    }

    /** Return the same target with another memory limit per byte. */
    public Target allowing(long bytesPerByte) {
        return new Target(name, fileName, mutator, free, bytesPerByte, reader);
    }

    /** Return the same target with another memory limit for any file. */
    public Target free(long bytes) {
        return new Target(name, fileName, mutator, bytes, perByte, reader);
    }
}
