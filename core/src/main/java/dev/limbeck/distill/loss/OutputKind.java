package dev.limbeck.distill.loss;

/** Kind of information in a teacher's outputs, from least to most. */
public enum OutputKind {
    /** Probabilities of the top classes; the rest is spread evenly over the others. */
    TOP_CLASSES,
    /** Probabilities of all classes, which determine logits up to a constant per row. */
    PROBABILITIES,
    /** Logits. */
    LOGITS;

    /** Return whether this is sufficient for a loss. */
    public boolean suffices(OutputKind needed) {
        return compareTo(needed) >= 0;
    }

    /** Return the lesser of both kinds. */
    public OutputKind and(OutputKind other) {
        return suffices(other) ? other : this;
    }
}
