package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.FolderTree.Directory;
import dev.limbeck.data.image.FolderTree.Image;
import dev.limbeck.data.image.LeftOut.Reason;
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

/** Tell from where the images of a folder lie which split and class each belongs to, or refuse what might be told wrongly. */
final class FolderLayout {
    /**
     * Name an image with its place.
     *
     * @param name its path under the folder that holds the classes or splits
     * @param className normalized (NFC); null if it has no label
     */
    record Entry(
            Path file,
            String name,
            long bytes,
            Split split,
            @Nullable String className) {}

    /** What folders of images without labels are called where images have to lie in some folder. */
    private static final Pattern WITHOUT_LABELS =
            Pattern.compile("(un|no|not|non)[ _-]?label+(ed)?([ _-].*)?|unknown|unsup(ervised)?");

    private final FolderTree tree;
    /** The folder that holds the classes or the splits. */
    private final Directory root;

    /** The folders around it, from outside in. */
    private final List<Directory> around = new ArrayList<>();

    private @Nullable String unclear;
    /** The names of the folders that were taken for splits. */
    private final List<String> taken;

    private final List<Directory> unused = new ArrayList<>();
    /** Images beside the splits that lie in no folder. */
    private int loose;

    private final List<Entry> entries = new ArrayList<>();
    private final List<LeftOut> leftOut = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();
    private final Set<String> trainClasses = new HashSet<>();
    /** Where images lie that a link leads to. */
    private final Map<Path, Path> realPaths = new HashMap<>();

    /**
     * Look at a folder's tree.
     *
     * @throws LimbeckException if two folders stand for one split, or what may be a validation split would not be read
     */
    FolderLayout(FolderTree tree) {
        this.tree = tree;
        root = unwrap(tree.root());
        Map<Split, Directory> splits = splits();
        if (splits.isEmpty()) {
            split(Split.TRAIN, root);
        } else {
            loose += root.images.size();
            for (Directory child : root.directories) if (!splits.containsValue(child)) unused.add(child);
            stepIntoTraining(splits);
            refuseUnreadValidation(splits);
            splits.forEach((split, folder) -> split(split, ClassFolders.inside(folder)));
        }
        unused.forEach(this::dropUsed);
        warnOfUnused();
        collectLeftOut(tree.root(), !splits.isEmpty());
        dropRepeated();
        refuseLostValidation(splits);
        taken = List.copyOf(splits.values().stream().map(split -> split.name).toList());
        entries.sort(Comparator.comparing(Entry::name));
    }

    List<Entry> entries() {
        return List.copyOf(entries);
    }

    List<LeftOut> leftOut() {
        return List.copyOf(leftOut);
    }

    List<String> warnings() {
        return List.copyOf(warnings);
    }

    /** Say why the folders may be other than classes; null if nothing speaks for it. */
    @Nullable
    String unclear() {
        return unclear;
    }

    /** Say what was found where no image has a label. */
    String withoutLabels() {
        if (!taken.isEmpty()) {
            return "no labels: " + Names.quoted(taken)
                    + (taken.size() == 1 ? " was taken for a split" : " were taken for splits") + " and "
                    + (taken.size() == 1 ? "holds" : "hold") + " no folders of classes";
        }
        return around.isEmpty() ? "no labels" : "images in one folder only, '" + tree.name(root.path) + "'";
    }

    /** Step into a folder that holds all images beside nothing that could be a class or a split, or that holds the splits. */
    private Directory unwrap(Directory top) {
        Directory folder = top;
        while (true) {
            Directory inner = inner(folder);
            if (inner == null) return folder;
            if (SplitNames.isTraining(inner.name)) refusePackedValidation(folder);
            around.add(folder);
            loose += folder.images.size();
            for (Directory child : folder.directories) if (child != inner) unused.add(child);
            folder = inner;
        }
    }

    private static @Nullable Directory inner(Directory folder) {
        List<Directory> filled = folder.filled();
        if (filled.size() == 1 && folder.images.isEmpty()) {
            Directory inner = filled.get(0);
            if (isLoneSplit(inner)) return null;
            boolean alone = folder.directories.size() == 1;
            boolean besideHarmless = inner.images.isEmpty()
                    && folder.directories.stream().allMatch(child -> child == inner || isHarmless(child));
            if (alone || besideHarmless) return inner;
        }
        if (holdsSplits(folder)) return null;
        List<Directory> holders =
                filled.stream().filter(FolderLayout::holdsSplits).toList();
        if (holders.size() < 2) return holders.isEmpty() ? null : holders.get(0);
        List<String> names = holders.stream().map(holder -> holder.name).toList();
        throw new LimbeckException("each of the folders " + Names.quoted(names) + " in " + folder.path
                + " holds splits; give one of them, or put the splits outside and the classes inside, as in train/"
                + names.get(0));
    }

