package dev.limbeck.train;

import dev.limbeck.LimbeckException;

/** Report a training whose loss is not finite any more, so that whoever tries many settings can drop this one. */
public final class TrainingDiverged extends LimbeckException {
    private static final long serialVersionUID = 1L;

    TrainingDiverged(String what) {
        super(what + "; lower the learning rate, or look at the inputs");
    }
}
