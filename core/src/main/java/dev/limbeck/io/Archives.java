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
 * Unpack untrusted zip and tar archives, the latter plain or compressed by gzip, bzip2, xz or zstd. Devices, paths that
 * leave the folder, and archives that grow disproportionately are rejected. Links to files and folders in the archive
 * become copies; other links are skipped. Checksums are verified, and a tar without its final block is rejected as
 * truncated. Tar names that are not UTF-8 are decoded with one code page: windows-1252 if it has all their bytes, or
 * else 437. Two names never map to one path. If a tar has two entries with one name, the last counts. The folder is
 * created atomically.
 */
public final class Archives {
    private static final long MOST_BYTES = 512L << 30;

    private Archives() {}

    /**
     * Unpack an archive, detected by content, to a new folder.
     *
     * @param folder must not exist or be empty; parent folders are created
     * @return one line per kind of skipped entry or assumption
     * @throws LimbeckException if the archive is missing, damaged or truncated, has paths that leave the folder,
     *     unpacks to more than 100 times its size (64 MiB are always allowed), or if the disk is full
     */
    public static List<String> extract(Path archive, Path folder) {
        List<String> notes = new ArrayList<>();
        extract(archive, folder, link -> false, notes::addAll);
        return notes;
    }

    /**
     * Unpack an archive as {@link #extract(Path, Path)}, but fail if a needed link would be skipped.
     *
     * @param needed whether a link is needed, by the last part of its name
     * @param noted receives the notes before the folder is created; if it throws, no folder is created
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

    /**
     * Unpack with the first character set that has every name. A tar does not declare its character set, so all names
     * use one.
     */
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
