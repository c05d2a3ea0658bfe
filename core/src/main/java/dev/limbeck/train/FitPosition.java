package dev.limbeck.train;

import dev.limbeck.tensor.Precision;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Hold the position of a training at the end of an epoch, as a checkpoint stores it.
 *
 * @param fit index of the call of fit, from 1
 * @param epochs requested epochs of this call
 * @param optimizerSteps optimizer steps so far
 * @param stopped reason for an early stop, or null
 * @param precision precision of the training
 * @param history rows of each call of fit, the current one last
 */
record FitPosition(
        int fit,
        int epochs,
        int optimizerSteps,
        double rate,
        double momentum,
        @Nullable String stopped,
        Precision precision,
        List<List<EpochRecord>> history) {}
