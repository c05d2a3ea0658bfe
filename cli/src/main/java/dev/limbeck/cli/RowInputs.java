package dev.limbeck.cli;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.data.rows.RowEncoding;
import dev.limbeck.data.rows.RowTable;
import dev.limbeck.run.RunRecord;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Hold texts and rows of files that a command line names, encoded for a model.
 *
 * @param encoding that encoded them
 */
record RowInputs(RowEncoding encoding, List<String> names, List<RowEncoding.Encoded> rows) {
    /**
     * Read inputs: each a file of rows, or a text.
     *
     * @throws LimbeckException if one is neither for sure, or a cell does not fit the model
     */
    static RowInputs read(List<String> inputs, RowEncoding saved, Consumer<String> log) {
        RowEncoding encoding = saved;
        List<String> names = new ArrayList<>();
        List<RowEncoding.Encoded> rows = new ArrayList<>();
        for (String input : inputs) {
            if (isRows(input, encoding)) {
                RowTable table = RowTable.read(Path.of(input), Set.of(), log);
                encoding = saved.forColumns(table.header());
                int number = 0;
                for (String[] cells : table.columns(encoding.columns())) {
                    number++;
                    String name = input + " row " + number;
                    names.add(name);
                    rows.add(encoded(encoding, name, cells));
                }
            } else {
                names.add(input);
                rows.add(encoding.encode(input));
            }
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

    /** Return whether an input names a file of rows, or else is a text. Neither is guessed where both are likely. */
    private static boolean isRows(String input, RowEncoding encoding) {
        if (input.isBlank()) throw new LimbeckException("a text to predict must not be empty");
        Path file = path(input);
        boolean exists = file != null && Files.exists(file);
        boolean isNamedSo =
                file != null && file.getFileName() != null && input.indexOf(' ') < 0 && RowTable.isNamedSo(file);
        if (exists && isNamedSo && Files.isRegularFile(file)) return true;
        if (!exists && !isNamedSo && encoding.columns().size() == 1) return false;
        throw new LimbeckException((exists ? input + " is not a file of rows" : "no file of rows " + input)
                + "; expected a table or lines of text (.csv, .tsv, .jsonl, .txt, .parquet, .sql) with the columns "
                + Names.quoted(encoding.columns()));
    }

    /** Return whether an input names a file or a folder. */
    static boolean isPath(String input) {
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

    /** Return whether a model may read rows; only a run says that it does not. */
    static boolean mayBeReadBy(Path model) {
        return RunRecord.beside(model)
                .map(run -> !run.recipe().path("data").path("kind").isMissingNode())
                .orElse(true);
    }
}
