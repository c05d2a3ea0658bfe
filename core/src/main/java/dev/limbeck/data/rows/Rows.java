package dev.limbeck.data.rows;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.Task;
import dev.limbeck.data.RowSource;
import dev.limbeck.data.Split;
import dev.limbeck.data.TargetColumns;
import dev.limbeck.io.IoErrors;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/** Hold the rows of one or several files with their splits and targets. */
public final class Rows implements RowSource {
    private static final Map<Split, List<String>> NAMES = Map.of(
            Split.TRAIN, List.of("train", "training"),
            Split.VALID, List.of("valid", "validation", "val", "dev"),
            Split.TEST, List.of("test", "testing"));

    private static final int MOST_COINCIDENCE = 20;
    private static final String WHOLE = "\\d{1,18}(\\.0)?";

    /**
     * Hold rows of one split.
     *
     * @param names of the rows in messages
     */
    record Part(Split split, RowTable table, boolean labeled, List<String> names) {
        private static Part of(Split split, RowTable table, boolean labeled) {
            String file = String.valueOf(table.file().getFileName());
            return new Part(split, table, labeled, numbered(file, table));
        }

        /** Return rows without labels of a file that is called so. */
        static Part of(String file, RowTable table) {
            return new Part(Split.TRAIN, table, false, numbered(file, table));
        }

        private static List<String> numbered(String file, RowTable table) {
            return IntStream.rangeClosed(1, table.rows().size())
                    .mapToObj(row -> file + " row " + row)
                    .toList();
        }
    }

    private final List<String> header;
    private final List<String[]> cells = new ArrayList<>();
    private final List<Split> splits = new ArrayList<>();
    private final List<String> names = new ArrayList<>();
    private final TargetColumns targets;
    private final String origin;
    /** Number of rows of the first file, of the training split. */
    private final int first;
    /** Number of rows that come from files; the others are synthetic. */
    private final int real;

    private Rows(List<Part> parts, List<String> labels, Task.@Nullable Kind kind, String origin) {
        this.origin = origin;
        RowTable table = parts.get(0).table;
        first = table.rows().size();
        header = table.header().stream().filter(name -> !labels.contains(name)).toList();
        List<List<String>> labelCells = new ArrayList<>();
        for (Part part : parts) {
            List<String[]> inputs = part.table.known(header);
            List<String[]> own = part.labeled ? part.table.columns(labels) : List.of();
            for (int i = 0; i < inputs.size(); i++) {
                cells.add(inputs.get(i));
                splits.add(part.split);
                names.add(part.names.get(i));
                labelCells.add(
                        part.labeled
                                ? List.of(own.get(i))
                                : labels.stream().map(label -> "").toList());
            }
        }
        targets = TargetColumns.of(table.file(), labels, labelCells, names::get, kind);
        real = cells.size();
    }

    private Rows(Rows rows, List<String[]> more) {
        header = rows.header;
        targets = rows.targets;
        origin = rows.origin;
        real = rows.real;
        first = rows.first;
        cells.addAll(rows.cells);
        splits.addAll(rows.splits);
        names.addAll(rows.names);
        for (String[] row : more) {
            cells.add(row);
            splits.add(Split.TRAIN);
            names.add("synthetic row " + (cells.size() - real));
        }
    }

    /**
     * Return a copy with more training rows, which have no labels.
     *
     * @param synthetic cells in the header's order
     */
    public Rows with(List<String[]> synthetic) {
        return new Rows(this, synthetic);
    }

    /** Return the number of rows that were made, not read. */
    public int synthetic() {
        return cells.size() - real;
    }

    /**
     * Read rows.
     *
     * @param labels columns of the labels; the others are inputs
     * @param kind the task; null to find it
     * @param missing cells that mean no value, besides empty ones
     * @param log receives lines about what is guessed
     * @throws LimbeckException if a file is unusable, or a column is missing
     */
    public static Rows read(
            RowFiles files, List<String> labels, Task.@Nullable Kind kind, Set<String> missing, Consumer<String> log) {
        Path source = files.source();
        Path test = files.test();
        Path unlabeled = files.unlabeled();
        String text = files.textColumn();
        List<Part> parts = new ArrayList<>();
        if (TextFolder.isAt(source)) {
            parts.addAll(TextFolder.read(source, log));
        } else {
            files(source, log)
                    .forEach((split, file) -> parts.add(Part.of(split, RowTable.read(file, missing, log), true)));
        }
        if (test != null) {
            if (parts.stream().anyMatch(part -> part.split == Split.TEST)) {
                throw new LimbeckException(
                        source + " has a test split, found another file of it, " + test + "; name one");
            }
            if (text != null && Files.isDirectory(test)) {
                parts.addAll(TextFolder.test(test, text, labels, log));
            } else {
                parts.add(Part.of(Split.TEST, RowTable.read(test, missing, log), true));
            }
        }
        if (unlabeled != null) {
            if (text != null && Files.isDirectory(unlabeled)) {
                parts.add(TextFolder.texts(unlabeled, text, log));
            } else {
                RowTable table = RowTable.read(unlabeled, missing, log);
                parts.add(Part.of(Split.TRAIN, text == null ? table : table.withTextIn(text), false));
            }
        }
        RowTable first = parts.get(0).table;
        if (labels.isEmpty()) {
            throw new LimbeckException(first.file() + " has the columns " + Names.quoted(first.header())
                    + "; name the ones to predict (label_columns, --label-columns)");
        }
        return new Rows(parts, labels, kind, String.valueOf(source));
    }

