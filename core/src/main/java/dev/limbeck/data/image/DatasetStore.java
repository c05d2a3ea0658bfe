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
 * Open data sets by name, folder or archive. Names are ours and those of jars on the class path; what is fetched or unpacked
 * stays in a cache folder. {@link Datasets} is the store in the usual place; make another to keep files elsewhere or to fetch
 * them from a mirror.
 */
public final class DatasetStore {
    private static final Registry<ImageSourceProvider> KNOWN = Registry.of(
            "data set",
            ImageSourceProvider.class,
            ImageSourceProvider::name,
            LoggerFactory.getLogger(DatasetStore.class)::warn);

    private final DatasetFiles files;

    /** Keep files under a folder, which is made when needed. */
    public DatasetStore(Path cache) {
        this(new DatasetFiles(cache, address -> address, md5 -> md5, (bytes, total) -> {}));
    }

    DatasetStore(DatasetFiles files) {
        this.files = files;
    }

    /** Return the same store fetching from other addresses, such as a mirror's; checksums stay. */
    public DatasetStore redirected(UnaryOperator<URI> addresses) {
        return new DatasetStore(files.redirected(addresses));
    }

    /** Return the same store telling a listener how downloads go on. */
    public DatasetStore onDownload(Downloads.Progress progress) {
        return new DatasetStore(files.onDownload(progress));
    }

    /** Return the same store expecting other MD5s, for files that tests make. */
    DatasetStore expecting(UnaryOperator<String> checksums) {
        return new DatasetStore(files.expecting(checksums));
    }

    /** Return the known data sets: ours, sorted, then others. */
    public static List<ImageSourceProvider> known() {
        return KNOWN.all();
    }

    /** Return the names of the known data sets: ours, sorted, then others. */
    public List<String> names() {
        return KNOWN.names();
    }

    /**
     * Open a data set by name, fetching it first if it is not in the cache.
     *
     * @param name of a data set, with a colon and what it takes behind it: {@code shapes:1200:0:2000} draws this many shapes for
     *     training, validation and test
     * @throws LimbeckException if no set has this name, or it cannot be fetched
     */
    public ImageSource named(String name) {
        NamedTarget named = NamedTarget.of(name);
        ImageSourceProvider provider = KNOWN.require(named.name());
        return named.target() == null ? provider.open(files) : provider.open(named.target(), files);
    }

    /**
     * Open a known data set by name (see {@link #named}), a folder, or an archive of one (see {@link Archives}), which is
     * unpacked into the cache once. A folder may hold images, IDX files or CIFAR's batches. A known name comes before a folder
     * of that name.
     *
     * @throws LimbeckException if there is no such set, folder or archive, or it cannot be read
     */
    public ImageSource source(String nameOrPath) {
        if (KNOWN.find(NamedTarget.of(nameOrPath).name()).isPresent()) return named(nameOrPath);
        Path path = path(nameOrPath);
        if (Files.isDirectory(path)) return DatasetFiles.images(path);
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
