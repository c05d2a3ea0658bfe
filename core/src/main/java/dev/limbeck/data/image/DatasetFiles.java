package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.image.FolderTree.Directory;
import dev.limbeck.io.Archives;
import dev.limbeck.io.AtomicFile;
import dev.limbeck.io.Download;
import dev.limbeck.io.Downloads;
import dev.limbeck.io.FolderLock;
import dev.limbeck.io.IoErrors;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.function.UnaryOperator;

/** Download and unpack the files of data sets, each once, to a cache folder, and open folders of images. */
public final class DatasetFiles {
    /** Changes when the unpacking changes, to ignore folders of older releases. */
    private static final String UNPACKED_AS = "2|";

    private final Path cache;
    private final UnaryOperator<URI> addresses;
    private final UnaryOperator<String> checksums;
    private final Downloads.Progress progress;

    DatasetFiles(
            Path cache, UnaryOperator<URI> addresses, UnaryOperator<String> checksums, Downloads.Progress progress) {
        this.cache = cache;
        this.addresses = addresses;
        this.checksums = checksums;
        this.progress = progress;
    }

    DatasetFiles redirected(UnaryOperator<URI> others) {
        return new DatasetFiles(cache, others, checksums, progress);
    }

    DatasetFiles onDownload(Downloads.Progress listener) {
        return new DatasetFiles(cache, addresses, checksums, listener);
    }

    /** Return a copy with other MD5s, for test files. */
    DatasetFiles expecting(UnaryOperator<String> others) {
        return new DatasetFiles(cache, addresses, others, progress);
    }

    /**
     * Download a file to a cache folder, unless it exists.
     *
     * @param set name of the folder, such as {@code cifar10}
     * @throws LimbeckException if the download fails, or the checksum differs
     */
    public Path fetch(String set, Download file) {
        return new Downloads(folder(set))
                .fetch(
                        new Download(
                                addresses.apply(file.address()), file.fileName(), file.checksum(), file.mostBytes()),
                        progress);
    }

    Path fetch(String set, String base, RemoteFile file) {
        return fetch(
                set,
                new Download(URI.create(base + file.name()), file.name(), file.checksum(checksums.apply(file.md5()))));
    }

    /** Return the cache folder of a data set. It may not exist yet. */
    public Path folder(String set) {
        return cache.resolve(set);
    }

    /**
     * Open a folder of images, IDX files or CIFAR batches.
     *
     * @throws LimbeckException if there are none, or they are unreadable
     */
    public static ImageSource images(Path folder) {
        FolderTree tree = ImageFolder.tree(folder);
        for (Directory at = tree.root(); at != null; at = at.lone()) {
            if (IdxImages.isIn(at.path)) return IdxImages.of(at.path);
            if (CifarBatches.isIn(at.path)) return CifarBatches.of(at.path);
        }
        return ImageFolder.of(folder, tree);
    }

    /** Open a user's archive. Entries skipped while unpacking are reported at every use. */
    ImageSource archive(Path archive) {
        Path folder = unpack(archive);
        ImageSource images = images(folder);
        Path notes = notes(folder);
        if (!Files.isRegularFile(notes)) return images;
        try {
            return new NotedSource(images, Files.readAllLines(notes));
        } catch (IOException e) {
            throw new LimbeckException("cannot read what is left out of " + archive + " in " + notes + ": " + e, e);
        }
    }

    private static Path notes(Path folder) {
        return folder.resolveSibling(folder.getFileName() + ".notes");
    }

    /** Unpack a user's archive to a folder that changes with the archive. */
    private Path unpack(Path archive) {
        try {
            String identity = UNPACKED_AS + archive.toRealPath() + "|" + Files.size(archive) + "|"
                    + Files.getLastModifiedTime(archive).toMillis();
            String name = archive.getFileName().toString().replaceAll("[^A-Za-z0-9_-].*", "");
            UUID key = UUID.nameUUIDFromBytes(identity.getBytes(StandardCharsets.UTF_8));
            return unpack(archive, cache.resolve("unpacked").resolve(name + "-" + key));
        } catch (IOException e) {
            throw new LimbeckException("cannot read " + archive + ": " + e.getMessage(), e);
        }
    }

    /**
     * Unpack an archive to a folder, unless it exists. Return the folder.
     *
     * @throws LimbeckException if the archive is unreadable or the folder is not writable
     */
    public static Path unpack(Path archive, Path folder) {
        if (Files.isDirectory(folder)) return folder;
        try {
            Files.createDirectories(folder.getParent());
        } catch (IOException e) {
            throw IoErrors.writing(folder, e);
        }
        // One process unpacks; others wait, and also read the notes.
        try (FolderLock lock = FolderLock.await(FolderLock.beside(notes(folder)), folder)) {
            if (Files.isDirectory(folder)) return folder;
            // A link that may be a split must be unpacked, or a validation split would be drawn instead. Notes are
            // written before the folder: a process that exits in between would lose them.
            Archives.extract(archive, folder, SplitNames::isSplit, said -> {
                if (!said.isEmpty()) AtomicFile.write(notes(folder), String.join("\n", said) + "\n");
            });
            return folder;
        }
    }
}
