package dev.limbeck.distill.cache;

import dev.limbeck.data.Data;
import dev.limbeck.distill.teacher.TeacherFacts;
import dev.limbeck.tensor.Precision;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Hold the configuration of a cache.
 *
 * @param folder cache folder; null for memory
 * @param memories in-memory stores, one per precision
 * @param budget maximum number of rows in memory
 * @param log receives lines about the folder
 */
record CacheConfig(
        Encoding encoding,
        @Nullable Path folder,
        Map<Precision, MemoryStore> memories,
        long budget,
        Counts counts,
        Consumer<String> log) {
    /** Number of requested and cached rows, and whether writes failed. */
    static final class Counts {
        long requested;
        long found;
        boolean lost;
    }

    static CacheConfig inMemory(long budget) {
        return new CacheConfig(Encoding.FLOAT32, null, new ConcurrentHashMap<>(), budget, new Counts(), line -> {});
    }

    static CacheConfig onDisk(Path folder, Encoding encoding, Consumer<String> log) {
        return new CacheConfig(encoding, folder, Map.of(), 0, new Counts(), log);
    }

    /**
     * Return the memory store for a teacher's precision, without rows of other data or of a teacher that was trained further since; null if
     * outputs are cached in a folder.
     */
    @Nullable
    MemoryStore memory(TeacherFacts teacher, Data data) {
        return folder == null
                ? memories.computeIfAbsent(teacher.precision(), key -> new MemoryStore(budget))
                        .about(data.base(), teacher.identity())
                : null;
    }
}
