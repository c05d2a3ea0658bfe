package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.data.ClassNames;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.FolderTree.Directory;
import dev.limbeck.data.image.FolderTree.Image;
import dev.limbeck.data.image.SkippedFile.Reason;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Assign a split and a class to each image of a folder by its path, or reject ambiguous layouts. */
final class FolderLayout {
    /**
     * Hold an image file with its split and class.
     *
     * @param name path relative to the folder of classes or splits
     * @param className normalized (NFC); null without a label
     */
    record Entry(
            Path file,
            String name,
            long bytes,
            Split split,
            @Nullable String className) {}

    /** Names of folders with unlabeled images. */
    private static final Pattern WITHOUT_LABELS =
            Pattern.compile("(un|no|not|non)[ _-]?label+(ed)?([ _-].*)?|unknown|unsup(ervised)?");

    private final FolderTree tree;
    private final SplitFolders folders;
    /** The folder that contains the classes or the splits. */
    private final Directory root;

    private @Nullable String unclear;

    private final List<Entry> entries = new ArrayList<>();
    private final List<SkippedFile> leftOut = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();
    private final Set<String> trainClasses = new HashSet<>();
    /** Link targets of images. */
    private final Map<Path, Path> realPaths = new HashMap<>();

    /**
     * Analyze a folder's tree.
     *
     * @throws LimbeckException if two folders are the same split, or a possible validation split would be ignored
     */
    FolderLayout(FolderTree tree) {
        this.tree = tree;
        folders = new SplitFolders(tree.root());
        root = folders.root();
        if (folders.splits().isEmpty()) split(Split.TRAIN, root);
        else folders.splits().forEach((split, folder) -> split(split, ClassFolders.inside(folder)));
        dropUsed();
        folders.refuseUnreadValidation();
        warnOfUnused();
        collectLeftOut(tree.root());
        dropRepeated();
        refuseLostValidation();
        entries.sort(Comparator.comparing(Entry::name));
    }

    List<Entry> entries() {
        return List.copyOf(entries);
    }

    List<SkippedFile> leftOut() {
        return List.copyOf(leftOut);
    }

    List<String> warnings() {
        return List.copyOf(warnings);
    }

    /** Return why the folders may not be classes; null if they look like classes. */
    @Nullable
    String unclear() {
        return unclear;
    }

    /** Describe a folder without labels. */
    String withoutLabels() {
        List<String> taken =
                folders.splits().values().stream().map(split -> split.name).toList();
        if (!taken.isEmpty()) {
            return "no labels: " + Names.quoted(taken)
                    + (taken.size() == 1 ? " was taken for a split" : " were taken for splits") + " and "
                    + (taken.size() == 1 ? "holds" : "hold") + " no folders of classes";
        }
        return root == tree.root() ? "no labels" : "images in one folder only, '" + tree.name(root.path) + "'";
    }

    /** Reject a random validation split if the images of the given one are unusable. */
    private void refuseLostValidation() {
        Directory given = folders.splits().get(Split.VALID);
        if (given == null || entries.stream().anyMatch(entry -> entry.split == Split.VALID)) return;
        List<SkippedFile> lost = leftOut.stream()
                .filter(file -> file.reason().stops() && isIn(given, file.file()))
                .toList();
        if (lost.isEmpty()) return;
        throw new LimbeckException("no image of the validation split '" + given.name + "' in " + root.path
                + " can be used: " + SkippedFile.byReason(lost) + "; repair it, or move it away");
    }

    private boolean isIn(Directory folder, String file) {
        String name = tree.name(folder.path);
        return file.equals(name) || file.startsWith(name + "/");
    }

    private void split(Split split, Directory folder) {
        String where = folder == root ? "" : " in '" + FolderTree.name(root.path, folder.path) + "'";
        if (folder.total() == 0) {
            if (folder != root) warnings.add("no images" + where);
            return;
        }
        if (unclear == null) unclear = ClassFolders.unclear(folder);
        if (split == Split.TRAIN) warnings.addAll(ClassFolders.warnings(folder));
        for (Image image : folder.images) add(image, split, null);
        List<String> without = new ArrayList<>();
        Map<String, Directory> classes = new LinkedHashMap<>();
        for (Directory child : folder.directories) {
            if (child.total() == 0) {
                without.add(child.name);
                continue;
            }
            String name = Normalizer.normalize(child.name, Normalizer.Form.NFC);
            if (classes.putIfAbsent(name, child) != null) {
                warnings.add("two folders" + where + " are called '" + name
                        + "' in different Unicode forms; they are taken for one class");
            }
            String label = isWithoutLabels(split, folder, name) ? null : name;
            if (split == Split.TRAIN) trainClasses.add(ClassNames.folded(name));
            List<Image> images = new ArrayList<>();
            child.allImages(images);
            images.forEach(image -> add(image, split, label));
        }
        if (!without.isEmpty() && !classes.isEmpty()) {
            warnings.add("no class, since there is no image in it: " + Names.quoted(without) + where);
        }
        warnOfUnlabeledClasses(split, classes.keySet());
    }

