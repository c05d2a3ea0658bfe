package dev.limbeck.fuzz;

import java.nio.file.Path;

/**
 * Name one reader, and how its files are changed.
 *
 * @param name of its folder of seeds
 * @param fileName of the file that is read, where a reader looks at names
 * @param mutator that knows the format
 * @param free how many bytes of Java's memory any file may take, however short, in all
 * @param perByte how many bytes of Java's memory a byte of the file may honestly take, in all
 * @param reader that is tried
 */
public record Target(String name, String fileName, Mutator mutator, long free, long perByte, Reader reader) {
    private static final long FREE = 64L << 20;

    /** Read a file as the program does. */
    public interface Reader {
        /**
         * Read.
         *
         * @param file in a folder of its own, where more may be written; what is left there is a finding unless it is below {@code out}
         * @return how many bytes the result honestly takes beyond what the file's length accounts for, such as an image's pixels
         * @throws Exception any but a LimbeckException is a finding
         */
        long read(Path file) throws Exception;
    }

    /** Set up a target whose work is in proportion to its file. */
    public static Target of(String name, Mutator mutator, Reader reader) {
        return new Target(name, "input", mutator, FREE, 200, reader);
    }

    /** Return the same under another name of the file. */
    public Target called(String otherName) {
        return new Target(name, otherName, mutator, free, perByte, reader);
    }

    /** Return the same with another allowance of memory. */
    public Target allowing(long bytesPerByte) {
        return new Target(name, fileName, mutator, free, bytesPerByte, reader);
    }

    /** Return the same, whose reader may take so much for any file. */
    public Target free(long bytes) {
        return new Target(name, fileName, mutator, bytes, perByte, reader);
    }
}
