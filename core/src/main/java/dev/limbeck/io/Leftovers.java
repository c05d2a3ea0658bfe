package dev.limbeck.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;

/**
 * Remove temporary files that killed programs left. A program holds a lock on each that it writes, which ends with the program,
 * so that several may write to one folder.
 */
public final class Leftovers {
    /** A name, hidden, with a random number behind it. */
    private static final Pattern TEMPORARY = Pattern.compile("\\..*[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\.tmp");

    private Leftovers() {}

    /** Make a temporary file and lock it; closing the channel ends the lock. */
    public static FileChannel claim(Path temporary) throws IOException {
        while (true) {
            FileChannel channel = FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            try {
                channel.lock();
            } catch (IOException e) {
                return channel; // A disk without locks: nobody can clear it either.
            }
            if (Files.exists(temporary)) return channel;
            // Cleared between making and locking.
            channel.close();
        }
    }

    /** Delete the temporary files in a folder that no program writes; what cannot be deleted stays. */
    public static void clear(Path folder) {
        if (!Files.isDirectory(folder)) return;
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(Leftovers::isTemporary).toList()) clearOne(file);
        } catch (IOException e) {
            // Whoever reads or writes the folder next says what is wrong with it.
        }
    }

    /**
     * Delete what killed programs have left beside a place in the course of writing it whole: {@code .name.UUID.tmp}. Only
     * whoever has its {@link FolderLock} may, so nobody is at work on them.
     */
    public static void clearBeside(Path target) {
        for (Path left : hidden(target, ".tmp")) FileUtils.deleteQuietly(left.toFile());
    }

    /** Return what is beside a place under its name with a UUID and an ending. */
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
            return List.of(); // what cannot be listed cannot be cleared
        }
    }

    /** Delete a folder that was made for nothing; one with something in it stays. */
    public static void deleteEmpty(Path folder) {
        try {
            Files.deleteIfExists(folder);
        } catch (IOException e) {
            // Something is in it.
        }
    }

    private static boolean isTemporary(Path file) {
        return TEMPORARY.matcher(file.getFileName().toString()).matches() && Files.isRegularFile(file);
    }

    private static void clearOne(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            if (channel.tryLock() != null) Files.deleteIfExists(file);
        } catch (OverlappingFileLockException | NoSuchFileException e) {
            // Another thread writes it, or its writer has just moved it.
        }
    }
}
