package dev.limbeck.fuzz;

/** Mutate a file so that a reader still recognizes its format. */
public interface Mutator {
    /** Maximum length; a file that would exceed it is not changed. */
    int LONGEST = 1 << 18;

    /**
     * Return a changed copy of a file.
     *
     * @param file any bytes; a file of another format is changed byte by byte
     */
    byte[] mutate(byte[] file, Choices choices);
}
