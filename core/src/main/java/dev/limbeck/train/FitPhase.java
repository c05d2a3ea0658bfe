package dev.limbeck.train;

import org.jspecify.annotations.Nullable;

/**
 * Hold the place of a fit in a training of several.
 *
 * @param title what this fit trains, for people; null if the training is this fit alone
 * @param earlierEpochs epochs planned for the fits before it in the same training
 * @param laterEpochs epochs planned for the fits after it
 * @param isSameNetwork whether the fit before it has trained the same network
 */
public record FitPhase(@Nullable String title, int earlierEpochs, int laterEpochs, boolean isSameNetwork) {
    /** A training of one fit. */
    public static final FitPhase ONLY = new FitPhase(null, 0, 0, false);
}
