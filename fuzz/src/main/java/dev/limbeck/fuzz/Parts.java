package dev.limbeck.fuzz;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Mutate a file of parts, such as chunks or entries: parts are dropped, repeated, moved or changed. Lengths and
 * checksums are recomputed, so that a reader accepts them.
 *
 * @param <P> a part
 */
abstract class Parts<P> implements Mutator {
    private static final int MOST_CHANGES = 3;
    private static final int MOST_COPIES = 40;
    private static final Bytes PLAIN = new Bytes();

    /** Split a file; throw any exception if it has another format. */
    abstract List<P> split(byte[] file) throws IOException;

    abstract byte[] join(List<P> parts, Choices choices) throws IOException;

    abstract P change(P part, Choices choices);

    @Override
    public final byte[] mutate(byte[] file, Choices choices) {
        try {
            List<P> parts = new ArrayList<>(split(file));
            for (int i = 1 + choices.below(MOST_CHANGES); i > 0 && !parts.isEmpty(); i--) once(parts, choices);
            byte[] joined = join(parts, choices);
            return joined.length > LONGEST ? file : joined;
        } catch (IOException | RuntimeException e) {
            // A file that was mutated several times may no longer have the format.
            return PLAIN.mutate(file, choices);
        }
    }

    /** Return a range of a file's bytes; throw if it is out of bounds. */
    static byte[] slice(byte[] file, long from, long length) {
        if (from < 0 || length < 0 || from + length > file.length) throw new IllegalArgumentException("beyond the end");
        return Arrays.copyOfRange(file, (int) from, (int) (from + length));
    }

    private void once(List<P> parts, Choices choices) {
        int at = choices.below(parts.size());
        switch (choices.below(8)) {
            case 0 -> parts.remove(at);
            case 1 -> parts.add(choices.below(parts.size() + 1), parts.get(at));
            case 2 -> parts.add(choices.below(parts.size()), parts.remove(at));
            case 3 -> {
                P part = parts.get(at);
                if (!choices.oneIn(8)) parts.set(at, change(part, choices));
                else for (int i = choices.below(MOST_COPIES); i > 0; i--) parts.add(at, part);
            }
            default -> parts.set(at, change(parts.get(at), choices));
        }
    }
}
