package dev.limbeck.cli;

import dev.limbeck.LimbeckException;
import java.util.function.Supplier;

/** Report options that are wrong whatever the data and the models are: the exit code is that of wrong usage. */
final class WrongOption extends LimbeckException {
    private static final long serialVersionUID = 1L;

    WrongOption(String message) {
        super(message);
    }

    private WrongOption(LimbeckException failure) {
        super(String.valueOf(failure.getMessage()), failure);
    }

    /** Use values of options; a failure is the options'. */
    static <T> T in(Supplier<T> use) {
        try {
            return use.get();
        } catch (LimbeckException e) {
            throw new WrongOption(e);
        }
    }
}
