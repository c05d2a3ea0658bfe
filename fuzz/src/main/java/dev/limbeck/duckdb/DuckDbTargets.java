package dev.limbeck.duckdb;

import dev.limbeck.fuzz.Mutators;
import dev.limbeck.fuzz.Target;
import java.util.List;

/** List the readers of Parquet files: the check in Java, and DuckDB after it. */
public final class DuckDbTargets {

    private DuckDbTargets() {}

    /** Return all targets of this package that run only in Java. */
    public static List<Target> all() {
        return List.of(Target.of("parquet-ends", Mutators.bytes("PAR1", "PARE"), file -> {
            ParquetReader.check(file);
            return 0;
        }));
    }

    /** Return the target whose files reach native code. */
    public static List<Target> natives() {
        return List.of(Target.of("parquet", Mutators.bytes(), file -> {
                    new ParquetReader().read(file, line -> {});
                    return 0;
                })
                .called("rows.parquet"));
    }
}
