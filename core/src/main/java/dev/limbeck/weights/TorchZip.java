package dev.limbeck.weights;

import dev.limbeck.LimbeckException;
import dev.limbeck.Limit;
import dev.limbeck.io.IoErrors;
import dev.limbeck.weights.StoredTensor.Storage;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/**
 * Read a checkpoint of the zip form: {@code name/data.pkl} with the pickle, {@code name/data/key} with the bytes of each
 * storage, {@code name/byteorder}; all stored without compression.
 */
final class TorchZip implements TorchCheckpoint.Storages {
    private static final String PICKLE = "data.pkl";

    /** Of the byte order. */
    private static final int LONGEST_WORD = 16;
    /** The entries of a checkpoint that are not tensors. */
    private static final int MOST_BESIDE = 1_000;

    private final Path file;
    private final ZipFile zip;
    private final long fileSize;
    private final String folder;
    /** Entries by name; looking one up in the archive itself takes a walk over all names of the same hash. */
    private final Map<String, ZipEntry> entries = new HashMap<>();

    private TorchZip(Path file, ZipFile zip) throws IOException {
        this.file = file;
        this.zip = zip;
        this.fileSize = Files.size(file);
        long most = MOST_BESIDE + Limit.TENSORS.value();
        if (zip.size() > most) {
            throw IoErrors.in(file, "has more than " + most + " entries; " + Limit.TENSORS.advice());
        }
        zip.stream().forEach(entry -> entries.putIfAbsent(entry.getName(), entry));
        Set<String> names = entries.keySet();
        List<String> pickles = names.stream()
                .filter(name -> name.equals(PICKLE) || name.endsWith("/" + PICKLE))
                .toList();
        if (pickles.size() != 1) {
            throw IoErrors.in(
                    file,
                    "is a zip file with " + pickles.size() + " entries called " + PICKLE
                            + "; expected a PyTorch checkpoint, which has one");
        }
        folder = pickles.get(0).substring(0, pickles.get(0).length() - PICKLE.length());
        if (names.stream()
                .anyMatch(name -> name.equals(folder + "constants.pkl") || name.startsWith(folder + "code/"))) {
            throw IoErrors.in(
                    file,
                    "is a TorchScript archive, a network with its weights; give it without naming an architecture, or"
                            + " save the weights alone in Python by torch.save(model.state_dict(), path)");
        }
    }

    static WeightFile open(Path file) {
        boolean[] checksum = new boolean[1];
        Object root = with(file, archive -> {
            archive.checkByteOrder();
            checksum[0] = archive.entry(PICKLE).getCrc() != 0;
            byte[] pickle = archive.bytes(PICKLE, Limit.PICKLE_BYTES);
            PickleInput input = new PickleInput(new ByteArrayInputStream(pickle), pickle.length);
            return new TorchUnpickler(file, input, new HashMap<>()).read();
        });
        return new WeightFile(
                file,
                root,
                Map.of(),
                checksum[0],
                wanted -> with(file, archive -> TorchCheckpoint.assemble(file, wanted, archive)));
    }

    /** Do something with the open archive. */
    private interface Work<T> {
        T on(TorchZip archive) throws IOException;
    }

    private static <T> T with(Path file, Work<T> work) {
        try (ZipFile zip = new ZipFile(file.toFile())) {
            return work.on(new TorchZip(file, zip));
        } catch (EOFException e) {
            throw IoErrors.reading(file, e);
        } catch (IOException | IllegalArgumentException e) {
            // The latter comes from names of entries that are not UTF-8.
            throw new LimbeckException(
                    file + ": is cut off or damaged (" + IoErrors.printable(String.valueOf(e.getMessage()))
                            + "); copy or download it again",
                    e);
        }
    }

    @Override
    public void check(Storage storage) {
        ZipEntry entry = entry("data/" + storage.key());
        if (entry.getSize() != storage.bytes()) {
            throw IoErrors.in(
                    file,
                    "storage '" + IoErrors.printable(storage.key()) + "' is said to take " + storage.bytes()
                            + " bytes but has " + entry.getSize());
        }
    }

    @Override
    public void read(Storage storage, ByteBuffer buffer) throws IOException {
        ZipEntry entry = entry("data/" + storage.key());
        try (CheckedInputStream in = checked(entry);
                ReadableByteChannel channel = Channels.newChannel(in)) {
            TensorBytes.fill(buffer, channel);
            check(entry, in);
        }
    }

    private CheckedInputStream checked(ZipEntry entry) throws IOException {
        return new CheckedInputStream(zip.getInputStream(entry), new CRC32());
    }

    /** Verify the checksum of the read bytes. PyTorch writes 0 if checksums are disabled. */
    private void check(ZipEntry entry, CheckedInputStream read) {
        if (entry.getCrc() == 0 || entry.getCrc() == read.getChecksum().getValue()) return;
        throw IoErrors.in(
                file,
                "its entry " + IoErrors.printable(entry.getName())
                        + " does not fit its checksum, so it was damaged; copy or download the file again");
    }

    private void checkByteOrder() throws IOException {
        if (!entries.containsKey(folder + "byteorder")) return;
        String order = new String(bytes("byteorder", null), StandardCharsets.US_ASCII).strip();
        if (!order.equals("little")) {
            throw IoErrors.in(
                    file,
                    "has the byte order '" + IoErrors.printable(order)
                            + "'; expected little; save it again on a standard machine");
        }
    }

    private byte[] bytes(String name, @Nullable Limit limit) throws IOException {
        ZipEntry entry = entry(name);
        long most = limit == null ? LONGEST_WORD : Math.min(limit.value(), Integer.MAX_VALUE - 8);
        if (entry.getSize() > most) {
            throw IoErrors.in(
                    file,
                    "its entry " + name + " takes " + entry.getSize() + " bytes; expected at most " + most
                            + (limit == null ? "" : "; " + limit.advice()));
        }
        try (CheckedInputStream in = checked(entry)) {
            byte[] bytes = in.readNBytes((int) entry.getSize());
            if (bytes.length != entry.getSize()) throw new EOFException();
            check(entry, in);
            return bytes;
        }
    }

    /** Find an entry whose declared size matches its bytes in the file. */
    private ZipEntry entry(String name) {
        ZipEntry entry = entries.get(folder + name);
        if (entry == null) {
            throw IoErrors.in(file, "has no entry " + IoErrors.printable(folder + name) + "; damaged");
        }
        if (entry.getMethod() != ZipEntry.STORED
                || entry.getSize() != entry.getCompressedSize()
                || entry.getSize() < 0
                || entry.getSize() > fileSize) {
            throw IoErrors.in(
                    file,
                    "its entry " + IoErrors.printable(name)
                            + " is compressed or has a wrong size; PyTorch stores entries as they are, so save it again"
                            + " by torch.save");
        }
        return entry;
    }
}
