package dev.limbeck.fuzz;

import java.util.SplittableRandom;

/** Provide a mutator's choices, from a seeded generator or from a fuzzer's bytes. */
public interface Choices {
    /** Return a number from 0 (inclusive) to a bound (exclusive), which is at least 1. */
    int below(int bound);

    /** Return true with a probability of 1 / {@code times}. */
    default boolean oneIn(int times) {
        return below(times) == 0;
    }

    /** Return one of several values. */
    default long among(long... values) {
        return values[below(values.length)];
    }

    /** Return one of several texts. */
    default String among(String... values) {
        return values[below(values.length)];
    }

    /** Choose by a seed; the same seed gives the same choices. */
    static Choices seeded(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return random::nextInt;
    }

    /** Choose by bytes: one byte for a bound up to 256, four for larger ones; always 0 after their end. */
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
