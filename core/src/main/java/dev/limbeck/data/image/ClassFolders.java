package dev.limbeck.data.image;

import dev.limbeck.Names;
import dev.limbeck.data.ClassNames;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.FolderTree.Directory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Detect folders that look like splits, sources or parts of a data set instead of classes. */
final class ClassFolders {
    private static final Set<String> CONTAINERS =
            Set.of("images", "imgs", "image", "img", "data", "pictures", "photos", "jpegimages");
    /** Folders beside the images of a segmentation or detection data set. */
    private static final Set<String> COMPANIONS =
            Set.of("masks", "mask", "labels", "annotations", "ground_truth", "groundtruth", "gt", "segmentation");
    /** Words before a part's number. */
    private static final Set<String> PARTS = Set.of(
            "part", "parts", "batch", "chunk", "shard", "volume", "vol", "disk", "folder", "dir", "archive", "zip",
            "set");

    private static final Pattern NUMBERED = Pattern.compile("(.*?)[^\\p{L}\\p{N}]*\\d+");

    private ClassFolders() {}

    /** Step into a single subfolder that has the same name or is a common folder for images. */
    static Directory inside(Directory top) {
        Directory folder = top;
        while (folder.images.isEmpty() && folder.filled().size() == 1) {
            Directory inner = folder.filled().get(0);
            boolean wrapper = inner.name.equalsIgnoreCase(folder.name)
                    || SplitNames.isSame(inner.name, folder.name)
                    || CONTAINERS.contains(inner.name.toLowerCase(Locale.ROOT));
            if (!wrapper) return folder;
            folder = inner;
        }
        return folder;
    }

    /** Return the names of the subfolders with images. */
    static List<String> names(Directory folder) {
        return folder.filled().stream().map(child -> child.name).toList();
    }

    /** Return the case-folded names of the subfolders if a folder has only subfolders; empty otherwise. */
    static Set<String> inner(Directory top) {
        Directory folder = inside(top);
        if (!folder.images.isEmpty()) return Set.of();
        return names(folder).stream().map(ClassNames::folded).collect(Collectors.toSet());
    }

    /** Return the folder of each split whose names have different words around the split's word; empty if ambiguous. */
    static Map<Split, String> splits(Directory folder) {
        Map<Split, String> splits = SplitNames.apart(names(folder));
        if (splits.isEmpty()) return splits;
        Map<String, Directory> byName =
                folder.filled().stream().collect(Collectors.toMap(child -> child.name, child -> child));
        Set<String> classes = inner(byName.get(splits.get(Split.TRAIN)));
        boolean generic = splits.values().stream().allMatch(SplitNames::isGeneric);
        boolean flat = splits.values().stream()
                .allMatch(name -> inner(byName.get(name)).isEmpty());
        if (generic && flat) return splits;
        boolean alike = splits.entrySet().stream()
                .filter(split -> split.getKey() != Split.TRAIN)
                .allMatch(split -> SplitNames.isGeneric(split.getValue())
                        || inner(byName.get(split.getValue())).stream().anyMatch(classes::contains));
        return classes.size() > 1 && alike ? splits : Map.of();
    }

    /** Return why the subfolders may not be classes, and what to do; null if they look like classes. */
    static @Nullable String unclear(Directory folder) {
        List<Directory> tops = folder.filled();
        if (tops.size() < 2) return null;
        Map<String, List<String>> holders = new TreeMap<>();
        for (Directory top : tops) {
            for (String name : inner(top))
                holders.computeIfAbsent(name, n -> new ArrayList<>()).add(top.name);
        }
        String found = likeSplits(folder, holders);
        if (found == null) found = likeSources(folder, holders);
        return found != null ? found : likeSiblings(folder);
    }

    private static @Nullable String likeSplits(Directory folder, Map<String, List<String>> holders) {
        List<Directory> named = folder.filled().stream()
                .filter(top -> SplitNames.isSplit(top.name))
                .toList();
        Set<String> siblings = names(folder).stream().map(ClassNames::folded).collect(Collectors.toSet());
        List<Directory> likely = named.stream()
                .filter(top -> SplitNames.isGeneric(top.name)
                        || inner(top).stream()
                                .anyMatch(name -> siblings.contains(name)
                                        || holders.getOrDefault(name, List.of()).size() > 1))
                .toList();
        boolean holdsFolders = likely.stream().anyMatch(top -> !inner(top).isEmpty());
        if (likely.isEmpty() || !holdsFolders && !SplitNames.differ(names(named))) return null;
        return (named.size() == 1 ? "the folder " : "the folders ") + Names.quoted(names(named)) + " in " + folder.path
                + (named.size() == 1 ? " looks like a split" : " look like splits")
                + ", but the images of the other splits are unclear; name one folder per split train, "
                + "valid and test, with the classes in it; if they are classes, rename them";
    }

