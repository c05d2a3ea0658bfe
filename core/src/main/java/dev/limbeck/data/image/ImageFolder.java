package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import java.io.File;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * List the images of a folder, in sorted order. Three layouts are told apart: {@code train|valid|val|test/<class>/…},
 * {@code <class>/…}, and images side by side, which have no labels until names are turned into some. A folder that
 * holds nothing but one other folder stands for that one. Hidden files are ignored, and so is what does not end in
 * png, jpg, jpeg, bmp or gif.
 */
public final class ImageFolder implements ImageSource {
    private static final Set<String> EXTENSIONS = Set.of("png", "jpg", "jpeg", "bmp", "gif");
    private static final Map<String, Split> SPLITS =
            Map.of("train", Split.TRAIN, "valid", Split.VALID, "val", Split.VALID, "test", Split.TEST);

    private record Entry(
            Path file,
            String name,
            long bytes,
            Split split,
            @Nullable String className) {}

    private final Path folder;
    private final List<Entry> entries;
    private final List<String> classNames;
    private final Map<String, Integer> labels = new HashMap<>();

    private ImageFolder(Path folder, List<Entry> entries) {
        this.folder = folder;
        this.entries = entries;
        TreeSet<String> known = new TreeSet<>();
        for (Entry entry : entries) {
            if (entry.className != null) known.add(entry.className);
        }
        classNames = List.copyOf(known);
        for (String name : classNames) labels.put(name, labels.size());
    }

    /**
     * List a folder's images.
     *
     * @throws LimbeckException if there is no such folder, or no image in it
     */
    public static ImageFolder of(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new LimbeckException(
                    Files.exists(folder)
                            ? "expected a folder of images, found the file " + folder
                            : "no folder " + folder + "; give one that holds images");
        }
        try {
            Path root = unwrapped(folder);
            List<Entry> entries = list(root);
            if (entries.isEmpty()) {
                throw new LimbeckException("no images in " + folder + "; expected png, jpg, jpeg, bmp or gif files");
            }
            return new ImageFolder(folder, entries);
        } catch (IOException e) {
            throw new LimbeckException("cannot list the folder " + folder + ": " + e, e);
        }
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }

    @Override
    public int size() {
        return entries.size();
    }

    @Override
    public int label(int index) {
        String className = entries.get(index).className;
        return className == null ? -1 : labels.get(className);
    }

    @Override
    public String name(int index) {
        return entries.get(index).name;
    }

    @Override
    public Split split(int index) {
        return entries.get(index).split;
    }

    @Override
    public RgbImage load(int index) {
        return ImageDecoder.read(entries.get(index).file);
    }

    @Override
    public long signature(int index) {
        return entries.get(index).bytes;
    }

    @Override
    public String origin() {
        return "folder " + folder;
    }

    /** Step into folders that hold nothing but one other folder. */
    static Path unwrapped(Path folder) throws IOException {
        Path root = folder;
        while (true) {
            List<Path> children;
            try (var listed = Files.list(root)) {
                children = listed.filter(path -> !isHidden(path)).limit(2).toList();
            }
            if (children.size() != 1 || !Files.isDirectory(children.get(0))) return root;
            root = children.get(0);
        }
    }

    private static List<Entry> list(Path root) throws IOException {
        Map<String, Split> splits = new HashMap<>();
        try (var children = Files.list(root)) {
            children.filter(Files::isDirectory).forEach(child -> {
                String name = child.getFileName().toString();
                Split split = SPLITS.get(name.toLowerCase(Locale.ROOT));
                if (split != null) splits.put(name, split);
            });
        }
        // A folder 'test' alone may well be a class; 'train' is what tells the layout.
        boolean inSplits = splits.containsValue(Split.TRAIN);
        List<Entry> entries = new ArrayList<>();
        Files.walkFileTree(
                root, EnumSet.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes) {
                        boolean skipped = !path.equals(root)
                                && (isHidden(path)
                                        || path.getFileName().toString().equals("__MACOSX"));
                        return skipped ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) {
                        if (!isHidden(path) && isImage(path) && attributes.isRegularFile()) {
                            entry(root, path, attributes.size(), inSplits ? splits : Map.of(), entries);
                        }
                        return FileVisitResult.CONTINUE;
                    }
                });
        entries.sort(Comparator.comparing(Entry::name));
        return List.copyOf(entries);
    }

    /** Add an image, unless splits are in use and it lies beside them. */
    private static void entry(Path root, Path file, long bytes, Map<String, Split> splits, List<Entry> entries) {
        String name = root.relativize(file).toString().replace(File.separatorChar, '/');
        String[] parts = name.split("/");
        int classAt = splits.isEmpty() ? 0 : 1;
        Split split = splits.isEmpty() ? Split.TRAIN : splits.get(parts[0]);
        if (split == null) return;
        entries.add(new Entry(file, name, bytes, split, parts.length > classAt + 1 ? parts[classAt] : null));
    }

    private static boolean isHidden(Path path) {
        return path.getFileName().toString().startsWith(".");
    }

    private static boolean isImage(Path path) {
        String name = path.getFileName().toString();
        return EXTENSIONS.contains(name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT));
    }
}
