package dev.limbeck.io;

import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;

/** Create one-line errors about files, with the file's name. */
public final class IoErrors {
    /** The paths of archive entries may have thousands of characters. */
    private static final int LONGEST_SHOWN = 400;

    private IoErrors() {}

    /** Create the exception {@code file: what}. */
    public static LimbeckException in(Path file, String what) {
        return new LimbeckException(file + ": " + what);
    }

    /** Create the exception for a file that is truncated or unreadable. */
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

    /** Create the exception for a file that could not be written, with a clear text for a full disk. */
    public static LimbeckException writing(Path path, IOException cause) {
        String file = path.toString();
        if (file.length() > LONGEST_SHOWN) file = file.substring(0, LONGEST_SHOWN) + "…";
        // The message of a file system's exception repeats the path.
        String own = cause instanceof FileSystemException system ? system.getReason() : null;
        String reason = own != null ? own : String.valueOf(cause.getMessage());
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
     * Reject a Git LFS pointer, the few lines of text in place of a file.
     *
     * @throws LimbeckException if it is a pointer or unreadable
     */
    public static void requireFetched(Path file) {
        if (Files.isRegularFile(file) && FileKind.of(file) == FileKind.LFS_POINTER) {
            throw in(file, "is " + FileKind.LFS_POINTER.archive());
        }
    }

    /** Reject anything but an existing regular file before it is opened: a pipe would block. */
    public static void requireFile(Path file) {
        if (Files.isDirectory(file)) throw in(file, "is a folder; expected a file");
        if (MissingFile.isSpecial(file)) throw in(file, "is " + MissingFile.SPECIAL + "; expected a file");
        if (!Files.exists(file)) throw in(file, "no such file" + MissingFile.meant(file));
    }

    /** Return text from a file as one short, printable line. */
    public static String printable(String text) {
        return Printable.quote(text);
    }
}