    private void warnOfUnlabeledClasses(Split split, Collection<String> classes) {
        if (split != Split.TRAIN) return;
        List<String> names = classes.stream()
                .filter(name -> WITHOUT_LABELS.matcher(ClassNames.folded(name)).matches())
                .toList();
        if (names.isEmpty()) return;
        warnings.add("taken for a class as any other: " + Names.quoted(names)
                + "; images without labels belong into a folder of their own (--unlabeled)");
    }

    /** Return whether a folder of an evaluation split is not a class: by its name, or as the only one, as in Keras. */
    private boolean isWithoutLabels(Split split, Directory folder, String name) {
        if (split == Split.TRAIN || trainClasses.isEmpty() || trainClasses.contains(ClassNames.folded(name)))
            return false;
        boolean only = split == Split.TEST
                && folder.images.isEmpty()
                && folder.filled().size() == 1;
        return only || WITHOUT_LABELS.matcher(ClassNames.folded(name)).matches();
    }

    private void add(Image image, Split split, @Nullable String className) {
        String name = FolderTree.name(root.path, image.path());
        entries.add(new Entry(image.path(), name, image.bytes(), split, className));
        Path real = image.real();
        if (real != null) realPaths.put(image.path(), real);
    }

    /** Drop unused images that a split also contains through a link. */
    private void dropUsed() {
        boolean linked = !realPaths.isEmpty() || folders.unused().stream().anyMatch(FolderLayout::hasLinked);
        if (!linked) return;
        Set<Path> used = entries.stream().map(this::place).collect(Collectors.toSet());
        folders.unused()
                .forEach(folder -> folder.dropImages(used, image -> {
                    if (image.real() != null) leave(image.path(), Reason.REPEATED);
                }));
    }

    private static boolean hasLinked(Directory folder) {
        return folder.images.stream().anyMatch(image -> image.real() != null)
                || folder.directories.stream().anyMatch(FolderLayout::hasLinked);
    }

    /** Return the path of an image after resolving links. */
    private Path place(Entry entry) {
        Path real = realPaths.get(entry.file);
        return real != null ? real : root.real.resolve(root.path.relativize(entry.file));
    }

    private void warnOfUnused() {
        List<String> lines = new ArrayList<>();
        for (Directory folder : folders.unused()) {
            if (folder.total() > 0) lines.add(String.format(Locale.ROOT, "%,d in '%s'", folder.total(), folder.name));
        }
        if (folders.loose() > 0) lines.add(String.format(Locale.ROOT, "%,d in no folder", folders.loose()));
        if (!lines.isEmpty()) warnings.add("images beside the splits are not used: " + String.join(", ", lines));
    }

    private void collectLeftOut(Directory folder) {
        if (folders.unused().contains(folder)) {
            List<SkippedFile> files = new ArrayList<>();
            folder.allLeftOut(files);
            for (SkippedFile file : files) {
                leftOut.add(file.reason().stops() ? new SkippedFile(file.file(), Reason.UNUSED) : file);
            }
            List<Image> images = new ArrayList<>();
            folder.allImages(images);
            images.forEach(image -> leave(image.path(), Reason.UNUSED));
            return;
        }
        leftOut.addAll(folder.leftOut);
        if (folders.isAroundClasses(folder)) {
            folder.images.forEach(image -> leave(image.path(), Reason.UNUSED));
        }
        folder.directories.forEach(this::collectLeftOut);
    }

    private void leave(Path file, Reason reason) {
        leftOut.add(new SkippedFile(tree.name(file), reason));
    }

    /** Keep each image once: several links may lead to it. */
    private void dropRepeated() {
        if (realPaths.isEmpty()) return;
        Map<Path, Entry> known = new HashMap<>();
        List<Entry> linked = new ArrayList<>();
        for (Entry entry : entries) {
            if (realPaths.containsKey(entry.file)) linked.add(entry);
            else known.put(place(entry), entry);
        }
        Set<Entry> repeated = new HashSet<>();
        for (Entry entry : linked) {
            Entry first = known.putIfAbsent(Objects.requireNonNull(realPaths.get(entry.file)), entry);
            if (first == null) continue;
            boolean same = first.split == entry.split && Objects.equals(first.className, entry.className);
            leave(entry.file, same ? Reason.REPEATED : Reason.CONFLICTING);
            repeated.add(entry);
        }
        entries.removeAll(repeated);
    }
}
