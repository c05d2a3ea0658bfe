package dev.limbeck.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;

/**
 * Remove temporary files of killed processes. A process locks each temporary file that it writes, so several may write
 * to one folder.
 */
public final class Leftovers {
    /** A hidden name with a random suffix. */
    private static final Pattern TEMPORARY = Pattern.compile("\\..*[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\.tmp");

    /**
     * Files that this process writes, by name, which no other has. System locks do not exclude other threads, and closing a second channel
     * of a file would release its lock, so these files are never opened again.
     */
    private static final Map<String, FileChannel> CLAIMED = new HashMap<>();

    private Leftovers() {}

    /** Create and lock a temporary file. Closing the channel releases the lock. */
    public static FileChannel claim(Path temporary) throws IOException {
        while (true) {
            synchronized (CLAIMED) {
                FileChannel channel =
                        FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                CLAIMED.values().removeIf(other -> !other.isOpen());
                CLAIMED.put(temporary.getFileName().toString(), channel);
                try {
                    channel.lock();
                } catch (IOException e) {
                    return channel; // A file system without locks: no one can clear it either.
                }
                if (Files.exists(temporary)) return channel;
                // Cleared between creation and locking.
                channel.close();
            }
        }
    }

    /** Delete the temporary files in a folder that no process is writing. Files that cannot be deleted stay. */
    public static void clear(Path folder) {
        if (!Files.isDirectory(folder)) return;
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(Leftovers::isTemporary).toList()) clearOne(file);
        } catch (IOException e) {
            // The next access to the folder reports the error.
        }
    }

    /**
     * Delete temporary files of killed processes beside a place: {@code .name.UUID.tmp}. Only the holder of its {@link
     * FolderLock} may do this, so no one is writing them.
     */
    public static void clearBeside(Path target) {
        for (Path left : hidden(target, ".tmp")) FileUtils.deleteQuietly(left.toFile());
    }

    /** Return the hidden files beside a place, named with a UUID and an ending. */
    public static List<Path> hidden(Path target, String ending) {
        Path whole = target.toAbsolutePath().normalize();
        Pattern name = Pattern.compile("\\." + Pattern.quote(String.valueOf(whole.getFileName())) + "\\.[0-9a-f-]{36}"
                + Pattern.quote(ending));
        try (Stream<Path> beside = Files.list(whole.getParent())) {
            return beside.filter(
                            path -> name.matcher(path.getFileName().toString()).matches())
                    .sorted()
                    .toList();
        } catch (IOException | UncheckedIOException e) {
            return List.of(); // what cannot be listed cannot be deleted
        }
    }

    /** Delete a folder if it is empty. */
    public static void deleteEmpty(Path folder) {
        try {
            Files.deleteIfExists(folder);
        } catch (IOException e) {
            // It is not empty.
        }
    }

    private static boolean isTemporary(Path file) {
        return TEMPORARY.matcher(file.getFileName().toString()).matches() && Files.isRegularFile(file);
    }

    private static void clearOne(Path file) throws IOException {
        synchronized (CLAIMED) {
            FileChannel ours = CLAIMED.get(file.getFileName().toString());
            if (ours != null && ours.isOpen()) return;
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                if (channel.tryLock() != null) Files.deleteIfExists(file);
            } catch (OverlappingFileLockException | NoSuchFileException e) {
                // Another thread is just closing it, or has just moved it.
            }
        }
    }
}
