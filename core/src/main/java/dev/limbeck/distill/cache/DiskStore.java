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
 * Keep rows in a folder: {@code facts.json} says whose they are, and each {@link Chunk} beside it holds some. Chunks are
 * written whole under names of their own, so that several writers may share a folder and a killed one leaves nothing but
 * what it had not finished. A chunk that is damaged is reported and left aside; its rows are computed anew.
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
    private final Map<SampleKey, Place> places = new HashMap<>();
    private final Map<SampleKey, Integer> waiting = new HashMap<>();
    private final List<SampleKey> keys = new ArrayList<>();
    private final ByteBuffer rows;
    private boolean full;

    /**
     * Open a folder, or make it.
     *
     * @param facts that the rows depend on
     * @param log takes a line about each chunk that is left aside, and about a full disk
     * @throws LimbeckException if the folder is of other facts, or cannot be used
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
        for (Path file : chunks(folder)) read(file);
    }

    /** Return what a folder says of its rows, or null if there is no such folder yet. */
    public static @Nullable Map<String, String> facts(Path folder) {
        Path file = folder.resolve(FACTS);
        if (!Files.exists(file)) {
            if (Files.isDirectory(folder) && !isEmpty(folder)) {
                // Another writer may just have begun.
                if (Files.exists(file)) return facts(folder);
                throw new LimbeckException(
                        folder + " is not a folder of cached outputs: it has no " + FACTS + "; choose another one");
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
                    e.getMessage() + "; or delete " + folder + ", and the answers are computed anew", e);
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

    /** Give a whole file its name, unless another writer was first; whether they agree is checked next. */
    private static void publish(Path temporary, Path target) throws IOException {
        try {
            try {
                // Not a move, which would take the place of what another writer has just written.
                Files.createLink(target, temporary);
            } catch (FileAlreadyExistsException e) {
                throw e;
            } catch (UnsupportedOperationException | FileSystemException e) {
                // A disk without links; other trouble shows in a move too.
                Files.move(temporary, target);
            }
        } catch (FileAlreadyExistsException e) {
            // The other one's stays.
        }
    }

    /**
     * Compare what a folder says with what is expected.
     *
     * @param expected what is not in it is not compared
     * @throws LimbeckException naming the first difference
     */
    static void check(Path folder, @Nullable Map<String, String> there, Map<String, String> expected) {
        if (there == null) return;
        for (String key : expected.keySet()) {
            if (!expected.get(key).equals(there.get(key))) throw differs(folder, key, there, expected);
        }
    }

    private static LimbeckException differs(
            Path folder, String key, Map<String, String> there, Map<String, String> expected) {
        return new LimbeckException(folder + " caches outputs for other circumstances: " + key + " is "
                + there.getOrDefault(key, "not set") + " there, and here " + expected.getOrDefault(key, "not set")
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

    private void read(Path file) {
        try {
            Chunk chunk = Chunk.open(file, id, rowBytes);
            for (int row = 0; row < chunk.count(); row++) places.putIfAbsent(chunk.key(row), new Place(chunk, row));
        } catch (LimbeckException e) {
            log.accept(e.getMessage() + "; its answers are computed anew, and the file may be deleted");
        }
    }

    /** Return how many rows there are. */
    int size() {
        return places.size() + waiting.size();
    }

    /** Return whether something could not be written. */
    @Override
    public boolean isFull() {
        return full;
    }

    @Override
    public boolean has(SampleKey key) {
        return places.containsKey(key) || waiting.containsKey(key);
    }

    @Override
    public boolean get(SampleKey key, ByteBuffer target) {
        Place place = places.get(key);
        if (place != null) {
            place.chunk.copy(place.row, target);
            return true;
        }
        Integer row = waiting.get(key);
        if (row == null) return false;
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

    /** Write what waits. A disk that is full ends the keeping, not the work that answers are kept for. */
    private void flush() {
        if (keys.isEmpty()) return;
        Path file = folder.resolve(UUID.randomUUID() + ENDING);
        try {
            Chunk.write(file, id, keys, rows, rowBytes);
            read(file);
        } catch (LimbeckException e) {
            full = true;
            log.accept(e.getMessage() + "; from here on no answers are kept");
        }
        waiting.clear();
        keys.clear();
        rows.clear();
    }

    @Override
    public void close() {
        flush();
    }
}
