package dev.limbeck.data;

import java.util.Locale;

/** Name the parts of a data set: what is learned from, what choices are made on, and what is reported. */
public enum Split {
    TRAIN,
    VALID,
    TEST;

    /** Return the name in lower case, such as {@code train}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
