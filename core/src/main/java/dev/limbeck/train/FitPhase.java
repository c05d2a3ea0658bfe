package dev.limbeck.train;

import org.jspecify.annotations.Nullable;

/**
 * Hold the place of a fit in a training of several.
 *
 * @param title what this fit trains, for people; null if the training is this fit alone
 * @param laterEpochs epochs of fits that follow in the same training
 */
public record FitPhase(@Nullable String title, int laterEpochs) {
    /** A training of one fit. */
    public static final FitPhase ONLY = new FitPhase(null, 0);
}
