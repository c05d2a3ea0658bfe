package dev.limbeck.weights;

import dev.limbeck.StoredEntry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import java.util.zip.ZipOutputStream;

/** Build checkpoints byte by byte, so that tests can make false claims in them. */
final class Pickles {
    private static final byte[] MAGIC = HexFormat.of().parseHex("80028a0a6cfc9c46f9206aa850192e");
    private static final byte[] PROTOCOL = HexFormat.of().parseHex("80024de9032e");

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** Start a pickle of protocol 2. */
    static Pickles start() {
        return new Pickles().raw("\u0080\u0002");
    }

    /** Append characters as bytes. */
    Pickles raw(String latin1) {
        out.writeBytes(latin1.getBytes(StandardCharsets.ISO_8859_1));
        return this;
    }

    Pickles text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        raw("X").int32(bytes.length);
        out.writeBytes(bytes);
        return this;
    }

    /** Append a 64-bit integer in the shortest signed form that fits all. */
    Pickles integer(long value) {
        raw("\u008a\u0008");
        out.writeBytes(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array());
        return this;
    }

    Pickles int32(int value) {
        out.writeBytes(ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .array());
        return this;
    }

    Pickles integers(long... values) {
        raw("(");
        for (long value : values) integer(value);
        return raw("t");
    }

    /** Append a float tensor over a storage. */
    Pickles tensor(String key, long elements, long offset, long[] shape, long[] strides) {
        raw("ctorch._utils\n_rebuild_tensor_v2\n(");
        raw("(").text("storage").raw("ctorch\nFloatStorage\n").text(key).text("cpu");
        integer(elements).raw("NtQ");
        return integer(offset).integers(shape).integers(strides).raw("\u0089Nt").raw("R");
    }

    byte[] bytes() {
        return out.toByteArray();
    }

    /** Create a state dict of one tensor called w. */
    static byte[] oneTensor(String key, long elements, long offset, long[] shape, long[] strides) {
        return start().raw("}(")
                .text("w")
                .tensor(key, elements, offset, shape, strides)
                .raw("u.")
                .bytes();
    }

    /** Write a checkpoint in zip format, with uncompressed entries. */
    static Path zip(Path file, byte[] pickle, Map<String, byte[]> others) {
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            StoredEntry.write(zip, "archive/data.pkl", pickle);
            for (Map.Entry<String, byte[]> other : others.entrySet()) {
                StoredEntry.write(zip, "archive/" + other.getKey(), other.getValue());
            }
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Write a checkpoint in the legacy format with the given object, keys and bytes after them. */
    static Path legacy(Path file, byte[] pickle, byte[] keys, byte[] behind) {
        try {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            all.writeBytes(MAGIC);
            all.writeBytes(PROTOCOL);
            all.writeBytes(start().raw("}.").bytes());
            all.writeBytes(pickle);
            all.writeBytes(keys);
            all.writeBytes(behind);
            return Files.write(file, all.toByteArray());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Create the list of storage keys that follows the object in the legacy format. */
    static byte[] keys(String... keys) {
        Pickles list = start().raw("](");
        for (String key : keys) list.text(key);
        return list.raw("e.").bytes();
    }

    /** Create a storage of the legacy format: the number of elements, then floats. */
    static byte[] storage(long claimed, float... values) {
        ByteBuffer buffer = ByteBuffer.allocate(8 + 4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        buffer.putLong(claimed);
        for (float value : values) buffer.putFloat(value);
        return buffer.array();
    }
}
