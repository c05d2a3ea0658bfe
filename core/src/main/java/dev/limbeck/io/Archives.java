package dev.limbeck.io;

import dev.limbeck.AtExit;
import dev.limbeck.LimbeckException;
import dev.limbeck.Limit;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;

/**
 * Unpack zip and tar archives, the latter plain or by gzip, bzip2, xz or zstd, without trusting them: devices and paths that
 * lead out of the folder are refused, and so is an archive that grows out of proportion. Links become copies of the files that
 * they name in the archive, and of folders in it; others are left out. Checksums are checked, and a tar without the block that ends
 * it is cut off. Names of a tar that are not UTF-8 are read by one code page, windows-1252 where it knows all their bytes, else 437;
 * two names never become one path. Of two entries of a tar with one name the last counts. The folder appears whole or not at all.
 */
public final class Archives {
    private static final long MOST_BYTES = 512L << 30;

    private Archives() {}

    /**
     * Unpack an archive, recognized by its content, into a new folder.
     *
     * @param folder must not exist yet, or be empty; the folders above it are made
     * @return what was left out or assumed, a line each
     * @throws LimbeckException if the archive is missing, damaged or cut off, holds paths that lead outside, unpacks to more than 100 times its size (64 MiB are always allowed), or if the disk is full
     */
    public static List<String> extract(Path archive, Path folder) {
        List<String> notes = new ArrayList<>();
        extract(archive, folder, link -> false, notes::addAll);
        return notes;
    }

    /**
     * Unpack an archive as {@link #extract(Path, Path)} does, and refuse it where a link would be left out that is needed.
     *
     * @param needed says by the last part of its name whether a link is
     * @param noted takes what was left out or assumed before the folder appears; if it fails, no folder does
     */
    public static void extract(Path archive, Path folder, Predicate<String> needed, Consumer<List<String>> noted) {
        IoErrors.requireFile(archive);
        try {
            long allowed = Math.max(
                    EntryFolder.ALWAYS_ALLOWED,
                    Math.min(MOST_BYTES, Limit.ARCHIVE_GROWTH.value() * Files.size(archive)));
            extract(archive, folder, allowed, needed, noted);
        } catch (IOException e) {
            throw IoErrors.reading(archive, e);
        }
    }

    static void extract(
            Path archive, Path folder, long allowedBytes, Predicate<String> needed, Consumer<List<String>> noted) {
        Path target = folder.toAbsolutePath().normalize();
        Path parent = target.getParent();
        if (parent == null) throw IoErrors.in(folder, "is not a folder to unpack into");
        Path temporary = parent.resolve("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
        try {
            Files.createDirectories(parent);
        } catch (IOException e) {
            throw IoErrors.writing(folder, e);
        }
        try (FolderLock lock = FolderLock.await(FolderLock.beside(target), target)) {
            Leftovers.clearBeside(target);
            extract(archive, target, temporary, allowedBytes, needed, noted);
        }
    }

    private static void extract(
            Path archive,
            Path target,
            Path temporary,
            long allowedBytes,
            Predicate<String> needed,
            Consumer<List<String>> noted) {
        try {
            requireFree(target);
            Files.createDirectory(temporary);
        } catch (IOException e) {
            throw IoErrors.writing(target, e);
        }
        try (AtExit exit = AtExit.run(() -> FileUtils.deleteQuietly(temporary.toFile()))) {
            noted.accept(unpack(archive, temporary, allowedBytes, needed));
            put(temporary, target);
        } catch (IOException e) {
            throw IoErrors.reading(archive, e);
        } finally {
            FileUtils.deleteQuietly(temporary.toFile());
        }
    }

    /** Unpack by the first character set that knows every name: a tar does not say which is meant, so all are read by one. */
    private static List<String> unpack(Path archive, Path folder, long allowedBytes, Predicate<String> needed)
            throws IOException {
        for (Charset charset : EntryNames.ofTar()) {
            try {
                EntryFolder entries = new EntryFolder(archive, folder, allowedBytes, needed);
                new Unpacking(archive, entries, charset).run();
                return entries.notes();
            } catch (CharacterCodingException e) {
                FileUtils.cleanDirectory(folder.toFile());
            }
        }
        throw new IllegalStateException("the last character set knows every byte");
    }

    private static void requireFree(Path target) throws IOException {
        if (!Files.exists(target)) return;
        try (Stream<Path> content = Files.isDirectory(target) ? Files.list(target) : Stream.of(target)) {
            if (content.findAny().isPresent()) {
                throw IoErrors.in(target, "is there already and not an empty folder; delete it or choose another");
            }
        }
    }

    private static void put(Path temporary, Path target) {
        try {
            Files.deleteIfExists(target);
            Files.move(temporary, target);
        } catch (IOException e) {
            throw IoErrors.writing(target, e);
        }
    }
}
