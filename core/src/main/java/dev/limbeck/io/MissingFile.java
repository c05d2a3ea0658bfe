package dev.limbeck.io;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Report a missing file or folder, and suggest a similar name. */
public final class MissingFile {
    /** Folders with more files are not searched for typos. */
    private static final int MOST_READ = 10_000;

    /** Description of a path that is neither a file nor a folder. */
    public static final String SPECIAL = "a pipe, a socket or a device";

    private MissingFile() {}

    /** Return whether a path is neither a file nor a folder. Opening it could block, and replacing it could do harm. */
    public static boolean isSpecial(Path path) {
        return Files.exists(path) && !Files.isRegularFile(path) && !Files.isDirectory(path);
    }

    /** Create the exception {@code no model at runs/techer; did you mean runs/teacher?} */
    public static LimbeckException of(String kind, Path path) {
        return of(kind, path, "");
    }

    /**
     * Create the same exception with an expectation, used if there is no similar name.
     *
     * @param expected text such as {@code expected a run directory}; empty for none
     */
    public static LimbeckException of(String kind, Path path, String expected) {
        if (isSpecial(path)) return new LimbeckException(path + " is " + SPECIAL + "; expected a " + kind);
        return new LimbeckException("no " + kind + " at " + path + advice(path, expected));
    }

    private static String advice(Path path, String expected) {
        String near = meant(path);
        if (!near.isEmpty()) return near;
        return expected.isEmpty() ? "" : "; " + expected;
    }

    /** Return {@code ; did you mean runs/teacher?}, or an empty text if no neighbor has a similar name. */
    public static String meant(Path path) {
        Path missing = path;
        // The typo may be in a parent folder.
        for (Path parent = parent(path); !Files.isDirectory(parent); parent = parent(parent)) {
            if (parent.equals(missing)) return ""; // a drive that does not exist
            missing = parent;
        }
        Path name = missing.getFileName();
        if (name == null || Files.exists(missing)) return "";
        List<String> near = near(parent(missing), name.toString());
        if (near.isEmpty()) return "";
        Path sibling = missing.resolveSibling(near.get(0));
        try {
            Path whole = missing.equals(path) ? sibling : sibling.resolve(missing.relativize(path));
            return "; did you mean " + (Files.exists(whole) ? whole : sibling) + "?";
        } catch (IllegalArgumentException e) {
            return "; did you mean " + sibling + "?"; // the rest of the path is only for convenience
        }
    }

    /** Return the names in a folder that differ by few typos or a missing ending. */
    private static List<String> near(Path folder, String name) {
        try (Stream<Path> files = Files.list(folder)) {
            List<String> names = files.limit(MOST_READ)
                    .map(file -> file.getFileName().toString())
                    .filter(other -> Names.isNear(name, other))
                    .toList();
            return Names.nearest(name, names, 1);
        } catch (IOException | UncheckedIOException e) {
            return List.of(); // an unreadable folder suggests nothing
        }
    }

    private static Path parent(Path path) {
        Path parent = path.getParent();
        if (parent != null) return parent;
        return path.isAbsolute()
                ? path.getRoot()
                : Path.of(".").toAbsolutePath().normalize();
    }
}
