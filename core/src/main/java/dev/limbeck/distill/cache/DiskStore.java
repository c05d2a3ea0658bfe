package dev.limbeck.distill.cache;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.SampleKey;
import dev.limbeck.io.IoErrors;
import dev.limbeck.io.Leftovers;
import dev.limbeck.run.RunJson;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;

/**
 * Store rows in a folder: {@code facts.json} identifies them, and {@link Chunk} files contain them. Chunks are written
 * atomically with unique names. Several writers may share a folder, and a killed writer only loses its unfinished
 * chunk. A damaged chunk is reported and ignored; its rows are computed again. A folder may also have outputs in Parquet files, see
 * {@link ParquetForm}.
 */
public final class DiskStore implements RowStore {
    public static final String FACTS = "facts.json";
    private static final String ENDING = ".rows";
    private static final int MOST_ROWS = 4096;
    private static final int MOST_BYTES = 1 << 25;

    private record Place(Chunk chunk, int row) {}

    private final Path folder;
    private final byte[] id;
    private final int rowBytes;
    private final Consumer<String> log;
    private final Set<Path> opened = new HashSet<>();
    private final Map<SampleKey, Place> places = new HashMap<>();
    private final Map<SampleKey, Integer> waiting = new HashMap<>();
    private final List<SampleKey> keys = new ArrayList<>();
    private final ByteBuffer rows;
    private final @Nullable SortedRows sorted;
    private boolean full;

    /**
     * Open a folder, or create it.
     *
     * @param facts facts that the rows depend on
     * @param log receives a line per ignored chunk, and about a full disk
     * @throws LimbeckException if the folder has other facts, or is not usable
     */
    public DiskStore(Path folder, Map<String, String> facts, int rowBytes, Consumer<String> log) {
        this.folder = folder;
        this.rowBytes = rowBytes;
        this.log = log;
        Leftovers.clear(folder);
        Map<String, String> there = facts(folder);
        if (there == null) {
            create(folder, facts);
            there = facts(folder);
        }
        check(folder, there, facts);
        for (String key : there == null ? Set.<String>of() : there.keySet()) {
            if (!facts.containsKey(key)) throw differs(folder, key, there, facts);
        }
        id = id(facts);
        int most = Math.max(1, Math.min(MOST_ROWS, MOST_BYTES / Math.max(1, rowBytes)));
        rows = ByteBuffer.allocate(Math.multiplyExact(most, rowBytes));
        refresh();
        sorted = ParquetForm.isIn(folder) ? ParquetIndex.open(folder, id, rowBytes, log) : null;
    }

    /** Return the facts of a folder; null if the folder does not exist yet. */
    public static @Nullable Map<String, String> facts(Path folder) {
        Path file = folder.resolve(FACTS);
        if (!Files.exists(file)) {
            if (Files.isDirectory(folder) && !isEmpty(folder)) {
                // Another writer may have just started.
                if (Files.exists(file)) return facts(folder);
                throw new LimbeckException(
                        folder + " is not a cache folder: it has no " + FACTS + "; choose another one");
            }
            return null;
        }
        Map<String, String> facts = new LinkedHashMap<>();
        try {
            RunJson.read(file).properties().forEach(fact -> {
                if (!fact.getValue().isTextual()) throw new LimbeckException(file + " is damaged");
                facts.put(fact.getKey(), fact.getValue().textValue());
            });
            return facts;
        } catch (LimbeckException e) {
            throw new LimbeckException(
                    e.getMessage() + "; or delete " + folder + ", and the outputs are computed again", e);
        }
    }

