package dev.limbeck.train;

/** Ends a fit in the middle of an epoch, before anything is validated. */
final class StopTraining extends RuntimeException {
    private static final long serialVersionUID = 1L;

    StopTraining() {
        super("everything that was to be seen has been seen", null, false, false);
    }
}
