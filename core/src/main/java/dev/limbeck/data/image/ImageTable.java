package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.Task;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.SkippedFile.Reason;
import dev.limbeck.data.rows.RowTable;
import dev.limbeck.image.ImageDecoder;
import dev.limbeck.image.ImageFormat;
import dev.limbeck.image.RgbImage;
import dev.limbeck.io.IoErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * List the images that a table names, in its order: CSV, TSV or JSON lines with a header, also compressed by gzip. The first column is the
 * path of an image, relative to the table's folder. A column {@code split} has train, valid or test; all other columns are
 * labels or targets, and an empty cell is an unknown one.
 *
 * <pre>
 * path,label,split
 * photos/0001.jpg,cat,train
 * photos/0002.jpg,dog,valid
 * </pre>
 *
 * <p>Only the existence and the size of the files are read here. Images that do not exist are counted in {@link #leftOut} and {@link
 * #warnings}. To label the images of a folder by a table, see {@link ImageDataBuilder#labels(Path)}.
 */
public final class ImageTable implements ImageSource {
    private static final int NAMED = 3;

    private record Entry(String name, Path file, long bytes, double[] values, Split split) {}

    private final LabelTable table;
    private final List<Entry> entries = new ArrayList<>();
    private final List<SkippedFile> leftOut = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();

    private ImageTable(LabelTable table) {
        this.table = table;
        Path folder = folder(table.file());
        for (String name : table.names()) {
            Reason lost = add(folder, name);
            if (lost != null) leftOut.add(new SkippedFile(name, lost));
        }
        List<String> missing = leftOut.stream()
                .filter(file -> file.reason() == Reason.MISSING)
                .map(SkippedFile::file)
                .toList();
        if (entries.isEmpty()) {
            throw IoErrors.in(
                    table.file(),
                    "names no image: expected paths relative to " + folder + " in the first column, found "
                            + Names.quoted(
                                    leftOut.stream().map(SkippedFile::file).toList())
                            + "; to train on the other cells, leave that column out (ignore, --ignore-columns)");
        }
        if (!missing.isEmpty()) {
            warnings.add(String.format(
                    Locale.ROOT,
                    "%,d of %,d rows of %s name files that do not exist, such as %s",
                    missing.size(),
                    table.names().size(),
                    table.file(),
                    Names.quoted(missing.subList(0, Math.min(NAMED, missing.size())))));
        }
    }

    private static Path folder(Path table) {
        Path folder = table.toAbsolutePath().getParent();
        return folder == null ? table.toAbsolutePath() : folder;
    }

    /** List an image; return why it cannot be used, or null. */
    private @Nullable Reason add(Path folder, String name) {
        Reason lost = add(folder, name, name);
        if (lost != Reason.MISSING) return lost;
        // File systems and programs write the same name in different Unicode forms.
        for (Normalizer.Form form : List.of(Normalizer.Form.NFC, Normalizer.Form.NFD)) {
            String other = Normalizer.normalize(name, form);
            if (other.equals(name)) continue;
            lost = add(folder, name, other);
            if (lost != Reason.MISSING) return lost;
        }
        return Reason.MISSING;
    }

    private @Nullable Reason add(Path folder, String name, String spelled) {
        try {
            Path file = folder.resolve(spelled);
            BasicFileAttributes facts = Files.readAttributes(file, BasicFileAttributes.class);
            // Opening a pipe would block.
            if (!facts.isRegularFile()) return Reason.UNREADABLE;
            if (facts.size() == 0) return Reason.EMPTY;
            Split split = table.splits().getOrDefault(name, Split.TRAIN);
            entries.add(new Entry(name, file, facts.size(), table.rows().get(name), split));
            return null;
        } catch (NoSuchFileException | InvalidPathException e) {
            return Reason.MISSING;
        } catch (IOException e) {
            return Reason.UNREADABLE;
        }
    }

    /**
     * List the images of a table. The task is found from its columns of labels.
     *
     * @throws LimbeckException if the table is unreadable, or names no image
     */
    public static ImageTable of(Path table) {
        return of(table, null, List.of());
    }

    /**
     * List the images of a table.
     *
     * @param kind the task; null to find it: one column of text is a class, several of 0 and 1 are labels, other numbers
     *     are regression targets
     * @param columns columns of labels or targets to use, in this order; empty for all
     * @throws LimbeckException if the table is unreadable, does not fit the task, or names no image
     */
    public static ImageTable of(Path table, Task.@Nullable Kind kind, List<String> columns) {
        return new ImageTable(LabelTable.read(table, columns, kind));
    }

    /** Return whether a source is named like a table. */
    public static boolean isNamedSo(String source) {
        try {
            Path file = Path.of(source);
            return RowTable.hasHeader(file) && !Files.isDirectory(file);
        } catch (InvalidPathException e) {
            return false; // reported when it is opened
        }
    }

    /** Return whether a source is a table whose first row begins with the name of an image. */
    public static boolean isAt(String source) {
        try {
            Path file = Path.of(source);
            if (!RowTable.hasHeader(file) || !Files.isRegularFile(file)) return false;
            String[] row = RowTable.head(file, 1).rows().get(0);
            if (row.length == 0) return false; // an empty JSON object
            String first = row[0];
            return ImageFormat.ofSuffix(FileNames.suffix(first.replace('\\', '/'))) != null;
        } catch (InvalidPathException | LimbeckException e) {
            return false; // reported when it is opened
        }
    }

    @Override
    public Task task() {
        return table.task();
    }

    @Override
    public List<String> classNames() {
        return table.task().names();
    }

    @Override
    public int size() {
        return entries.size();
    }

    @Override
    public int label(int index) {
        return table.label(values(index));
    }

    @Override
    public double[] values(int index) {
        return entries.get(index).values();
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
    public List<SkippedFile> leftOut() {
        return List.copyOf(leftOut);
    }

    @Override
    public List<String> warnings() {
        return List.copyOf(warnings);
    }

    @Override
    public String origin() {
        return "table " + table.file();
    }
}
