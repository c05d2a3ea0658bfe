package dev.limbeck.distill.teacher;

import dev.limbeck.distill.cache.Chunk;
import dev.limbeck.distill.cache.DiskStore;
import dev.limbeck.fuzz.Mutators;
import dev.limbeck.fuzz.Target;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/** List the readers of cached outputs. */
public final class TeacherTargets {
    private static final int ROW = 8;

    private TeacherTargets() {}

    /** Return all targets of this package. */
    public static List<Target> all() {
        return List.of(
                Target.of("cache-facts", Mutators.text(), file -> {
                            DiskStore.facts(file.getParent());
                            return 0;
                        })
                        .called(DiskStore.FACTS)
                        .allowing(2000),
                Target.of("cache-rows", Mutators.rows(), TeacherTargets::rows));
    }

    private static long rows(Path file) {
        Chunk chunk = Chunk.open(file, new byte[Chunk.ID], ROW);
        ByteBuffer row = ByteBuffer.allocate(ROW);
        for (int i = 0; i < chunk.count(); i++) {
            chunk.key(i);
            chunk.copy(i, row.clear());
        }
        return 0;
    }
}
