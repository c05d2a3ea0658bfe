package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.data.ClassNames;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.FolderTree.Directory;
import dev.limbeck.data.image.SkippedFile.Reason;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Find the folder of classes or splits in a tree, and identify the splits. */
final class SplitFolders {
    private final Directory root;
    private final Map<Split, Directory> splits;

    /** Folders above the split folders, outermost first. */
    private final List<Directory> around = new ArrayList<>();

    private final List<Directory> unused = new ArrayList<>();
    private int loose;

    /**
     * Analyze a tree.
     *
     * @throws LimbeckException if two folders are the same split, or a validation split is an archive or cannot be
     *     opened
     */
    SplitFolders(Directory top) {
        root = unwrap(top);
        splits = new LinkedHashMap<>(find());
        if (splits.isEmpty()) return;
        loose += root.images.size();
        for (Directory child : root.directories) if (!splits.containsValue(child)) unused.add(child);
        stepIntoTraining();
    }

    /** Return the folder that contains the classes or the splits. */
    Directory root() {
        return root;
    }

    /** Return the folder of each split; empty if the root contains classes. */
    Map<Split, Directory> splits() {
        return splits;
    }

    /** Return the folders beside the splits or beside their parents. */
    List<Directory> unused() {
        return unused;
    }

    /** Return the number of images beside the splits that are in no folder. */
    int loose() {
        return loose;
    }

    /** Return whether a folder is above classes, so images directly in it have no class or split. */
    boolean isAroundClasses(Directory folder) {
        return around.contains(folder) || folder == root && !splits.isEmpty();
    }

    /**
     * Step into a folder that contains all images, if no other folder could be a class or a split, or that contains the
     * splits.
     */
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
            boolean besideHarmless = inner.images.isEmpty()
                    && folder.directories.stream().allMatch(child -> child == inner || isHarmless(child));
            if (folder.lone() == inner || besideHarmless) return inner;
        }
        if (holdsSplits(folder)) return null;
        List<Directory> holders =
                filled.stream().filter(SplitFolders::holdsSplits).toList();
        if (holders.size() < 2) return holders.isEmpty() ? null : holders.get(0);
        List<String> names = holders.stream().map(holder -> holder.name).toList();
        throw new LimbeckException("each of the folders " + Names.quoted(names) + " in " + folder.path
                + " holds splits; give one of them, or put the splits outside and the classes inside, as in train/"
                + names.get(0));
    }

    /** Return whether a folder is the only split of a data set: evaluation images by class. */
    private static boolean isLoneSplit(Directory folder) {
        if (SplitNames.judging(folder.name) == null) return false;
        Directory inside = ClassFolders.inside(folder);
        return inside.filled().size() > 1 && !holdsSplits(inside);
    }

    private static boolean holdsSplits(Directory folder) {
        List<String> names = folder.filled().stream()
                .map(child -> child.name)
                .filter(SplitNames::isPlain)
                .toList();
        return names.size() > 1 && !SplitNames.among(names).isEmpty()
                || !ClassFolders.splits(folder).isEmpty();
    }

    /** Return whether a folder has only other files, and is neither a class nor a split without its images. */
    private static boolean isHarmless(Directory folder) {
        List<SkippedFile> files = new ArrayList<>();
        folder.allLeftOut(files);
        return folder.total() == 0
                && !SplitNames.isPlain(folder.name)
                && files.stream().anyMatch(file -> file.reason() == Reason.NOT_AN_IMAGE)
                && files.stream().noneMatch(file -> file.reason().stops());
    }

    private Map<Split, Directory> find() {
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
        // "Trains" is a class of several public data sets.
        boolean isClass = train != null
                && splits.size() == 1
                && byName.size() > 1
                && ClassFolders.inside(train).filled().isEmpty();
        return isClass ? Map.of() : splits;
    }

    /**
     * Use the splits inside the training folder, as when an archive named train was unpacked into a folder of that
     * name.
     */
    private void stepIntoTraining() {
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

    /**
     * Reject a random validation split if an unread folder may be the real one.
     *
     * @throws LimbeckException if there is such a folder; the message says what to do
     */
    void refuseUnreadValidation() {
        Directory given = splits.get(Split.VALID);
        Directory train = splits.get(Split.TRAIN);
        if (train == null || given != null && given.total() > 0) return;
        Set<String> classes = ClassFolders.inside(train).filled().stream()
                .map(child -> ClassNames.folded(child.name))
                .collect(Collectors.toSet());
        List<String> like = unused.stream()
                .filter(folder -> ClassFolders.inside(folder).filled().stream()
                        .anyMatch(child -> classes.contains(ClassNames.folded(child.name))))
                .map(folder -> folder.name)
                .toList();
        refusePackedValidation(root);
        if (like.isEmpty()) return;
        throw new LimbeckException("there is no validation split in " + root.path + ", but " + Names.quoted(like)
                + (like.size() == 1 ? " holds" : " hold") + " the same classes as '" + train.name
                + "'; call it valid or test if it is one, else move it away");
    }

    private static void refusePackedValidation(Directory folder) {
        for (SkippedFile file : folder.leftOut) {
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
}
