package dev.limbeck.train;

import dev.limbeck.LimbeckException;

/** Report that the training loss is not finite. A sweep catches this to drop the settings. */
public final class TrainingDiverged extends LimbeckException {
    private static final long serialVersionUID = 1L;

    /** Report it again with the message of an earlier run. */
    public TrainingDiverged(String message) {
        super(message);
    }

    static TrainingDiverged at(String what) {
        return new TrainingDiverged(what + "; lower the learning rate, or check the inputs");
    }
}
