package dev.limbeck.data;

/**
 * Draw pseudo-random numbers that depend only on a seed and a path of numbers (epoch, row), not on threads or call
 * order. The generator is SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
 * It is implemented here to give the same values on every JDK.
 */
public final class Draws {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private long state;

    private Draws(long state) {
        this.state = state;
    }

    /** Create the generator for a seed and a path. */
    public static Draws of(long seed, long... path) {
        long state = mix(seed + GOLDEN);
        for (long step : path) state = mix(state * 31 + GOLDEN + mix(step + GOLDEN));
        return new Draws(state);
    }

    public long nextLong() {
        state += GOLDEN;
        return mix(state);
    }

    /** Draw an integer from 0 to {@code bound − 1}. */
    public int nextInt(int bound) {
        if (bound < 1) throw new IllegalArgumentException("bound must be at least 1, found " + bound);
        return (int) (((nextLong() >>> 32) * bound) >>> 32);
    }

    /** Draw a number from [0, 1). */
    public double nextDouble() {
        return (nextLong() >>> 11) * 0x1.0p-53;
    }

    /** Draw a number from [low, high). */
    public double between(double low, double high) {
        return low + (high - low) * nextDouble();
    }

    public boolean nextBoolean() {
        return nextLong() < 0;
    }

    /** Shuffle the values uniformly. */
    public void shuffle(int[] values) {
        for (int i = values.length - 1; i > 0; i--) {
            int j = nextInt(i + 1);
            int swapped = values[i];
            values[i] = values[j];
            values[j] = swapped;
        }
    }

    private static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
