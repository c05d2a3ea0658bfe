package dev.limbeck.fuzz;

/** Change a file so that a reader still takes it for one of its format. */
public interface Mutator {
    /** A file that grows beyond this is left as it was. */
    int LONGEST = 1 << 18;

    /**
     * Return a changed copy of a file.
     *
     * @param file any bytes; what is not of the format is changed byte by byte
     */
    byte[] mutate(byte[] file, Choices choices);
}
