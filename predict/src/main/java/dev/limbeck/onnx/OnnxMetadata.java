package dev.limbeck.onnx;

import dev.limbeck.LimbeckException;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Read the metadata of an ONNX file: the entries of field 14 of its ModelProto. ONNX Runtime's Java interface damages characters beyond 16
 * bits, such as emoji, since it passes UTF-8 where JNI expects another encoding.
 */
final class OnnxMetadata {
    private static final int ENTRIES = 14;
    private static final int KEY = 1;
    private static final int VALUE = 2;
    private static final int LONGEST_VARINT = 64;

    private OnnxMetadata() {}

    /** Open the bytes of a model. */
    interface Source {
        InputStream open() throws IOException;
    }

    /**
     * Read a model that ONNX Runtime has opened.
     *
     * @param name of the model in messages
     * @throws LimbeckException if it cannot be read
     */
    static Map<String, String> read(Source model, Path name) {
        Map<String, String> metadata = new LinkedHashMap<>();
        try (InputStream in = new BufferedInputStream(model.open())) {
            fields(in, (field, bytes) -> {
                if (field != ENTRIES) return;
                String[] entry = {"", ""};
                fields(new ByteArrayInputStream(bytes), (part, text) -> {
                    if (part == KEY) entry[0] = new String(text, StandardCharsets.UTF_8);
                    if (part == VALUE) entry[1] = new String(text, StandardCharsets.UTF_8);
                });
                metadata.put(entry[0], entry[1]);
            });
            return metadata;
        } catch (IOException e) {
            throw new LimbeckException("cannot read the metadata of " + name + ": " + e.getMessage(), e);
        }
    }

    private interface Field {
        void read(int field, byte[] bytes) throws IOException;
    }

    /** Visit the fields with a length that may hold entries or texts, and skip all others. */
    private static void fields(InputStream in, Field visitor) throws IOException {
        for (long tag = varint(in, true); tag >= 0; tag = varint(in, true)) {
            int field = (int) (tag >>> 3);
            switch ((int) (tag & 7)) {
                case 0 -> varint(in, false);
                case 1 -> in.skipNBytes(Long.BYTES);
                case 5 -> in.skipNBytes(Integer.BYTES);
                case 2 -> {
                    long length = varint(in, false);
                    if (length < 0) throw new IOException("a negative length");
                    if (length > Integer.MAX_VALUE - 8 || field != ENTRIES && field != KEY && field != VALUE) {
                        in.skipNBytes(length);
                    } else {
                        byte[] bytes = in.readNBytes((int) length);
                        if (bytes.length < length) throw new EOFException("a field ends too early");
                        visitor.read(field, bytes);
                    }
                }
                default -> throw new IOException("a field of unknown type");
            }
        }
    }

    /** Read a number of 7 bits a byte; −1 at the end of the stream where it may end. */
    private static long varint(InputStream in, boolean mayEnd) throws IOException {
        long value = 0;
        for (int shift = 0; shift < LONGEST_VARINT; shift += 7) {
            int next = in.read();
            if (next < 0 && mayEnd && shift == 0) return -1;
            if (next < 0) throw new EOFException("the file ends too early");
            value |= (long) (next & 0x7f) << shift;
            if (next < 0x80) return value;
        }
        throw new IOException("a number that is too long");
    }
}
