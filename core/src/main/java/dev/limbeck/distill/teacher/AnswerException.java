package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import org.jspecify.annotations.Nullable;

/** Report that a model gave no answer, or one that cannot be used, where trying other inputs cannot help. */
public final class AnswerException extends LimbeckException {
    private static final long serialVersionUID = 1L;

    public AnswerException(String message) {
        super(message);
    }

    public AnswerException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
