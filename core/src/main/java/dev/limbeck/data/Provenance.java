package dev.limbeck.data;

import org.jspecify.annotations.Nullable;

/**
 * Hold the provenance of a batch's inputs. It allows alternate views of the same rows, and identifies cached outputs.
 *
 * @param split split that the batch's indices refer to
 * @param view index of the augmentation draw; {@link #PLAIN} for no augmentation
 * @param mixing how the rows are mixed with others; null if they are not
 */
public record Provenance(Split split, int view, @Nullable Mixing mixing) {
    /** The view without augmentation. */
    public static final int PLAIN = -1;

    /** Create the provenance of rows that are not mixed. */
    public Provenance(Split split, int view) {
        this(split, view, null);
    }
}
