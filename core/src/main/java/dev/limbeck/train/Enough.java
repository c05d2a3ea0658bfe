package dev.limbeck.train;

/** Ends a fit in the middle of an epoch, before anything is validated. */
final class Enough extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Enough() {
        super("everything that was to be seen has been seen", null, false, false);
    }
}
