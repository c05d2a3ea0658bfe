package dev.limbeck.data.image;

import dev.limbeck.Names;
import dev.limbeck.Task;
import dev.limbeck.data.Split;
import dev.limbeck.io.IoErrors;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Label the images of another source by a CSV file. A row names an image by its path below the folder, or by its file
 * name if that is unique, with or without the suffix. Names may be in another Unicode form than the files' are.
 */
final class TabledSource extends WrappedSource {
    private static final int NAMED = 3;

    private final LabelTable table;
    private final List<double @Nullable []> rows = new ArrayList<>();
    private final List<@Nullable Split> splits = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();

    /**
     * Match the rows with the images.
     *
     * @throws dev.limbeck.LimbeckException if no row names an image
     */
    TabledSource(ImageSource images, LabelTable table) {
        super(images);
        this.table = table;
        Lookup exact = new Lookup(name -> name);
        Lookup composed = null;
        Set<String> unused = new HashSet<>(table.rows().keySet());
        List<String> without = new ArrayList<>();
        for (int i = 0; i < images.size(); i++) {
            String path = images.name(i);
            String row = exact.row(path);
            if (row == null) {
                if (composed == null) composed = new Lookup(name -> Normalizer.normalize(name, Normalizer.Form.NFC));
                row = composed.row(path);
            }
            rows.add(row == null ? null : table.rows().get(row));
            splits.add(row == null ? null : table.splits().get(row));
            if (row == null) without.add(path);
            else unused.remove(row);
        }
        List<String> shared = table.names().stream()
                .filter(name -> unused.contains(name)
                        && Math.max(exact.stems.getOrDefault(name, 0), exact.fileNames.getOrDefault(name, 0)) > 1)
                .toList();
        if (without.size() == images.size() && !shared.isEmpty()) {
            throw IoErrors.in(
                    table.file(),
                    "names several images of " + images.origin() + " by '" + shared.get(0)
                            + "'; write the suffix or the folder, too");
        }
        if (without.size() == images.size()) {
            throw IoErrors.in(
                    table.file(),
                    "names no image of " + images.origin() + ": expected names such as '" + images.name(0)
                            + "', found '" + table.names().get(0) + "' in the first column");
        }
        logNames(without, "have no row in " + table.file() + " and no label");
        logNames(
                shared,
                "are rows of " + table.file()
                        + " for several images, which only the suffix or the folder would tell apart");
        shared.forEach(unused::remove);
        logNames(
                table.names().stream().filter(unused::contains).toList(),
                "are rows of " + table.file() + " without an image");
    }

    private void logNames(List<String> names, String what) {
        if (names.isEmpty()) return;
        List<String> some = names.size() > NAMED ? names.subList(0, NAMED) : names;
        warnings.add(names.size() + " " + what + ", such as " + Names.quoted(some));
    }

    /** Find rows of images whose names are equal in a form. */
    private final class Lookup {
        private final UnaryOperator<String> form;
        /** Names in the table by their form; empty where several have one. */
        private final Map<String, String> rows = new HashMap<>();

        private final Map<String, Integer> paths = new HashMap<>();
        private final Map<String, Integer> fileNames = new HashMap<>();
        private final Map<String, Integer> stems = new HashMap<>();

        Lookup(UnaryOperator<String> form) {
            this.form = form;
            for (String name : table.rows().keySet()) rows.merge(form.apply(name), name, (one, other) -> "");
            Set<String> known = new HashSet<>();
            for (int i = 0; i < images.size(); i++) {
                String path = form.apply(images.name(i));
                String file = fileName(path);
                fileNames.merge(file, 1, Integer::sum);
                if (!stem(file).equals(file)) fileNames.merge(stem(file), 1, Integer::sum);
                stems.merge(stem(path), 1, Integer::sum);
                if (known.add(images.name(i))) paths.merge(path, 1, Integer::sum);
            }
        }

        /** Return the name in the table; null if none is an image's alone. */
        @Nullable
        String row(String name) {
            String path = form.apply(name);
            if (isOnly(path, paths)) return rows.get(path);
            // An image and its mask often differ in the suffix only.
            if (isOnly(stem(path), stems)) return rows.get(stem(path));
            for (String part : List.of(fileName(path), stem(fileName(path)))) {
                if (isOnly(part, fileNames)) return rows.get(part);
            }
            return null;
        }

        private boolean isOnly(String part, Map<String, Integer> counts) {
            return !rows.getOrDefault(part, "").isEmpty() && counts.getOrDefault(part, 0) == 1;
        }
    }

    private static String fileName(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    private static String stem(String path) {
        int dot = path.lastIndexOf('.');
        return dot > path.lastIndexOf('/') + 1 ? path.substring(0, dot) : path;
    }

    /** {@inheritDoc} A split of the table goes before a folder's. */
    @Override
    public Split split(int index) {
        Split split = splits.get(index);
        return split == null ? images.split(index) : split;
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
    public int label(int index) {
        double[] row = rows.get(index);
        return row == null ? -1 : table.label(row);
    }

    @Override
    public double[] values(int index) {
        double[] row = rows.get(index);
        if (row != null) return row;
        double[] unknown = new double[task().outputs()];
        Arrays.fill(unknown, Double.NaN);
        return unknown;
    }

    /** {@inheritDoc} The labels of the wrapped source are ignored. */
    @Override
    public void checkLabels() {}

    @Override
    public List<String> warnings() {
        List<String> all = new ArrayList<>(images.warnings());
        all.addAll(warnings);
        return all;
    }

    @Override
    public String origin() {
        return images.origin() + " with labels of " + table.file();
    }
}
