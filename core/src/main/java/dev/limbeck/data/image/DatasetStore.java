package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.NamedTarget;
import dev.limbeck.Names;
import dev.limbeck.Registry;
import dev.limbeck.io.Archives;
import dev.limbeck.io.Downloads;
import dev.limbeck.io.MissingFile;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.slf4j.LoggerFactory;

/**
 * Open data sets by name, folder or archive. Names come from Limbeck and from jars on the class path. Downloaded and
 * unpacked files stay in a cache folder. {@link Datasets} uses the default store; create another for a different folder
 * or a mirror.
 */
public final class DatasetStore {
    private static final Registry<ImageSourceProvider> KNOWN = Registry.of(
            "data set",
            ImageSourceProvider.class,
            ImageSourceProvider::name,
            LoggerFactory.getLogger(DatasetStore.class)::warn);

    private final DatasetFiles files;

    /** Create a store in a folder, which is created if needed. */
    public DatasetStore(Path cache) {
        this(new DatasetFiles(cache, address -> address, md5 -> md5, (bytes, total) -> {}));
    }

    DatasetStore(DatasetFiles files) {
        this.files = files;
    }

    /** Return a copy that downloads from other URLs, such as a mirror's. Checksums are unchanged. */
    public DatasetStore redirected(UnaryOperator<URI> addresses) {
        return new DatasetStore(files.redirected(addresses));
    }

    /** Return a copy that reports download progress. */
    public DatasetStore onDownload(Downloads.Progress progress) {
        return new DatasetStore(files.onDownload(progress));
    }

    /** Return a copy with other MD5s, for test files. */
    DatasetStore expecting(UnaryOperator<String> checksums) {
        return new DatasetStore(files.expecting(checksums));
    }

    /** Return the known data sets: built-in ones, sorted, then others. */
    public static List<ImageSourceProvider> known() {
        return KNOWN.all();
    }

    /** Return the names of the known data sets: built-in ones, sorted, then others. */
    public List<String> names() {
        return KNOWN.names();
    }

    /**
     * Open a data set by name, and download it first if needed.
     *
     * @param name name of a data set, optionally with a colon and arguments: {@code shapes:1200:0:2000} generates this
     *     many shapes for training, validation and test
     * @throws LimbeckException if the name is unknown, or the download fails
     */
    public ImageSource named(String name) {
        NamedTarget named = NamedTarget.of(name);
        ImageSourceProvider provider = KNOWN.require(named.name());
        return named.target() == null ? provider.open(files) : provider.open(named.target(), files);
    }

    /**
     * Open a data set by name (see {@link #named}), folder, archive (see {@link Archives}) or table (see {@link
     * ImageTable}). An archive is unpacked once into the cache. A folder may contain images, IDX files or CIFAR batches. A
     * known name takes precedence over a folder of that name.
     *
     * @throws LimbeckException if there is no such data set, folder or archive, or it is unreadable
     */
    public ImageSource source(String nameOrPath) {
        if (KNOWN.find(NamedTarget.of(nameOrPath).name()).isPresent()) return named(nameOrPath);
        Path path = path(nameOrPath);
        if (Files.isDirectory(path)) return DatasetFiles.images(path);
        if (ImageTable.isAt(nameOrPath)) return ImageTable.of(path);
        if (Files.exists(path)) return files.archive(path);
        String near = MissingFile.meant(path);
        if (!near.isEmpty()) throw new LimbeckException("no data set, folder or archive '" + nameOrPath + "'" + near);
        if (nameOrPath.matches(".*[/\\\\.].*")) {
            throw new LimbeckException(
                    "no folder or archive " + nameOrPath + "; known data sets are " + String.join(", ", names()));
        }
        throw Names.unknown("data set, folder or archive", nameOrPath, names());
    }

    private static Path path(String name) {
        try {
            return Path.of(name);
        } catch (InvalidPathException e) {
            throw new LimbeckException(
                    "'" + name + "' can be no path here (" + e.getReason() + "; sun.jnu.encoding is "
                            + System.getProperty("sun.jnu.encoding") + ")",
                    e);
        }
    }
}
