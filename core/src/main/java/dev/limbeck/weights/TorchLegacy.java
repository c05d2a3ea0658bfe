package dev.limbeck.weights;

import dev.limbeck.Limit;
import dev.limbeck.io.IoErrors;
import dev.limbeck.weights.StoredTensor.Storage;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Read a checkpoint of the form before PyTorch 1.6: five pickles (a magic number, the protocol 1001, the byte order,
 * the object, the keys of its storages), then for each key the number of elements (8 bytes) and their bytes.
 */
final class TorchLegacy implements TorchCheckpoint.Storages {
    private static final int PROTOCOL = 1001;

    private final Path file;
    private final FileChannel channel;
    private final Map<String, Long> positions;

    private TorchLegacy(Path file, FileChannel channel, Map<String, Long> positions) {
        this.file = file;
        this.channel = channel;
        this.positions = positions;
    }

    static WeightFile open(Path file) {
        try (FileChannel channel = FileChannel.open(file);
                InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            PickleInput input = new PickleInput(in, Math.min(channel.size(), Limit.PICKLE_BYTES.value()));
            Map<String, Storage> storages = new HashMap<>();
            unpickle(file, input, storages); // the magic number, by which the file was recognized
            Object protocol = unpickle(file, input, storages);
            if (!Integer.valueOf(PROTOCOL).equals(protocol)) {
                throw IoErrors.in(file, "has another protocol of torch.save than " + PROTOCOL);
            }
            if (unpickle(file, input, storages) instanceof Map<?, ?> system
                    && Boolean.FALSE.equals(system.get("little_endian"))) {
                throw IoErrors.in(
                        file, "has big-endian bytes; expected little-endian; save it again on a standard machine");
            }
            Object root = unpickle(file, input, storages);
            Object keys = unpickle(file, input, storages);
            Map<String, Long> positions =
                    new TorchLegacy(file, channel, new HashMap<>()).index(keys, storages, input.position());
            return new WeightFile(file, root, Map.of(), false, wanted -> {
                try (FileChannel again = FileChannel.open(file)) {
                    return TorchCheckpoint.assemble(file, wanted, new TorchLegacy(file, again, positions));
                }
            });
        } catch (IOException e) {
            throw IoErrors.reading(file, e);
        }
    }

    private static @Nullable Object unpickle(Path file, PickleInput input, Map<String, Storage> storages) {
        return new TorchUnpickler(file, input, storages).read();
    }

    /** Record the position of each storage, in one pass over all of them. */
    private Map<String, Long> index(@Nullable Object keys, Map<String, Storage> storages, long start)
            throws IOException {
        if (!(keys instanceof List<?> list)) throw IoErrors.in(file, "has no list of storages behind its object");
        ByteBuffer count = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        long at = start;
        for (Object key : list) {
            Storage storage = key instanceof String name ? storages.get(name) : null;
            if (storage == null || positions.containsKey(storage.key())) {
                throw IoErrors.in(file, "lists a storage twice, or one that its object does not name; damaged");
            }
            TensorBytes.fill(count.clear(), channel, at);
            long elements = count.getLong(0);
            at += Long.BYTES;
            if (elements != storage.elements()) {
                throw IoErrors.in(
                        file,
                        "storage '" + IoErrors.printable(storage.key()) + "' is said to hold " + storage.elements()
                                + " elements but has " + elements);
            }
            if (storage.bytes() > channel.size() - at) {
                throw IoErrors.in(
                        file,
                        "storage '" + IoErrors.printable(storage.key()) + "' takes " + storage.bytes() + " bytes but "
                                + (channel.size() - at) + " are left; the file is cut off");
            }
            positions.put(storage.key(), at);
            at += storage.bytes();
        }
        return positions;
    }

    @Override
    public void check(Storage storage) {
        if (!positions.containsKey(storage.key())) {
            throw IoErrors.in(file, "has no bytes for storage '" + IoErrors.printable(storage.key()) + "'; damaged");
        }
    }

    @Override
    public void read(Storage storage, ByteBuffer buffer) throws IOException {
        TensorBytes.fill(buffer, channel, positions.get(storage.key()));
    }
}
