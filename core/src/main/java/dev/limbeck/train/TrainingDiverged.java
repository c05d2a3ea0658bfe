package dev.limbeck.train;

import dev.limbeck.LimbeckException;

/** Report that the training loss is not finite. A sweep catches this to drop the settings. */
public final class TrainingDiverged extends LimbeckException {
    private static final long serialVersionUID = 1L;

    TrainingDiverged(String what) {
        super(what + "; lower the learning rate, or check the inputs");
    }
}
