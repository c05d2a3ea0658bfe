package dev.limbeck.data.rows;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.data.Split;
import dev.limbeck.io.IoErrors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Read a folder of plain texts, one a file: {@code <class>/*.txt}, or {@code train|valid|test/<class>/*.txt}. Folders named unsup,
 * unlabeled or unknown hold texts without a label.
 */
public final class TextFolder {
    /** The column of the folders' names. */
    public static final String CLASS = "class";

    private static final String ENDING = ".txt";
    private static final Set<String> WITHOUT_LABEL = Set.of("unsup", "unlabeled", "unlabelled", "unknown");
    private static final long MOST_BYTES = 16 << 20;

    private TextFolder() {}

    /** Return whether a path is such a folder: most files of its first folder with files are texts. */
    public static boolean isAt(Path source) {
        try {
            if (!Files.isDirectory(source)) return false;
            for (Path folder : folders(source)) {
                boolean holdsClasses = Rows.split(name(folder)).isPresent() && !isClass(folder);
                for (Path inner : holdsClasses ? folders(folder) : List.of(folder)) {
                    List<Path> files = entries(inner, Files::isRegularFile);
                    if (!files.isEmpty())
                        return files.stream().filter(TextFolder::isText).count() * 2 > files.size();
                }
            }
            return false;
        } catch (IOException e) {
            return false; // reported when it is opened
        }
    }

    /**
     * Read the texts of each split, in the order of their names.
     *
     * @param log receives a line about what is left out
     * @throws LimbeckException if there are no texts, or one is unreadable, not UTF-8 or larger than 16 MB
     */
    static List<Rows.Part> read(Path source, Consumer<String> log) {
        try {
            if (classesCalledLikeSplits(source, log)) return part(source, source, Split.TRAIN, log);
            Map<Split, Path> splits = new EnumMap<>(Split.class);
            List<Path> others = new ArrayList<>();
            for (Path inside : entries(source, path -> true)) {
                Optional<Split> split = Files.isDirectory(inside) ? Rows.split(name(inside)) : Optional.empty();
                if (split.isEmpty()) {
                    others.add(inside);
                } else if (splits.put(split.get(), inside) != null) {
                    throw new LimbeckException(
                            source + " has two folders of the " + split.get().label() + " split; keep one");
                }
            }
            if (splits.isEmpty()) return part(source, source, Split.TRAIN, log);
            if (!splits.containsKey(Split.TRAIN)) {
                throw new LimbeckException(source + " must have a folder of training texts, such as train, found "
                        + splits.values().stream().map(TextFolder::name).toList());
            }
            if (!others.isEmpty()) {
                log.accept(others.size() + " files and folders in " + source
                        + " are no folders of splits and are left out, such as '" + name(others.get(0)) + "'");
            }
            List<Rows.Part> parts = new ArrayList<>();
            for (Map.Entry<Split, Path> split : splits.entrySet()) {
                parts.addAll(part(source, split.getValue(), split.getKey(), log));
            }
            return parts;
        } catch (IOException e) {
            throw IoErrors.reading(source, e);
        }
    }

    /**
     * Return whether folders called like splits are classes, as in folders of images: they hold texts and no folders, they stand beside
     * other classes, and they are not a training split with an evaluation split.
     *
     * @throws LimbeckException if they may be either
     */
    private static boolean classesCalledLikeSplits(Path source, Consumer<String> log) throws IOException {
        List<Path> named = new ArrayList<>();
        boolean beside = false;
        for (Path folder : folders(source)) {
            if (Rows.split(name(folder)).isPresent()) named.add(folder);
            else beside |= isClass(folder) && isLabeled(folder);
        }
        for (Path folder : named) if (!isClass(folder)) return false;
        if (named.isEmpty()) return false;
        String names = Names.quoted(named.stream().map(TextFolder::name).toList());
        boolean trains =
                named.stream().anyMatch(folder -> Rows.split(name(folder)).equals(Optional.of(Split.TRAIN)));
        if (!beside || trains && named.size() > 1) {
            throw new LimbeckException(source + " has texts directly in " + names
                    + ", which are called like splits; put the texts of splits into folders of classes, such as train/"
                    + "<class>/, or give classes other names");
        }
        log.accept(names + " in " + source + (named.size() == 1 ? " is a class" : " are classes")
                + ", since texts are directly inside; a split has folders of classes");
        return true;
    }

    /** Return whether a folder has texts, and no folders with texts. */
    private static boolean isClass(Path folder) throws IOException {
        for (Path inner : folders(folder)) if (hasTexts(inner)) return false;
        return hasTexts(folder);
    }

    private static boolean hasTexts(Path folder) throws IOException {
        return !entries(folder, TextFolder::isText).isEmpty();
    }

    private static boolean isLabeled(Path folder) {
        return !WITHOUT_LABEL.contains(name(folder).toLowerCase(Locale.ROOT));
    }

    /**
     * Read the texts of a test split, {@code <class>/*.txt}.
     *
     * @param column of the texts
     * @param labels columns of the labels; the only one gets the folders' names
     * @param log receives a line about what is left out
     * @throws LimbeckException if there are several columns, no texts, or splits in it, or as {@link #read} does
     */
    static List<Rows.Part> test(Path folder, String column, List<String> labels, Consumer<String> log) {
        if (labels.size() > 1) {
            throw new LimbeckException(
                    folder + " has one class a text, the name of its folder, found the label columns "
                            + Names.quoted(labels) + "; name a file of test rows instead");
        }
        List<String> header = List.of(column, labels.isEmpty() ? CLASS : labels.get(0));
        try {
            Optional<Path> inner = folders(folder).stream()
                    .filter(inside -> Rows.split(name(inside)).isPresent())
                    .findFirst();
            if (inner.isPresent() && !isClass(inner.get())) {
                throw new LimbeckException(folder + " must have folders of classes, found the split '"
                        + name(inner.get()) + "'; name one split, such as " + inner.get());
            }
            return part(folder, folder, Split.TEST, log).stream()
                    .map(part -> new Rows.Part(
                            part.split(),
                            new RowTable(folder, header, part.table().rows()),
                            part.labeled(),
                            part.names().stream()
                                    .map(file -> name(folder) + "/" + file)
                                    .toList()))
                    .toList();
        } catch (IOException e) {
            throw IoErrors.reading(folder, e);
        }
    }

    private static List<Rows.Part> part(Path source, Path folder, Split split, Consumer<String> log)
            throws IOException {
        List<String[]> labeled = new ArrayList<>();
        List<String> labeledNames = new ArrayList<>();
        List<String[]> rest = new ArrayList<>();
        List<String> restNames = new ArrayList<>();
        long others = entries(folder, Files::isRegularFile).size();
        for (Path inner : folders(folder)) {
            boolean isLabeled = isLabeled(inner);
            for (Path file : entries(inner, path -> true)) {
                if (!isText(file)) {
                    others++;
                    continue;
                }
                (isLabeled ? labeled : rest).add(new String[] {RowTable.wholeText(file, MOST_BYTES), name(inner)});
                (isLabeled ? labeledNames : restNames).add(slashed(source.relativize(file)));
            }
        }
        if (others > 0) {
            log.accept(others + " files and folders in " + folder + " are no texts of a class (<class>/*" + ENDING
                    + ") and are left out");
        }
        if (labeled.isEmpty()) {
            throw new LimbeckException(folder + " must have texts in folders named after their classes, <class>/*"
                    + ENDING + ", found none");
        }
        List<String> header = List.of(RowTable.TEXT, CLASS);
        List<Rows.Part> parts = new ArrayList<>();
        parts.add(new Rows.Part(split, new RowTable(folder, header, labeled), true, labeledNames));
        if (!rest.isEmpty()) parts.add(new Rows.Part(split, new RowTable(folder, header, rest), false, restNames));
        return parts;
    }

    /**
     * Read all texts of a folder, in folders of any depth, without labels and in the order of their paths. Hidden files are no texts.
     *
     * @param column of the texts
     * @param log receives a line with their number
     * @throws LimbeckException if there are none, or one is unreadable, not UTF-8 or larger than 16 MB
     */
    static Rows.Part texts(Path folder, String column, Consumer<String> log) {
        try (Stream<Path> inside = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
            List<Path> files = inside.filter(Files::isRegularFile)
                    .filter(file -> !isHidden(folder.relativize(file)))
                    .sorted()
                    .toList();
            List<String[]> texts = new ArrayList<>();
            List<String> names = new ArrayList<>();
            for (Path file : files) {
                if (!isText(file)) continue;
                texts.add(new String[] {RowTable.wholeText(file, MOST_BYTES)});
                names.add(slashed(file));
            }
            if (texts.isEmpty()) {
                throw new LimbeckException(folder + " must have texts, one a file (*" + ENDING + "), found "
                        + files.size() + " other files");
            }
            int others = files.size() - texts.size();
            log.accept(folder + ": each " + ENDING + " file is a text, " + texts.size() + " in all"
                    + (others == 0 ? "" : "; other files are left out: " + others));
            return new Rows.Part(Split.TRAIN, new RowTable(folder, List.of(column), texts), false, names);
        } catch (UncheckedIOException e) {
            throw IoErrors.reading(folder, e.getCause());
        } catch (IOException e) {
            throw IoErrors.reading(folder, e);
        }
    }

    private static boolean isHidden(Path inside) {
        for (Path part : inside) if (name(part).startsWith(".")) return true;
        return false;
    }

    private static String slashed(Path path) {
        return path.toString().replace('\\', '/');
    }

    private static boolean isText(Path file) {
        return Files.isRegularFile(file) && name(file).toLowerCase(Locale.ROOT).endsWith(ENDING);
    }

    private static String name(Path path) {
        return String.valueOf(path.getFileName());
    }

    private static List<Path> folders(Path folder) throws IOException {
        return entries(folder, Files::isDirectory);
    }

    private static List<Path> entries(Path folder, Predicate<Path> wanted) throws IOException {
        try (Stream<Path> inside = Files.list(folder)) {
            return inside.filter(path -> !name(path).startsWith("."))
                    .filter(wanted)
                    .sorted()
                    .toList();
        }
    }
}
