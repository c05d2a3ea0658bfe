package dev.limbeck.data.rows;

import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * Read tables from files of one format. Register an implementation in {@code META-INF/services/dev.limbeck.data.rows.TableReader}, in
 * any jar.
 */
public interface TableReader {
    /** Return the ending of its files without the dot, in lower case, such as {@code parquet}. */
    String ending();

    /**
     * Read a file. An empty text stands for no value.
     *
     * @param log receives a line about what is converted
     * @throws dev.limbeck.LimbeckException with a one-line message, if it cannot be read
     */
    RowTable read(Path file, Consumer<String> log);
}
