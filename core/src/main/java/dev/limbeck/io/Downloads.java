package dev.limbeck.io;

import dev.limbeck.CacheFolder;
import dev.limbeck.LimbeckException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Download files to a cache folder, each once. An interrupted transfer is continued, and a file appears only after its
 * checksum was verified. If several processes download the same file, one does and the others wait.
 */
public final class Downloads {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** Receive the progress of a transfer. */
    @FunctionalInterface
    public interface Progress {
        /**
         * Report progress. Called often, on the downloading thread.
         *
         * @param bytes received bytes, including those of earlier attempts
         * @param total size of the file, or −1 if unknown
         */
        void received(long bytes, long total);
    }

    private final Path folder;
    private final Transfer transfer;

    /** Create a downloader for a folder, which is created if needed. */
    public Downloads(Path folder) {
        this(folder, PATIENCE);
    }

    /** Create a downloader that gives up on a server after the given time without data. */
    Downloads(Path folder, Duration patience) {
        this.folder = folder.toAbsolutePath();
        this.transfer = new Transfer(patience);
    }

    /** Return the folder for downloads, see {@link CacheFolder#find}. */
    public static Path cacheFolder() {
        return CacheFolder.find();
    }

    /** Download a file without progress reports. */
    public Path fetch(Download download) {
        return fetch(download, (bytes, total) -> {});
    }

    /**
     * Return the path of a file in the cache, and download it if it is missing. The checksum of an existing file is
     * computed once, and again after it changed.
     *
     * @throws LimbeckException if the download fails (the message says where to put the file by hand), the checksum is
     *     wrong, or the disk is full
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
                                + "; delete it and it is downloaded again from " + download.address());
            }
        } else {
            Path part = folder.resolve(download.fileName() + ".part");
            transfer.receive(download, target, part, progress);
            String found = download.checksum().of(part);
            if (!found.equals(download.checksum().hex())) {
                transfer.forget(part);
                throw new LimbeckException(download.address() + ": expected " + download.checksum() + ", found " + found
                        + "; nothing was saved; try again, or put the right file at " + target);
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
            return false; // It is verified again then.
        }
    }

    private static String note(Path file, Checksum checksum) throws IOException {
        return checksum + " " + Files.size(file) + " "
                + Files.getLastModifiedTime(file).toMillis();
    }
}
