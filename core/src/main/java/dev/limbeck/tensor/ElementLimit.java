package dev.limbeck.tensor;

import dev.limbeck.LimbeckException;
import java.util.function.Supplier;

/**
 * Refuse to create a network with more numbers than its file has. The sizes of a network may come from a file's text, where a few bytes
 * can ask for more memory than there is.
 */
public final class ElementLimit {
    /** What any network may have beyond its file: a classifier of another size, which is made before its size is known. */
    private static final long FREE = 1 << 24;

    private static final long FREE_TENSORS = 500;

    private static final ThreadLocal<long[]> LEFT = new ThreadLocal<>();

    private ElementLimit() {}

    /**
     * Create something within a limit on its tensors and their numbers, counted where {@link Tensors} creates zeros.
     *
     * @param tensors that the file has; 500 more are allowed
     * @param elements numbers that the file has; 16 million more are allowed
     * @throws LimbeckException as soon as the limit is exceeded, before the memory is requested
     */
    public static <T> T within(long tensors, long elements, Supplier<T> made) {
        LEFT.set(new long[] {elements + FREE, tensors + FREE_TENSORS});
        try {
            return made.get();
        } finally {
            LEFT.remove();
        }
    }

    /** Count the elements of a shape. */
    static void count(long... shape) {
        long[] left = LEFT.get();
        if (left == null) return;
        double elements = 1;
        for (long size : shape) elements *= size;
        if (elements > left[0] || left[1] == 0) {
            throw new LimbeckException(
                    "its sizes need many more numbers than it has; expected a file with all weights of the network");
        }
        left[0] -= (long) elements;
        left[1]--;
    }
}
