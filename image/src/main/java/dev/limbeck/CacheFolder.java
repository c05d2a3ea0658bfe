package dev.limbeck;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;

/**
 * Find the folder for files kept between runs: below the user's home, or in the temporary folder if there is no
 * writable home, as in a container whose user has no passwd entry. Files are never kept relative to the working
 * directory.
 */
public final class CacheFolder {
    private static final String VARIABLE = "LIMBECK_HOME";
    private static final String PRIVATE = "rwx------";

    private CacheFolder() {}

    /**
     * Return the folder for data sets and weights: the environment variable {@code LIMBECK_HOME}, else {@code
     * ~/.cache/limbeck}.
     */
    public static Path find() {
        String named = System.getenv(VARIABLE);
        if (named != null && !named.isBlank()) return Path.of(named);
        return home().map(home -> home.resolve(".cache").resolve("limbeck")).orElseGet(CacheFolder::temporary);
    }

    /** Return the user's writable home, if any: from Java, or from the environment variable {@code HOME}. */
    public static Optional<Path> home() {
        String named = System.getenv("HOME");
        return javaHome().or(() -> usable(named == null ? "" : named));
    }

    /** Return the home known to Java, and so to the libraries, if it is writable. */
    public static Optional<Path> javaHome() {
        return usable(System.getProperty("user.home", ""));
    }

    static Optional<Path> usable(String home) {
        // Java reports ? if the system knows no home. A relative path would depend on the working directory.
        if (home.isBlank() || home.equals("?")) return Optional.empty();
        Path path = Path.of(home);
        if (!path.isAbsolute() || !Files.isDirectory(path) || !Files.isWritable(path)) return Optional.empty();
        try {
            // A world-writable folder such as /tmp is not a home: others could put native libraries there.
            return isOthers(path) ? Optional.empty() : Optional.of(path);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Return this user's folder below the temporary one, the same in every process. It is created if missing. */
    public static Path temporary() {
        return temporary(Path.of(System.getProperty("java.io.tmpdir")));
    }

    static synchronized Path temporary(Path parent) {
        try {
            Path fresh = Files.createTempDirectory(parent, "limbeck-");
            boolean isUsed = false;
            try {
                Path mine = parent.resolve("limbeck-" + owner(fresh).replaceAll("[^A-Za-z0-9_.-]", "_"));
                isUsed = !isMine(mine, fresh);
                return isUsed ? fresh : mine;
            } finally {
                if (!isUsed) Files.delete(fresh);
            }
        } catch (IOException | UnsupportedOperationException e) {
            throw new LimbeckException(
                    "there is neither a home folder nor a temporary one that may be written (" + parent
                            + "); set LIMBECK_HOME and -Djava.io.tmpdir",
                    e);
        }
    }

    /** Create a folder if it is missing; return false if another user owns it or may write to it. */
    private static boolean isMine(Path mine, Path fresh) throws IOException {
        try {
            Files.createDirectory(mine, permissions(fresh));
            return true;
        } catch (FileAlreadyExistsException e) {
            // Native libraries are loaded from it, so a folder that others may write to is not used.
            return isPrivate(mine, owner(fresh));
        }
    }

    private static boolean isPrivate(Path folder, String owner) throws IOException {
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
                || !owner(folder).equals(owner)) return false;
        return !isPosix(folder)
                || !isOthers(folder)
                        && !Files.getPosixFilePermissions(folder, LinkOption.NOFOLLOW_LINKS)
                                .contains(PosixFilePermission.GROUP_WRITE);
    }

    private static boolean isOthers(Path folder) throws IOException {
        return isPosix(folder) && Files.getPosixFilePermissions(folder).contains(PosixFilePermission.OTHERS_WRITE);
    }

    private static String owner(Path path) throws IOException {
        return path.getFileSystem().supportedFileAttributeViews().contains("unix")
                ? String.valueOf(Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS))
                : Files.getOwner(path, LinkOption.NOFOLLOW_LINKS).getName();
    }

    private static boolean isPosix(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("posix");
    }

    private static FileAttribute<?>[] permissions(Path parent) {
        return isPosix(parent)
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(PRIVATE))
                }
                : new FileAttribute<?>[0];
    }
}
