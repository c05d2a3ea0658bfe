package dev.limbeck.data.rows;

import dev.limbeck.LimbeckException;
import dev.limbeck.Registry;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/** Find the readers of tables on the class path. */
final class TableReaders {
    private static final Registry<TableReader> ALL = Registry.of(
            "table reader", TableReader.class, TableReader::ending, LoggerFactory.getLogger(TableReaders.class)::warn);

    /** Artifacts that read files with these endings. */
    private static final Map<String, String> OTHERS = Map.of("parquet", "limbeck-duckdb", "sql", "limbeck-duckdb");

    private TableReaders() {}

    /** Return whether an ending is of tables that a reader reads, or would if its artifact were there. */
    static boolean know(String ending) {
        return OTHERS.containsKey(ending) || ALL.find(ending).isPresent();
    }

    /**
     * Return the reader of an ending; empty if it is of no reader.
     *
     * @throws LimbeckException if its artifact is not on the class path
     */
    static Optional<TableReader> of(String ending, Path file) {
        Optional<TableReader> found = ALL.find(ending);
        if (found.isEmpty() && OTHERS.containsKey(ending)) {
            throw new LimbeckException("there is no reader for " + file + ": put " + OTHERS.get(ending)
                    + " on the class path, or save it as CSV");
        }
        return found;
    }
}
