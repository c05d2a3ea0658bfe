package dev.limbeck.distill.cache;

import dev.limbeck.data.Data;
import dev.limbeck.tensor.Precision;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Say where and how answers are kept.
 *
 * @param folder null for memory
 * @param memories what is in memory, apart for each precision
 * @param budget most rows in memory
 * @param log takes lines about a folder
 */
record CacheConfig(
        Encoding encoding,
        @Nullable Path folder,
        Map<Precision, MemoryStore> memories,
        long budget,
        Counts counts,
        Consumer<String> log) {
    /** How many rows were asked about, how many were there, and whether some could not be kept. */
    static final class Counts {
        long asked;
        long found;
        boolean lost;
    }

    static CacheConfig inMemory(long budget) {
        return new CacheConfig(Encoding.FLOAT32, null, new ConcurrentHashMap<>(), budget, new Counts(), line -> {});
    }

    static CacheConfig onDisk(Path folder, Encoding encoding, Consumer<String> log) {
        return new CacheConfig(encoding, folder, Map.of(), 0, new Counts(), log);
    }

    /** Return the memory for a precision, without what is about other data; null where a folder caches outputs. */
    @Nullable
    MemoryStore memory(Precision precision, Data data) {
        return folder == null
                ? memories.computeIfAbsent(precision, key -> new MemoryStore(budget))
                        .about(data)
                : null;
    }
}
