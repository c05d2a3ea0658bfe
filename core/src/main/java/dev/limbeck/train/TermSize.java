package dev.limbeck.train;

/**
 * Hold the value and the weight of a loss term.
 *
 * @param weight weight in the total loss
 */
public record TermSize(String name, double value, double weight) {
    /** Return the contribution to the total loss. */
    public double weighted() {
        return weight * value;
    }
}