    private static List<String> names(List<Directory> folders) {
        return folders.stream().map(folder -> folder.name).toList();
    }

    /** Detect folders with the same subfolders, such as splits, days or patients. */
    private static @Nullable String likeSources(Directory folder, Map<String, List<String>> holders) {
        List<String> repeated = holders.entrySet().stream()
                .filter(entry -> entry.getValue().size() > 1)
                .map(Map.Entry::getKey)
                .toList();
        // A single name in all of them is a wrapper folder: a data set has at least two classes.
        if (holders.size() < 2 || repeated.isEmpty() || 2 * repeated.size() < holders.size()) return null;
        List<Directory> tops = folder.filled().stream()
                .filter(top -> inner(top).stream().anyMatch(repeated::contains))
                .toList();
        List<String> same = tops.stream()
                .flatMap(top -> names(inside(top)).stream())
                .filter(name -> repeated.contains(ClassNames.folded(name)))
                .distinct()
                .sorted()
                .toList();
        return "the folders " + Names.quoted(names(tops)) + " in " + folder.path + " hold the same folders ("
                + Names.quoted(same)
                + "), so they look like splits or sources, not classes; name them train, valid and test if they "
                + "are splits, or choose one of them, or merge each class into one folder; if they are the "
                + "classes, put their images directly into them";
    }

    /** Detect a folder that repeats the classes beside it. */
    private static @Nullable String likeSiblings(Directory folder) {
        for (Directory top : folder.filled()) {
            Set<String> siblings = folder.filled().stream()
                    .filter(other -> other != top)
                    .map(other -> ClassNames.folded(other.name))
                    .collect(Collectors.toSet());
            List<String> again = names(inside(top)).stream()
                    .filter(name -> siblings.contains(ClassNames.folded(name)))
                    .toList();
            if (again.isEmpty() || 2 * again.size() < inside(top).filled().size()) continue;
            return "the folder '" + top.name + "' in " + folder.path
                    + " has subfolders named like the folders beside it ("
                    + Names.quoted(again)
                    + "), so it looks like a split, not a class; use folders of splits that contain classes, "
                    + "as in train/" + again.get(0) + ", or move it away";
        }
        return null;
    }

    /** Return a warning for each folder used as a class whose name is rarely that of a class. */
    static List<String> warnings(Directory folder) {
        List<String> names = names(folder);
        if (names.size() < 2) return List.of();
        List<String> warnings = new ArrayList<>();
        List<String> splits = names.stream().filter(SplitNames::isSplit).toList();
        if (!SplitNames.differ(splits))
            splits = splits.stream().filter(SplitNames::isPlain).toList();
        if (!splits.isEmpty()) {
            warnings.add("taken for "
                    + (splits.size() == 1 ? "a class, not for a split: " : "classes, not for splits: ")
                    + Names.quoted(splits) + "; splits are known by a folder called train that holds the classes");
        }
        List<String> containers = containers(names);
        if (!containers.isEmpty()) {
            warnings.add(
                    "taken for " + (containers.size() == 1 ? "a class" : "classes") + ", though classes are rarely "
                            + "called so: " + Names.quoted(containers)
                            + "; give one folder per class, or take labels from file "
                            + "names (--label-regex), if these only hold parts of the data");
        }
        return warnings;
    }

    private static List<String> containers(List<String> names) {
        Map<String, Long> stems =
                names.stream().collect(Collectors.groupingBy(ClassFolders::stem, Collectors.counting()));
        return names.stream()
                .filter(name -> {
                    String lower = ClassNames.folded(name);
                    String stem = stem(name);
                    return CONTAINERS.contains(lower)
                            || COMPANIONS.contains(lower)
                            || !stem.isEmpty() && stems.getOrDefault(stem, 0L) > 1;
                })
                .toList();
    }

    /** Return the text before a part's number; empty if the name is not that of a part. */
    private static String stem(String name) {
        Matcher matcher = NUMBERED.matcher(ClassNames.folded(name));
        if (!matcher.matches()) return "";
        String stem = matcher.group(1);
        String last = stem.replaceFirst("^.*[^\\p{L}]", "");
        return CONTAINERS.contains(last) || PARTS.contains(last) ? stem : "";
    }
}
