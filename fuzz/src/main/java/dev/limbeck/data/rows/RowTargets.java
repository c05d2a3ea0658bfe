package dev.limbeck.data.rows;

import dev.limbeck.fuzz.Mutators;
import dev.limbeck.fuzz.Target;
import dev.limbeck.table.TablePreprocessing;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** List the readers of texts and tables. */
public final class RowTargets {
    private RowTargets() {}

    /** Return all targets of this package. */
    public static List<Target> all() {
        return List.of(
                Target.of("rows-csv", Mutators.text(), RowTargets::rows)
                        .called("rows.csv")
                        .allowing(2000),
                Target.of("rows-jsonl", Mutators.text(), RowTargets::rows)
                        .called("rows.jsonl")
                        .allowing(4000),
                Target.of("table-columns", Mutators.text(), RowTargets::columns).allowing(2000));
    }

    private static long rows(Path file) {
        RowTable table = RowTable.read(file, Set.of("?"), line -> {});
        TablePreprocessing columns =
                TablePreprocessing.fit(table.header(), table.rows(), Set.of(), Set.of(), line -> {});
        table.columns(columns.names()).forEach(columns::encode);
        return 0;
    }

    private static long columns(Path file) throws Exception {
        // An address of another encoding is no text of metadata.
        String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        TablePreprocessing.of(Map.of("columns", text)).toMetadata();
        return 0;
    }
}
