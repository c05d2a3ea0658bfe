package dev.limbeck.io;

import dev.limbeck.CacheFolder;
import dev.limbeck.LimbeckException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Fetch files into a cache folder, once: a broken transfer goes on where it stopped, and no file appears under its name
 * before its checksum was right. Several processes may fetch the same file at once; one does and the others wait.
 */
public final class Downloads {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** Hear how a transfer goes on. */
    @FunctionalInterface
    public interface Progress {
        /**
         * Note progress; called often, on the thread that fetches.
         *
         * @param bytes that have arrived, those of an earlier attempt included
         * @param total of the whole file, or −1 if the server does not say
         */
        void received(long bytes, long total);
    }

    private final Path folder;
    private final Transfer transfer;

    /** Fetch into a folder, which is made when needed. */
    public Downloads(Path folder) {
        this(folder, PATIENCE);
    }

    /** Give up on a server that sends nothing for the given time. */
    Downloads(Path folder, Duration patience) {
        this.folder = folder.toAbsolutePath();
        this.transfer = new Transfer(patience);
    }

    /** Return the folder for fetched files, see {@link CacheFolder#find}. */
    public static Path cacheFolder() {
        return CacheFolder.find();
    }

    /** Fetch a file without hearing of progress. */
    public Path fetch(Download download) {
        return fetch(download, (bytes, total) -> {});
    }

    /**
     * Return the path of a file in the cache, fetching it if it is not there. A file that is there, from before or put by
     * hand, has its checksum computed once and again only after it changed.
     *
     * @throws LimbeckException if it cannot be fetched (the message says where to put it by hand), if the checksum is
     *     wrong, or if the disk is full
     */
    public Path fetch(Download download, Progress progress) {
        Path target = folder.resolve(download.fileName());
        Path note = folder.resolve("." + download.fileName() + ".checked");
        if (isChecked(target, note, download.checksum())) return target;
        try {
            Files.createDirectories(folder);
            try (FolderLock lock = FolderLock.await(FolderLock.beside(target), target)) {
                fetchAlone(download, target, note, progress);
                return target;
            }
        } catch (IOException e) {
            throw IoErrors.writing(target, e);
        }
    }

    private void fetchAlone(Download download, Path target, Path note, Progress progress) throws IOException {
        if (isChecked(target, note, download.checksum())) return;
        if (Files.isDirectory(target)) throw IoErrors.in(target, "is a folder; expected a file to fetch");
        if (Files.exists(target)) {
            String found = download.checksum().of(target);
            if (!found.equals(download.checksum().hex())) {
                throw IoErrors.in(
                        target,
                        "expected " + download.checksum() + ", found " + found
                                + "; delete it and it will be fetched from " + download.address());
            }
        } else {
            Path part = folder.resolve(download.fileName() + ".part");
            transfer.receive(download, target, part, progress);
            String found = download.checksum().of(part);
            if (!found.equals(download.checksum().hex())) {
                transfer.forget(part);
                throw new LimbeckException(download.address() + ": expected " + download.checksum() + ", found " + found
                        + "; nothing was kept; try again, or put the right file at " + target);
            }
            AtomicFile.move(part, target);
            transfer.forget(part);
        }
        AtomicFile.write(note, note(target, download.checksum()));
    }

    private static boolean isChecked(Path target, Path note, Checksum checksum) {
        try {
            return Files.isRegularFile(target)
                    && Files.exists(note)
                    && Files.readString(note).equals(note(target, checksum));
        } catch (IOException e) {
            return false; // It is then checked again.
        }
    }

    private static String note(Path file, Checksum checksum) throws IOException {
        return checksum + " " + Files.size(file) + " "
                + Files.getLastModifiedTime(file).toMillis();
    }
}