    private static boolean isEmpty(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.allMatch(file -> file.getFileName().toString().endsWith(".tmp"));
        } catch (IOException e) {
            throw IoErrors.reading(folder, e);
        }
    }

    private static void create(Path folder, Map<String, String> facts) {
        boolean made = !Files.exists(folder);
        try {
            Files.createDirectories(folder);
            Path temporary = folder.resolve("." + UUID.randomUUID() + ".tmp");
            byte[] text = RunJson.sealed(facts).getBytes(StandardCharsets.UTF_8);
            try (FileChannel channel = Leftovers.claim(temporary)) {
                ByteBuffer content = ByteBuffer.wrap(text);
                while (content.hasRemaining()) channel.write(content);
                channel.force(true);
                publish(temporary, folder.resolve(FACTS));
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            if (made) Leftovers.deleteEmpty(folder);
            throw IoErrors.writing(folder.resolve(FACTS), e);
        }
    }

    /** Publish a complete file, unless another writer was first. The caller then compares both. */
    private static void publish(Path temporary, Path target) throws IOException {
        try {
            try {
                // Not a move, which would replace another writer's file.
                Files.createLink(target, temporary);
            } catch (FileAlreadyExistsException e) {
                throw e;
            } catch (UnsupportedOperationException | FileSystemException e) {
                // A file system without hard links. Other errors also appear in the move.
                Files.move(temporary, target);
            }
        } catch (FileAlreadyExistsException e) {
            // Keep the other writer's file.
        }
    }

    /**
     * Compare a folder's facts with the expected ones.
     *
     * @param expected facts to compare; others are ignored
     * @throws LimbeckException with the first difference
     */
    static void check(Path folder, @Nullable Map<String, String> there, Map<String, String> expected) {
        if (there == null) return;
        for (String key : expected.keySet()) {
            if (!expected.get(key).equals(there.get(key))) throw differs(folder, key, there, expected);
        }
    }

    private static LimbeckException differs(
            Path folder, String key, Map<String, String> there, Map<String, String> expected) {
        return new LimbeckException(folder + " caches outputs of other settings: " + key + " is "
                + there.getOrDefault(key, "not set") + " in the folder, now " + expected.getOrDefault(key, "not set")
                + "; choose another folder, or delete that one");
    }

    private static byte[] id(Map<String, String> facts) {
        return Arrays.copyOf(DigestUtils.sha256(facts.toString()), Chunk.ID);
    }

    private static List<Path> chunks(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().endsWith(ENDING))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw IoErrors.reading(folder, e);
        }
    }

    /** Read what other writers have added. */
    void refresh() {
        // A deleted folder stops the cache, but not the training.
        if (!Files.isDirectory(folder)) return;
        for (Path file : chunks(folder)) read(file);
    }

    private void read(Path file) {
        if (!opened.add(file)) return;
        try {
            Chunk chunk = Chunk.open(file, id, rowBytes);
            for (int row = 0; row < chunk.count(); row++) places.putIfAbsent(chunk.key(row), new Place(chunk, row));
        } catch (LimbeckException e) {
            log.accept(e.getMessage() + "; its outputs are computed again, and the file may be deleted");
        }
    }

    /** Return the number of rows. */
    long size() {
        return places.size() + waiting.size() + (sorted == null ? 0 : sorted.size());
    }

    /** Return whether a write failed. */
    @Override
    public boolean isFull() {
        return full;
    }

    @Override
    public boolean has(SampleKey key) {
        return places.containsKey(key) || waiting.containsKey(key) || sorted != null && sorted.has(key);
    }

    @Override
    public boolean get(SampleKey key, ByteBuffer target) {
        Place place = places.get(key);
        if (place != null) {
            place.chunk.copy(place.row, target);
            return true;
        }
        Integer row = waiting.get(key);
        if (row == null) return sorted != null && sorted.get(key, target);
        target.put(rows.slice(row * rowBytes, rowBytes));
        return true;
    }

    @Override
    public void put(SampleKey key, byte[] values, int offset, int length) {
        if (full || has(key)) return;
        waiting.put(key, keys.size());
        keys.add(key);
        rows.put(values, offset, length);
        if (rows.remaining() < rowBytes) flush();
    }

    /** Write pending rows. A full disk stops the cache, but not the training. */
    void flush() {
        if (keys.isEmpty()) return;
        Path file = folder.resolve(UUID.randomUUID() + ENDING);
        try {
            Chunk.write(file, id, keys, rows, rowBytes);
            read(file);
        } catch (LimbeckException e) {
            full = true;
            log.accept(e.getMessage() + "; no more outputs are cached");
        }
        waiting.clear();
        keys.clear();
        rows.clear();
    }

    @Override
    public void close() {
        flush();
        if (sorted != null) sorted.close();
    }
}
