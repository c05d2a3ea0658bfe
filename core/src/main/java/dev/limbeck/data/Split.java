package dev.limbeck.data;

import java.util.Locale;

/** Parts of a data set: for training, for validation and model selection, and for the final test. */
public enum Split {
    TRAIN,
    VALID,
    TEST;

    /** Return the name in lower case, such as {@code train}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
