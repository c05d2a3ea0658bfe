package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.data.image.FolderTree.Directory;
import dev.limbeck.io.Archives;
import dev.limbeck.io.AtomicFile;
import dev.limbeck.io.Checksum;
import dev.limbeck.io.Download;
import dev.limbeck.io.Downloads;
import dev.limbeck.io.FolderLock;
import dev.limbeck.io.IoErrors;
import dev.limbeck.io.MissingFile;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Fetch, unpack and open data sets, each once, in a cache folder. {@link Datasets} is the store in the usual place; make
 * another to keep files elsewhere or to fetch them from a mirror.
 *
 * <p>Sources: Oxford-IIIT Pets from robots.ox.ac.uk/~vgg/data/pets, CIFAR from cs.toronto.edu/~kriz, MNIST from PyTorch's
 * mirror, Fashion-MNIST from its authors (Zalando Research). Addresses and MD5s are those that torchvision 0.28 uses;
 * the addresses are not verified here. CIFAR and both MNISTs are checked by SHA-256, as several independent projects publish it
 * (Fashion-MNIST's four were compared with real files); of the pets only an MD5 is known.
 */
public final class DatasetStore {
    /** A file and its checksums; the SHA-256 is null where only the MD5 is published. */
    private record Remote(String name, String md5, @Nullable String sha256) {
        Remote(String name, String md5) {
            this(name, md5, null);
        }

        Checksum checksum(String expected) {
            return sha256 != null && expected.equals(md5) ? Checksum.sha256(sha256) : Checksum.md5(expected);
        }
    }

    private static final String PETS = "https://www.robots.ox.ac.uk/~vgg/data/pets/data/";
    private static final String CIFAR = "https://www.cs.toronto.edu/~kriz/";
    private static final String MNIST = "https://ossci-datasets.s3.amazonaws.com/mnist/";
    private static final String FASHION = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/";

    private static final Remote PETS_FILE = new Remote("images.tar.gz", "5c4f3ee8e5d25df40f4fd59a7f44e54c");
    private static final Remote CIFAR10_FILE = new Remote(
            "cifar-10-python.tar.gz",
            "c58f30108f718f92721af3b95e74349a",
            "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce");
    private static final Remote CIFAR100_FILE = new Remote(
            "cifar-100-python.tar.gz",
            "eb9058c3a382ffc7106e4002c42a8d85",
            "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7");
    private static final List<Remote> MNIST_FILES = List.of(
            new Remote(
                    "train-images-idx3-ubyte.gz",
                    "f68b3c2dcbeaaa9fbdd348bbdeb94873",
                    "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
            new Remote(
                    "train-labels-idx1-ubyte.gz",
                    "d53e105ee54ea40749a09fcbcd1e9432",
                    "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
            new Remote(
                    "t10k-images-idx3-ubyte.gz",
                    "9fb629c4189551a2d022fa330f9573f3",
                    "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
            new Remote(
                    "t10k-labels-idx1-ubyte.gz",
                    "ec29112dd5afa0611ce80d1b7f02629c",
                    "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"));
    private static final List<Remote> FASHION_FILES = List.of(
            new Remote(
                    "train-images-idx3-ubyte.gz",
                    "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                    "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
            new Remote(
                    "train-labels-idx1-ubyte.gz",
                    "25c81989df183df01b3e8a0aad5dffbe",
                    "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
            new Remote(
                    "t10k-images-idx3-ubyte.gz",
                    "bef4ecab320f06d8554ea6380940ec79",
                    "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
            new Remote(
                    "t10k-labels-idx1-ubyte.gz",
                    "bb300cfdad3c16e7a12a480ee83cd310",
                    "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"));

    /** So many drawn shapes for each split: {@code shapes:1200:0:2000}. */
    private static final Pattern DRAWN = Pattern.compile("shapes:(\\d{1,7}):(\\d{1,7}):(\\d{1,7})");

    /** Changes when archives are unpacked otherwise than before, so that what older releases kept is not used. */
    private static final String UNPACKED_AS = "2|";

    private static final ImageDefaults PETS_DEFAULTS = new ImageDefaults(64, 64, true, 0);

    private final Path cache;
    private final UnaryOperator<URI> addresses;
    private final UnaryOperator<String> checksums;
    private final Downloads.Progress progress;
    private final Map<String, Supplier<ImageSource>> known = new TreeMap<>();

    /** Keep files under a folder, which is made when needed. */
    public DatasetStore(Path cache) {
        this(cache, address -> address, md5 -> md5, (bytes, total) -> {});
    }

    DatasetStore(
            Path cache, UnaryOperator<URI> addresses, UnaryOperator<String> checksums, Downloads.Progress progress) {
        this.cache = cache;
        this.addresses = addresses;
        this.checksums = checksums;
        this.progress = progress;
        known.put("cifar10", () -> cifar("cifar10", CIFAR10_FILE));
        known.put("cifar100", () -> cifar("cifar100", CIFAR100_FILE));
        known.put("fashion-mnist", () -> idx("fashion-mnist", FASHION, FASHION_FILES, IdxImages.FASHION_CLASSES));
        known.put("mnist", () -> idx("mnist", MNIST, MNIST_FILES, IdxImages.digits()));
        known.put("pets", () -> pets("pets", DatasetStore::species));
        known.put("pets-breeds", () -> pets("pets-breeds", DatasetStore::breed));
        known.put("shapes", () -> Shapes.source(6000, 1000, 2000, Datasets.SHAPES_SEED));
    }

    /** Return the same store fetching from other addresses, such as a mirror's; checksums stay. */
    public DatasetStore redirected(UnaryOperator<URI> addresses) {
        return new DatasetStore(cache, addresses, checksums, progress);
    }

    /** Return the same store telling a listener how downloads go on. */
    public DatasetStore onDownload(Downloads.Progress progress) {
        return new DatasetStore(cache, addresses, checksums, progress);
    }

    /** Return the same store expecting other MD5s, for files that tests make. */
    DatasetStore expecting(UnaryOperator<String> checksums) {
        return new DatasetStore(cache, addresses, checksums, progress);
    }

    /** Return the names of the known data sets, sorted. */
    public List<String> names() {
        return List.copyOf(known.keySet());
    }

    /**
     * Open a data set by name, fetching it first if it is not in the cache.
     *
     * @throws LimbeckException if no set has this name, or it cannot be fetched
     */
    public ImageSource named(String name) {
        Matcher drawn = DRAWN.matcher(name);
        if (drawn.matches()) {
            int[] counts = IntStream.rangeClosed(1, 3)
                    .map(group -> Integer.parseInt(drawn.group(group)))
                    .toArray();
            return Shapes.source(counts[0], counts[1], counts[2], Datasets.SHAPES_SEED);
        }
        Supplier<ImageSource> source = known.get(name);
        if (source == null) throw Names.unknown("data set", name, known.keySet());
        return source.get();
    }

    /**
     * Open a known data set by name, a folder, or an archive of one (see {@link Archives}), which is unpacked into the cache
     * once. A folder may hold images, IDX files or CIFAR's batches. A known name comes before a folder of that name;
     * {@code shapes:1200:0:2000} draws so many shapes for training, validation and test.
     *
     * @throws LimbeckException if there is no such set, folder or archive, or it cannot be read
     */
    public ImageSource source(String nameOrPath) {
        if (known.containsKey(nameOrPath) || DRAWN.matcher(nameOrPath).matches()) return named(nameOrPath);
        Path path = path(nameOrPath);
        if (Files.isDirectory(path)) return folder(path);
        if (Files.exists(path)) return archive(path);
        String near = MissingFile.meant(path);
        if (!near.isEmpty()) throw new LimbeckException("no data set, folder or archive '" + nameOrPath + "'" + near);
        if (nameOrPath.matches(".*[/\\\\.].*")) {
            throw new LimbeckException(
                    "no folder or archive " + nameOrPath + "; known data sets are " + String.join(", ", names()));
        }
        throw Names.unknown("data set, folder or archive", nameOrPath, known.keySet());
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

    private static ImageSource folder(Path folder) {
        FolderTree tree = ImageFolder.tree(folder);
        for (Directory at = tree.root(); at != null; at = at.lone()) {
            if (IdxImages.isIn(at.path)) return IdxImages.of(at.path);
            if (CifarBatches.isIn(at.path)) return CifarBatches.of(at.path);
        }
        return ImageFolder.of(folder, tree);
    }

    private ImageSource pets(String name, Function<String, String> label) {
        Path folder =
                unpacked(fetch("pets", PETS, PETS_FILE), cache.resolve("pets").resolve("images"));
        return new RelabeledSource(ImageFolder.of(folder), label::apply, PETS_DEFAULTS, name + " in " + folder);
    }

    private ImageSource cifar(String name, Remote file) {
        Path archive = fetch(name, CIFAR, file);
        return folder(unpacked(archive, cache.resolve(name).resolve("batches")));
    }

    private ImageSource idx(String name, String base, List<Remote> files, List<String> classNames) {
        for (Remote file : files) fetch(name, base, file);
        return IdxImages.of(cache.resolve(name), classNames);
    }

    private Path fetch(String set, String base, Remote file) {
        return new Downloads(cache.resolve(set))
                .fetch(
                        new Download(
                                addresses.apply(URI.create(base + file.name)),
                                file.name,
                                file.checksum(checksums.apply(file.md5))),
                        progress);
    }

    /** Open a user's archive; what was left out when it was unpacked is said at every use, not at the first alone. */
    private ImageSource archive(Path archive) {
        Path folder = unpacked(archive);
        ImageSource images = folder(folder);
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

    /** Unpack a user's archive to a place that changes when the archive does. */
    private Path unpacked(Path archive) {
        try {
            String identity = UNPACKED_AS + archive.toRealPath() + "|" + Files.size(archive) + "|"
                    + Files.getLastModifiedTime(archive).toMillis();
            String name = archive.getFileName().toString().replaceAll("[^A-Za-z0-9_-].*", "");
            UUID key = UUID.nameUUIDFromBytes(identity.getBytes(StandardCharsets.UTF_8));
            return unpacked(archive, cache.resolve("unpacked").resolve(name + "-" + key));
        } catch (IOException e) {
            throw new LimbeckException("cannot read " + archive + ": " + e.getMessage(), e);
        }
    }

    private static Path unpacked(Path archive, Path folder) {
        if (Files.isDirectory(folder)) return folder;
        try {
            Files.createDirectories(folder.getParent());
        } catch (IOException e) {
            throw IoErrors.writing(folder, e);
        }
        // Of several processes one unpacks and the others wait, for what it has to say of the archive too.
        try (FolderLock lock = FolderLock.await(FolderLock.beside(notes(folder)), folder)) {
            if (Files.isDirectory(folder)) return folder;
            // A link that may stand for a split is needed: its images would be drawn from others without it.
            // The notes are there before the folder is, or a process that ends in between would never say them.
            Archives.extract(archive, folder, SplitNames::isSplit, said -> {
                if (!said.isEmpty()) AtomicFile.write(notes(folder), String.join("\n", said) + "\n");
            });
            return folder;
        }
    }

    /** Tell cats by their capital letter. */
    private static String species(String fileName) {
        return Character.isUpperCase(fileName.charAt(0)) ? "cat" : "dog";
    }

    /** Take what stands before the number: {@code Maine_Coon} of {@code Maine_Coon_12.jpg}. */
    private static String breed(String fileName) {
        return fileName.replaceFirst("_\\d+\\.\\w+$", "");
    }
}