    /**
     * Return whether a source names rows: a file, a folder without folders and with a file of training rows, or a {@link TextFolder}.
     */
    public static boolean areAt(String source) {
        try {
            if (source.isBlank()) return false;
            Path path = Path.of(source);
            if (!Files.isDirectory(path)) return RowTable.isNamedSo(path);
            if (TextFolder.isAt(path)) return true;
            try (Stream<Path> inside = Files.list(path)) {
                List<Path> all = inside.toList();
                // A file of labels beside folders of images belongs to the images.
                boolean hasFolders = all.stream()
                        .anyMatch(file -> Files.isDirectory(file)
                                && !file.getFileName().toString().startsWith("."));
                return !hasFolders && splits(tables(all)).containsValue(Split.TRAIN);
            }
        } catch (InvalidPathException | IOException e) {
            return false; // reported when it is opened
        }
    }

    private static List<Path> tables(List<Path> files) {
        return files.stream()
                .filter(RowTable::isNamedSo)
                .sorted(Comparator.comparing(Path::getFileName))
                .toList();
    }

    /**
     * Find the splits that files are named after: by whole names such as train.csv, or if no file has one, by a word in them as in
     * train_reviews.csv. Two words name no split.
     */
    private static Map<Path, Split> splits(List<Path> files) {
        Map<Path, Split> whole = new LinkedHashMap<>();
        Map<Path, Split> within = new LinkedHashMap<>();
        for (Path file : files) {
            split(stem(file)).ifPresent(split -> whole.put(file, split));
            Set<Split> words = Arrays.stream(stem(file).split("[^\\p{L}]+"))
                    .flatMap(word -> split(word).stream())
                    .collect(Collectors.toSet());
            if (words.size() == 1) within.put(file, words.iterator().next());
        }
        return whole.isEmpty() ? within : whole;
    }

    /** Return the split that a file or folder is named after, in upper or lower case. */
    static Optional<Split> split(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return NAMES.entrySet().stream()
                .filter(words -> words.getValue().contains(lower))
                .map(Map.Entry::getKey)
                .findFirst();
    }

    private static String stem(Path file) {
        return file.getFileName().toString().replaceFirst("\\..*", "");
    }

    private static Map<Split, Path> files(Path source, Consumer<String> log) {
        Map<Split, Path> files = new EnumMap<>(Split.class);
        if (!Files.isDirectory(source)) {
            files.put(Split.TRAIN, source);
            return files;
        }
        try (Stream<Path> inside = Files.list(source)) {
            List<Path> entries = inside.sorted().toList();
            List<Path> all = tables(entries);
            List<String> others = new ArrayList<>();
            Map<Path, Split> found = splits(all);
            for (Path file : all) {
                Split split = found.get(file);
                if (split == null) {
                    others.add(String.valueOf(file.getFileName()));
                    continue;
                }
                Path other = files.put(split, file);
                if (other != null) {
                    throw new LimbeckException(source + " has two files of one split, " + other.getFileName() + " and "
                            + file.getFileName() + "; keep one");
                }
            }
            if (!files.containsKey(Split.TRAIN)) {
                throw new LimbeckException(source
                        + " must have a file of training rows, such as train.csv, or folders of "
                        + "texts, train/<class>/*.txt, found "
                        + (entries.isEmpty()
                                ? "nothing"
                                : Names.quoted(entries.stream()
                                        .map(path -> String.valueOf(path.getFileName()))
                                        .toList())));
            }
            files.forEach((split, file) -> {
                if (split(stem(file)).isEmpty())
                    log.accept(file.getFileName() + " is taken for the " + split.label() + " split");
            });
            if (!others.isEmpty()) {
                log.accept(Names.quoted(others) + " in " + source
                        + " are not named after a split (train, valid, test) and are left out");
            }
            return files;
        } catch (IOException e) {
            throw IoErrors.reading(source, e);
        }
    }

    /** Return the names of the input columns. */
    public List<String> header() {
        return header;
    }

    /** Return the columns whose whole numbers count the rows of the first file one by one, if it has more than 20. */
    public List<String> counters() {
        if (first <= MOST_COINCIDENCE) return List.of();
        return IntStream.range(0, header.size())
                .filter(column -> IntStream.range(1, first)
                        .allMatch(row -> isNext(cells.get(row - 1)[column], cells.get(row)[column])))
                .mapToObj(header::get)
                .toList();
    }

    private static boolean isNext(String before, String cell) {
        if (!before.matches(WHOLE) || !cell.matches(WHOLE)) return false;
        return new BigDecimal(before).add(BigDecimal.ONE).compareTo(new BigDecimal(cell)) == 0;
    }

    /** Return the cells of a row, in the header's order. */
    public String[] cells(int index) {
        return cells.get(index);
    }

    @Override
    public List<String> classNames() {
        return targets.task().names();
    }

    @Override
    public Task task() {
        return targets.task();
    }

    @Override
    public int size() {
        return cells.size();
    }

    @Override
    public int label(int index) {
        if (index >= real) return -1;
        double[] row = targets.rows().get(index);
        if (task().kind() == Task.Kind.SINGLE_LABEL) return (int) row[0];
        return Arrays.stream(row).allMatch(Double::isNaN) ? -1 : 0;
    }

    @Override
    public double[] values(int index) {
        if (index >= real) {
            double[] none = new double[task().outputs()];
            Arrays.fill(none, Double.NaN);
            return none;
        }
        return targets.rows().get(index);
    }

    @Override
    public String name(int index) {
        return names.get(index);
    }

    @Override
    public Split split(int index) {
        return splits.get(index);
    }

    @Override
    public long signature(int index) {
        CRC32 sum = new CRC32();
        for (String cell : cells.get(index)) sum.update((cell + "\n").getBytes(StandardCharsets.UTF_8));
        return sum.getValue();
    }

    @Override
    public String origin() {
        return origin;
    }
}
