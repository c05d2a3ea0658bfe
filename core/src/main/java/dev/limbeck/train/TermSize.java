package dev.limbeck.train;

/**
 * Measure how large a term of a loss is.
 *
 * @param weight that it has in the total
 */
public record TermSize(String name, double value, double weight) {
    /** Return what it adds to the total. */
    public double weighted() {
        return weight * value;
    }
}
