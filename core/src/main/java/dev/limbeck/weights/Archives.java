package dev.limbeck.weights;

import dev.limbeck.LimbeckException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;

/**
 * Unpack zip and tar archives, the latter plain or by gzip, bzip2, xz or zstd, without trusting them: devices and paths that
 * lead out of the folder are refused, and so is an archive that grows out of proportion. Links become copies of the files that
 * they name in the archive, others are left out. The folder appears whole or not at all.
 */
public final class Archives {
    private static final long ALWAYS_ALLOWED = 1L << 30;
    private static final long MOST_BYTES = 512L << 30;
    private static final int MOST_GROWTH = 100;

    private Archives() {}

    /**
     * Unpack an archive, told by its content, into a new folder.
     *
     * @param folder must not exist yet, or be empty; the folders above it are made
     * @return what was left out or assumed, a line each
     * @throws LimbeckException if the archive is missing, damaged or cut off, holds paths that lead outside, unpacks to more than 100 times its size (1 GiB is always allowed), or if the disk is full
     */
    public static List<String> extract(Path archive, Path folder) {
        FileTrouble.requireFile(archive);
        try {
            long allowed = Math.max(ALWAYS_ALLOWED, Math.min(MOST_BYTES, MOST_GROWTH * Files.size(archive)));
            return extract(archive, folder, allowed);
        } catch (IOException e) {
            throw FileTrouble.reading(archive, e);
        }
    }

    static List<String> extract(Path archive, Path folder, long allowedBytes) {
        Path target = folder.toAbsolutePath().normalize();
        Path parent = target.getParent();
        if (parent == null) throw FileTrouble.in(folder, "is no folder to unpack into");
        Path temporary = parent.resolve("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
        try {
            requireFree(target);
            Files.createDirectories(parent);
            Files.createDirectory(temporary);
        } catch (IOException e) {
            throw FileTrouble.writing(folder, e);
        }
        Thread onExit = new Thread(() -> FileUtils.deleteQuietly(temporary.toFile()));
        Runtime.getRuntime().addShutdownHook(onExit);
        try {
            Unpacking unpacking = new Unpacking(archive, temporary, allowedBytes);
            unpacking.run();
            put(temporary, target);
            return unpacking.notes();
        } catch (IOException e) {
            throw FileTrouble.reading(archive, e);
        } finally {
            FileUtils.deleteQuietly(temporary.toFile());
            forget(onExit);
        }
    }

    private static void forget(Thread onExit) {
        try {
            Runtime.getRuntime().removeShutdownHook(onExit);
        } catch (IllegalStateException e) {
            // The machine is shutting down already, and the thread is at work.
        }
    }

    private static void requireFree(Path target) throws IOException {
        if (!Files.exists(target)) return;
        try (Stream<Path> content = Files.isDirectory(target) ? Files.list(target) : Stream.of(target)) {
            if (content.findAny().isPresent()) {
                throw FileTrouble.in(target, "is there already and not an empty folder; delete it or choose another");
            }
        }
    }

    private static void put(Path temporary, Path target) {
        try {
            Files.deleteIfExists(target);
            Files.move(temporary, target);
        } catch (IOException e) {
            throw FileTrouble.writing(target, e);
        }
    }
}
