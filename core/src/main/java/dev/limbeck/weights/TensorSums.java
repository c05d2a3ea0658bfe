package dev.limbeck.weights;

import dev.limbeck.LimbeckException;
import dev.limbeck.io.IoErrors;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Tell a damaged or edited safetensors file. One entry of its metadata, {@code limbeck.checksum}, holds a CRC-32C of what the
 * header means (names, types, shapes, metadata and the sums that follow) and one of each tensor's bytes, in the order of
 * their names. So a part of a file can be checked while it is read, and a copy with another layout stays valid. It guards
 * against accidents, not against forgers: a single changed byte, or a run of up to 32 bits, is always found.
 */
final class TensorSums {
    static final String KEY = "limbeck.checksum";

    /** Tells the entry even where its key is damaged. */
    private static final String MARK = "crc32c:";

    private static final int DIGITS = 8;

    private final CRC32C header = new CRC32C();
    private final StringBuilder digits = new StringBuilder();

    private TensorSums(Map<String, String> metadata) {
        new TreeMap<>(metadata).forEach((key, value) -> {
            if (!key.equals(KEY)) add("metadata", key, value);
        });
    }

    /** Describe a tensor by its header. */
    record Named(String type, long[] shape) {}

    /** Return the entry of a file's metadata. */
    static String of(Map<String, String> metadata, Map<String, Named> tensors, Map<String, Integer> sums) {
        TensorSums entry = new TensorSums(metadata);
        new TreeMap<>(tensors).forEach((name, tensor) -> {
            entry.add("tensor", name, tensor.type, Arrays.toString(tensor.shape));
            Integer sum = sums.get(name);
            if (sum == null) throw new IllegalArgumentException("no sum of " + name);
            entry.digits.append(hex(sum));
        });
        entry.add("sums", entry.digits.toString());
        return MARK + hex((int) entry.header.getValue()) + entry.digits;
    }

    /**
     * Check what a header means against its own sum.
     *
     * @return the sums of the tensors, or null if the file has none
     * @throws LimbeckException if the header is not what was written
     */
    static @Nullable Map<String, Integer> read(Path file, Map<String, String> metadata, Map<String, Named> tensors) {
        String entry = metadata.get(KEY);
        if (entry == null) {
            if (metadata.values().stream().anyMatch(value -> value.startsWith(MARK))) throw changed(file, "its header");
            return null;
        }
        int at = MARK.length() + DIGITS;
        if (entry.length() != at + DIGITS * tensors.size()) throw changed(file, "its header");
        Map<String, Integer> sums = new TreeMap<>();
        for (String name : new TreeMap<>(tensors).keySet()) {
            try {
                sums.put(name, HexFormat.fromHexDigits(entry, at, at + DIGITS));
            } catch (IllegalArgumentException e) {
                throw changed(file, "its header");
            }
            at += DIGITS;
        }
        if (!entry.equals(of(metadata, tensors, sums))) throw changed(file, "its header");
        return sums;
    }

    static LimbeckException changed(Path file, String what) {
        return IoErrors.in(
                file,
                what
                        + " was damaged or edited after the file was written; copy or make it again, or, if it was meant, take"
                        + " its metadata entry " + KEY + " out");
    }

    /** Return the sum of a buffer's remaining bytes. */
    static int of(ByteBuffer bytes) {
        CRC32C sum = new CRC32C();
        sum.update(bytes.duplicate());
        return (int) sum.getValue();
    }

    /** Add texts so that none can lend characters to its neighbor. */
    private void add(String... texts) {
        for (String text : texts) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            header.update(
                    ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).flip());
            header.update(bytes);
        }
    }

    private static String hex(int sum) {
        return HexFormat.of().toHexDigits(sum);
    }
}