    /** Return whether a folder is all that there is of a data set: the images that judge, by classes. */
    private static boolean isLoneSplit(Directory folder) {
        return SplitNames.judging(folder.name) != null
                && ClassFolders.inside(folder).filled().size() > 1;
    }

    private static boolean holdsSplits(Directory folder) {
        List<String> names = folder.filled().stream()
                .map(child -> child.name)
                .filter(SplitNames::isPlain)
                .toList();
        return names.size() > 1 && !SplitNames.among(names).isEmpty();
    }

    /** Return whether a folder is neither a class nor a split that lost its images: it holds other files. */
    private static boolean isHarmless(Directory folder) {
        List<LeftOut> files = new ArrayList<>();
        folder.allLeftOut(files);
        return folder.total() == 0
                && !SplitNames.isPlain(folder.name)
                && files.stream().anyMatch(file -> file.reason() == Reason.NOT_AN_IMAGE)
                && files.stream().noneMatch(file -> file.reason().stops());
    }

    private Map<Split, Directory> splits() {
        Map<String, Directory> byName = new LinkedHashMap<>();
        root.directories.forEach(child -> byName.put(child.name, child));
        Map<Split, String> names = SplitNames.among(byName.keySet());
        if (names.isEmpty()) names = ClassFolders.splits(root);
        Map<Split, Directory> splits = new LinkedHashMap<>();
        if (root.filled().size() == 1
                && root.images.isEmpty()
                && isLoneSplit(root.filled().get(0))) {
            Directory lone = root.filled().get(0);
            splits.put(Objects.requireNonNull(SplitNames.judging(lone.name)), lone);
            return splits;
        }
        names.forEach((split, name) -> splits.put(split, Objects.requireNonNull(byName.get(name))));
        Directory train = splits.get(Split.TRAIN);
        // Trains are a class of several public data sets.
        boolean isClass = train != null
                && splits.size() == 1
                && byName.size() > 1
                && ClassFolders.inside(train).filled().isEmpty();
        return isClass ? Map.of() : splits;
    }

    /** Take the splits that the training folder holds, as where an archive called train was unpacked into one. */
    private void stepIntoTraining(Map<Split, Directory> splits) {
        if (!splits.containsKey(Split.TRAIN)) return;
        Directory folder = ClassFolders.inside(splits.get(Split.TRAIN));
        boolean holdsTraining = folder.filled().stream()
                .anyMatch(child -> SplitNames.isTraining(child.name)
                        && ClassFolders.inner(child).size() > 1);
        if (!holdsTraining) return;
        Map<Split, String> names = SplitNames.among(ClassFolders.names(folder));
        if (names.isEmpty()) names = ClassFolders.splits(folder);
        boolean twice = names.keySet().stream().anyMatch(split -> split != Split.TRAIN && splits.containsKey(split));
        if (names.size() < 2 || twice) return;
        around.add(folder);
        loose += folder.images.size();
        for (Directory child : folder.directories) if (!names.containsValue(child.name)) unused.add(child);
        names.forEach((split, name) -> folder.directories.stream()
                .filter(child -> child.name.equals(name))
                .forEach(child -> splits.put(split, child)));
    }

    /** Refuse a data set of which a validation split would be drawn while a folder that may be one is not read. */
    private void refuseUnreadValidation(Map<Split, Directory> splits) {
        Directory given = splits.get(Split.VALID);
        Directory train = splits.get(Split.TRAIN);
        if (train == null || given != null && given.total() > 0) return;
        Set<String> classes = ClassFolders.inside(train).filled().stream()
                .map(child -> folded(child.name))
                .collect(Collectors.toSet());
        List<String> like = unused.stream()
                .filter(folder -> ClassFolders.inside(folder).filled().stream()
                        .anyMatch(child -> classes.contains(folded(child.name))))
                .map(folder -> folder.name)
                .toList();
        refusePackedValidation(root);
        if (like.isEmpty()) return;
        throw new LimbeckException("there is no validation split in " + root.path + ", but " + Names.quoted(like)
                + (like.size() == 1 ? " holds" : " hold") + " the same classes as '" + train.name
                + "'; call it valid or test if it is one, else move it away");
    }

    /** Refuse to draw a validation split where the images of a given one cannot be used. */
    private void refuseLostValidation(Map<Split, Directory> splits) {
        Directory given = splits.get(Split.VALID);
        if (given == null || entries.stream().anyMatch(entry -> entry.split == Split.VALID)) return;
        List<LeftOut> lost = leftOut.stream()
                .filter(file -> file.reason().stops() && isIn(given, file.file()))
                .toList();
        if (lost.isEmpty()) return;
        throw new LimbeckException("no image of the validation split '" + given.name + "' in " + root.path
                + " can be used: " + LeftOut.byReason(lost) + "; repair it, or move it away");
    }

