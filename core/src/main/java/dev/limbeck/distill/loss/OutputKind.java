package dev.limbeck.distill.loss;

/** Say how much a teacher tells of what it thinks, from least to most. */
public enum OutputKind {
    /** The probabilities of its likeliest classes; what is left is spread evenly over the others. */
    TOP_CLASSES,
    /** The probabilities of all classes; logits are known up to a number that each row adds to all of its own. */
    PROBABILITIES,
    /** Logits. */
    LOGITS;

    /** Return whether this is enough for what a loss needs. */
    public boolean suffices(OutputKind needed) {
        return compareTo(needed) >= 0;
    }

    /** Return what is left where both are needed. */
    public OutputKind and(OutputKind other) {
        return suffices(other) ? other : this;
    }
}
