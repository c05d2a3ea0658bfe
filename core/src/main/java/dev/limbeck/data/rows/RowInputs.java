package dev.limbeck.data.rows;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Hold texts and rows of files to predict, encoded for a model.
 *
 * @param encoding that encoded them
 * @param names of the rows in results, such as {@code day.csv row 3}
 */
public record RowInputs(RowEncoding encoding, List<String> names, List<RowEncoding.Encoded> rows) {
    private static final int BATCH = 256;

    /**
     * Read inputs: each a file of rows, a folder of plain texts, or a text.
     *
     * @param saved the model's encoding
     * @param log receives lines about what is guessed or left out
     * @throws LimbeckException if one is none of these for sure, or a cell does not fit the model
     */
    public static RowInputs read(List<String> inputs, RowEncoding saved, Consumer<String> log) {
        RowEncoding encoding = saved;
        List<String> names = new ArrayList<>();
        List<RowEncoding.Encoded> rows = new ArrayList<>();
        for (String input : inputs) {
            Rows.Part part = part(input, encoding, log);
            if (part == null) {
                names.add(input);
                rows.add(encoding.encode(input));
                continue;
            }
            RowEncoding own = saved.forColumns(part.table().header());
            if (!rows.isEmpty() && !own.columns().equals(encoding.columns())) {
                throw new LimbeckException(input + " has the columns " + own.columns() + ", the input before it "
                        + encoding.columns() + "; predict files of other columns one by one");
            }
            encoding = own;
            List<String[]> cells = part.table().columns(encoding.columns());
            for (int i = 0; i < cells.size(); i++) {
                names.add(part.names().get(i));
                rows.add(encoded(encoding, part.names().get(i), cells.get(i)));
            }
            encoding.unknown(cells).forEach(line -> log.accept(input + ": " + line));
        }
        return new RowInputs(encoding, names, rows);
    }

    private static RowEncoding.Encoded encoded(RowEncoding encoding, String name, String... cells) {
        try {
            return encoding.encode(cells);
        } catch (LimbeckException e) {
            throw new LimbeckException(name + ": " + e.getMessage(), e);
        }
    }

    /** Read a file or folder; null for a text. Neither is guessed where both are likely. */
    private static Rows.@Nullable Part part(String input, RowEncoding encoding, Consumer<String> log) {
        if (input.isBlank()) throw new LimbeckException("a text to predict must not be empty");
        String text = encoding.columns().size() == 1 ? encoding.columns().get(0) : null;
        Path file = path(input);
        boolean exists = file != null && Files.exists(file);
        boolean isNamedSo = file != null && file.getFileName() != null && RowTable.isNamedSo(file);
        if (file != null && text != null && Files.isDirectory(file)) return TextFolder.texts(file, text, log);
        if (file != null && isNamedSo && Files.isRegularFile(file)) {
            RowTable table = RowTable.read(file, Set.of(), log);
            return Rows.Part.of(input, text == null ? table : table.withTextIn(text));
        }
        // A text may well end in the name of a file.
        if (!exists && text != null && (!isNamedSo || input.indexOf(' ') >= 0)) return null;
        throw new LimbeckException((exists ? input + " is not a file of rows" : "no file of rows " + input)
                + "; expected a table or lines of text (.csv, .tsv, .jsonl, .txt, .parquet, .sql) with the columns "
                + Names.quoted(encoding.columns()));
    }

    /** Return whether an input names a file or a folder. */
    public static boolean isPath(String input) {
        Path file = path(input);
        return file != null && Files.exists(file);
    }

    /** Return an input as a path; null for a text that cannot be one. */
    private static @Nullable Path path(String input) {
        try {
            return Path.of(input);
        } catch (InvalidPathException e) {
            return null;
        }
    }

    /** Predict all rows, in batches of 256, and return the results in their order. */
    public <Y> List<Y> predict(Function<List<RowEncoding.Encoded>, List<Y>> model) {
        List<Y> all = new ArrayList<>();
        predict(model, (name, result) -> all.add(result));
        return all;
    }

    /** Predict all rows, in batches of 256, and give each row's name and result, in their order, as soon as its batch is done. */
    public <Y> void predict(Function<List<RowEncoding.Encoded>, List<Y>> model, BiConsumer<String, Y> results) {
        for (int from = 0; from < rows.size(); from += BATCH) {
            List<Y> batch = model.apply(rows.subList(from, Math.min(rows.size(), from + BATCH)));
            for (int i = 0; i < batch.size(); i++) results.accept(names.get(from + i), batch.get(i));
        }
    }

    /** Return some of the rows, at most a batch: examples of a model's inputs. */
    public List<RowEncoding.Encoded> examples() {
        return rows.subList(0, Math.min(rows.size(), BATCH));
    }
}
