package dev.limbeck.fuzz;

import java.util.SplittableRandom;

/** Decide what a mutator does: a seeded generator decides, or the bytes that a fuzzer guides. */
public interface Choices {
    /** Return a number from 0 to below a bound, which is at least 1. */
    int below(int bound);

    /** Return true once in this many times on average. */
    default boolean oneIn(int times) {
        return below(times) == 0;
    }

    /** Return one of some values. */
    default long among(long... values) {
        return values[below(values.length)];
    }

    /** Return one of some texts. */
    default String among(String... values) {
        return values[below(values.length)];
    }

    /** Decide by a seed: the same seed decides the same. */
    static Choices seeded(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return random::nextInt;
    }

    /** Decide by bytes, a byte for a bound up to 256 and four above; always 0 behind their end. */
    static Choices by(byte[] bytes) {
        return new Choices() {
            private int at;

            @Override
            public int below(int bound) {
                int value = 0;
                for (int i = bound <= 256 ? 1 : 4; i > 0; i--) {
                    value = value << 8 | (at < bytes.length ? bytes[at++] & 0xff : 0);
                }
                return Integer.remainderUnsigned(value, bound);
            }
        };
    }
}
