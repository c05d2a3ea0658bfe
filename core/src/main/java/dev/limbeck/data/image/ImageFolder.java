package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.FolderLayout.Entry;
import dev.limbeck.data.image.SkippedFile.Reason;
import dev.limbeck.image.ImageDecoder;
import dev.limbeck.image.ImageFormat;
import dev.limbeck.image.RgbImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * List the images of a folder, sorted by path. Three layouts are supported: splits ({@code
 * train|valid|test/<class>/…}), classes ({@code <class>/…}), and a flat folder, which has no labels unless they are
 * derived from names.
 *
 * <p>Split names are {@code train} or {@code training}; {@code valid}, {@code val}, {@code validation} or {@code dev};
 * {@code test} or {@code testing}. Case and common affixes are ignored ({@code seg_train/seg_train} beside {@code
 * seg_test/seg_test}, {@code train2017}). {@code eval} is the validation split if there is no other, else the test
 * split. Without a training folder there are no splits, and {@code test} may be a class. {@link #checkLabels} rejects
 * folders that look like splits but are ambiguous, or that contain the same subfolders.
 *
 * <p>Images are recognized by suffix, or by content if the suffix is unknown. All other files are listed in {@link
 * #leftOut}, except files in program folders such as {@code .git} or {@code @eaDir}. A folder with a single subfolder
 * and no images is replaced by the subfolder. Links are followed; an image with several links is listed once. Class
 * names are in Unicode's composed form (NFC).
 */
public final class ImageFolder implements ImageSource {
    private final Path folder;
    private final List<Entry> entries;
    private final List<String> classNames;
    private final Map<String, Integer> labels = new HashMap<>();

    private final List<SkippedFile> leftOut;
    private final List<String> warnings;
    private final @Nullable String unclear;
    private final String withoutLabels;

    private ImageFolder(Path folder, FolderTree tree) {
        this.folder = folder;
        refuseCache(tree.root());
        FolderLayout layout = new FolderLayout(tree);
        entries = layout.entries();
        leftOut = layout.leftOut();
        unclear = layout.unclear();
        withoutLabels = layout.withoutLabels();
        warnings = new ArrayList<>(layout.warnings());
        warn(tree);
        TreeSet<String> known = new TreeSet<>();
        for (Entry entry : entries) {
            if (entry.className() != null) known.add(entry.className());
        }
        classNames = List.copyOf(known);
        for (String name : classNames) labels.put(name, labels.size());
    }

    /**
     * List a folder's images.
     *
     * @throws LimbeckException if there is no such folder, it has no images, or its splits are ambiguous
     */
    public static ImageFolder of(Path folder) {
        return of(folder, tree(folder));
    }

    static ImageFolder of(Path folder, FolderTree tree) {
        ImageFolder images = new ImageFolder(folder, tree);
        if (images.entries.isEmpty()) throw images.empty();
        return images;
    }

    /** Walk an existing folder. */
    static FolderTree tree(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new LimbeckException(
                    Files.exists(folder)
                            ? "expected a folder of images, found the file " + folder
                            : "no folder " + folder + "; give one that holds images");
        }
        try {
            return new FolderTree(folder);
        } catch (IOException e) {
            throw new LimbeckException("cannot list the folder " + folder + ": " + e, e);
        }
    }

    /** Reject the cache of huggingface_hub: its images have hash names, with links from several versions. */
    private static void refuseCache(FolderTree.Directory folder) {
        List<String> names =
                folder.directories.stream().map(child -> child.name).toList();
        if (!names.contains("blobs") || !names.contains("snapshots")) return;
        List<String> versions = folder.directories.stream()
                .filter(child -> child.name.equals("snapshots"))
                .flatMap(child -> child.directories.stream())
                .map(child -> child.name)
                .toList();
        throw new LimbeckException("expected a folder of images, found a cache of Hugging Face in " + folder.path
                + "; give " + folder.path.resolve("snapshots").resolve(versions.size() == 1 ? versions.get(0) : "<id>")
                + (versions.size() > 1 ? ", of " + Names.quoted(versions) : ""));
    }

    private LimbeckException empty() {
        List<SkippedFile> lost =
                leftOut.stream().filter(file -> file.reason().stops()).toList();
        List<String> others = leftOut.stream()
                .filter(file -> file.reason() == Reason.NOT_AN_IMAGE)
                .map(SkippedFile::file)
                .toList();
        String found =
                !lost.isEmpty() ? SkippedFile.byReason(lost) : others.isEmpty() ? "" : SkippedFile.bySuffix(others);
        return new LimbeckException("no images in " + folder + "; expected " + ImageFormat.READ + " files"
                + (found.isEmpty() ? "" : ", found " + found));
    }

    private void warn(FolderTree tree) {
        if (!tree.byContent().isEmpty()) {
            warnings.add("images by their content: " + SkippedFile.bySuffix(tree.byContent()));
        }
        warn("files left out that are not images: ", Reason.NOT_AN_IMAGE);
        warn("hidden files left out: ", Reason.HIDDEN);
        warn("links left out, whose images are listed already: ", Reason.REPEATED);
        List<String> unreadable = entries.stream()
                .map(Entry::name)
                .filter(name -> name.indexOf(DataSummary.UNREADABLE) >= 0)
                .toList();
        if (!unreadable.isEmpty()) {
            warnings.add("names that are not what the files are called, such as " + unreadable.get(0) + " ("
                    + unreadable.size() + " in all): " + DataSummary.unreadable());
        }
    }

    private void warn(String words, Reason reason) {
        List<String> files = leftOut.stream()
                .filter(file -> file.reason() == reason)
                .map(SkippedFile::file)
                .toList();
        if (!files.isEmpty()) warnings.add(words + SkippedFile.bySuffix(files));
    }

    @Override
    public List<SkippedFile> leftOut() {
        return leftOut;
    }

    @Override
    public List<String> warnings() {
        return List.copyOf(warnings);
    }

    /** {@inheritDoc} Folders that look like splits or have the same subfolders are not classes. */
    @Override
    public void checkLabels() {
        if (unclear != null) throw new LimbeckException(unclear);
        if (classNames.isEmpty()) throw ImageCheck.tooFew(this, withoutLabels);
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
        String className = entries.get(index).className();
        return className == null ? -1 : labels.get(className);
    }

    @Override
    public String name(int index) {
        return entries.get(index).name();
    }

    @Override
    public Split split(int index) {
        return entries.get(index).split();
    }

    @Override
    public RgbImage load(int index) {
        return ImageDecoder.read(entries.get(index).file());
    }

    @Override
    public long signature(int index) {
        return entries.get(index).bytes();
    }

    @Override
    public String origin() {
        return "folder " + folder;
    }
}
