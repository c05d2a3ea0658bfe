package dev.limbeck.io;

import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;

/** Word what can be wrong with a file as one line that names it. */
public final class IoErrors {
    private IoErrors() {}

    /** Make the exception {@code file: what}. */
    public static LimbeckException in(Path file, String what) {
        return new LimbeckException(file + ": " + what);
    }

    /** Make the exception for a file that ends too early, or cannot be read. */
    public static LimbeckException reading(Path file, IOException cause) {
        if (cause instanceof EOFException) {
            return new LimbeckException(file + ": ends in the middle of its content; copy or download it again", cause);
        }
        if (cause instanceof AccessDeniedException) {
            return new LimbeckException(file + ": may not be read by this user", cause);
        }
        if (cause instanceof NoSuchFileException)
            return new LimbeckException(file + ": no such file" + MissingFile.meant(file), cause);
        return new LimbeckException(
                file + ": cannot be read (" + printable(String.valueOf(cause.getMessage())) + ")", cause);
    }

    /** Make the exception for a file that could not be written; a full disk is said in plain words. */
    public static LimbeckException writing(Path file, IOException cause) {
        String reason = String.valueOf(cause.getMessage());
        String lower = reason.toLowerCase(Locale.ROOT);
        if (lower.contains("no space left") || lower.contains("not enough space") || lower.contains("quota exceeded")) {
            return new LimbeckException(
                    "no space left on the disk for " + file + "; free some or choose another folder", cause);
        }
        if (cause instanceof AccessDeniedException) {
            return new LimbeckException("this user may not write " + file + "; choose another folder", cause);
        }
        return new LimbeckException(
                file + ": cannot be written (" + printable(reason) + "); choose another folder", cause);
    }

    /**
     * Refuse a Git LFS pointer, the few lines of text that stand for a file that was not fetched.
     *
     * @throws LimbeckException saying so, or that the file cannot be read
     */
    public static void requireFetched(Path file) {
        if (Files.isRegularFile(file) && FileKind.of(file) == FileKind.LFS_POINTER) {
            throw in(file, "is " + FileKind.LFS_POINTER.archive());
        }
    }

    /** Refuse what is not an existing regular file, before it is opened: a pipe would be waited for. */
    public static void requireFile(Path file) {
        if (Files.isDirectory(file)) throw in(file, "is a folder; expected a file");
        if (MissingFile.isSpecial(file)) throw in(file, "is " + MissingFile.SPECIAL + "; expected a file");
        if (!Files.exists(file)) throw in(file, "no such file" + MissingFile.meant(file));
    }

    /** Return text from a file so that it stays on one line and short. */
    public static String printable(String text) {
        return Printable.quote(text);
    }
}
