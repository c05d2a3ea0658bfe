package dev.limbeck.distill.cache;

import dev.limbeck.data.SampleKey;
import dev.limbeck.fuzz.Mutators;
import dev.limbeck.fuzz.Target;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/** List the package-private readers of cached outputs. */
public final class CacheTargets {
    private static final int ROW = 8;

    private CacheTargets() {}

    /** Return all targets of this package. */
    public static List<Target> all() {
        return List.of(Target.of("cache-index", Mutators.index(), CacheTargets::index));
    }

    private static long index(Path file) {
        try (SortedRows rows = SortedRows.open(file, new byte[Chunk.ID], new byte[Chunk.ID], ROW, line -> {})) {
            ByteBuffer row = ByteBuffer.allocate(ROW);
            for (long i = 0; i < 8; i++) rows.get(new SampleKey(i << 61, i), row.clear());
        }
        return 0;
    }
}