    private boolean isIn(Directory folder, String file) {
        String name = tree.name(folder.path);
        return file.equals(name) || file.startsWith(name + "/");
    }

    private static void refusePackedValidation(Directory folder) {
        for (LeftOut file : folder.leftOut) {
            String name = file.file().substring(file.file().lastIndexOf('/') + 1);
            if (file.reason().stops() && SplitNames.isPlain(name) && SplitNames.isValidation(name)) {
                throw new LimbeckException("there is no validation split in " + folder.path + " but '" + name
                        + "', which cannot be used (" + file.reason().words() + "); repair it, or move it away");
            }
            if (!FileNames.isArchive(FileNames.suffix(name))) continue;
            if (!SplitNames.isValidation(name.substring(0, name.indexOf('.')))) continue;
            throw new LimbeckException("there is no validation split in " + folder.path + " but " + name
                    + ", which is not unpacked; unpack it, or move it away");
        }
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
            if (split == Split.TRAIN) trainClasses.add(folded(name));
            List<Image> images = new ArrayList<>();
            child.allImages(images);
            images.forEach(image -> add(image, split, label));
        }
        if (!without.isEmpty() && !classes.isEmpty()) {
            warnings.add("no class, since there is no image in it: " + Names.quoted(without) + where);
        }
        warnOfUnlabelledClasses(split, classes.keySet());
    }

    private void warnOfUnlabelledClasses(Split split, Collection<String> classes) {
        if (split != Split.TRAIN) return;
        List<String> names = classes.stream()
                .filter(name -> WITHOUT_LABELS.matcher(folded(name)).matches())
                .toList();
        if (names.isEmpty()) return;
        warnings.add("taken for a class as any other: " + Names.quoted(names)
                + "; images without labels belong into a folder of their own (--unlabeled)");
    }

    /** Say whether a folder of a split that judges is no class: by its name, or as the only one, as Keras wants it. */
    private boolean isWithoutLabels(Split split, Directory folder, String name) {
        if (split == Split.TRAIN || trainClasses.isEmpty() || trainClasses.contains(folded(name))) return false;
        boolean only = split == Split.TEST
                && folder.images.isEmpty()
                && folder.filled().size() == 1;
        return only || WITHOUT_LABELS.matcher(folded(name)).matches();
    }

    private void add(Image image, Split split, @Nullable String className) {
        String name = FolderTree.name(root.path, image.path());
        entries.add(new Entry(image.path(), name, image.bytes(), split, className));
        Path real = image.real();
        if (real != null) realPaths.put(image.path(), real);
    }

    /** Drop images from what is not used to which links in the splits lead. */
    private void dropUsed(Directory folder) {
        Set<Path> used = new HashSet<>(realPaths.values());
        if (!used.isEmpty()) folder.dropImages(used);
    }

    private void warnOfUnused() {
        List<String> lines = new ArrayList<>();
        for (Directory folder : unused) {
            if (folder.total() > 0) lines.add(String.format(Locale.ROOT, "%,d in '%s'", folder.total(), folder.name));
        }
        if (loose > 0) lines.add(String.format(Locale.ROOT, "%,d in no folder", loose));
        if (!lines.isEmpty()) warnings.add("images beside the splits are not used: " + String.join(", ", lines));
    }

    private void collectLeftOut(Directory folder, boolean inSplits) {
        if (unused.contains(folder)) {
            List<LeftOut> files = new ArrayList<>();
            folder.allLeftOut(files);
            for (LeftOut file : files) {
                leftOut.add(file.reason().stops() ? new LeftOut(file.file(), Reason.UNUSED) : file);
            }
            List<Image> images = new ArrayList<>();
            folder.allImages(images);
            images.forEach(image -> leave(image.path(), Reason.UNUSED));
            return;
        }
        leftOut.addAll(folder.leftOut);
        if (around.contains(folder) || inSplits && folder == root) {
            folder.images.forEach(image -> leave(image.path(), Reason.UNUSED));
        }
        folder.directories.forEach(child -> collectLeftOut(child, inSplits));
    }

    private void leave(Path file, Reason reason) {
        leftOut.add(new LeftOut(tree.name(file), reason));
    }

    /** Keep an image once: links may lead to one from several places. */
    private void dropRepeated() {
        if (realPaths.isEmpty()) return;
        Map<Path, Entry> known = new HashMap<>();
        List<Entry> linked = new ArrayList<>();
        for (Entry entry : entries) {
            if (realPaths.containsKey(entry.file)) linked.add(entry);
            else known.put(root.real.resolve(root.path.relativize(entry.file)), entry);
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

    /** Return a name as far as it does not differ by case, Unicode form and spaces at its ends. */
    static String folded(String name) {
        return Normalizer.normalize(name, Normalizer.Form.NFKC).strip().toLowerCase(Locale.ROOT);
    }
}
