package dev.limbeck.train;

/** End a fit in the middle of an epoch, before validation. */
final class StopTraining extends RuntimeException {
    private static final long serialVersionUID = 1L;

    StopTraining() {
        super("the dry run is complete", null, false, false);
    }
}
