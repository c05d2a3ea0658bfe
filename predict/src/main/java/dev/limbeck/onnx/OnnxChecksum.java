package dev.limbeck.onnx;

import dev.limbeck.LimbeckException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.CRC32;

/**
 * Detect a damaged or edited ONNX file before a runtime reads it, because native code may compute wrong outputs or
 * crash. The last 19 bytes of a file with a checksum are an entry of ONNX's metadata (field 14 of its ModelProto):
 * {@code crc32} with eight hexadecimal digits over all bytes before the entry. It detects accidental changes, not
 * forgery.
 */
public final class OnnxChecksum {
    private static final byte[] ENTRY = {0x72, 17, 0x0a, 5, 'c', 'r', 'c', '3', '2', 0x12, 8};
    private static final int DIGITS = 8;
    private static final int CHUNK = 1 << 16;

    private OnnxChecksum() {}

    /** Return the metadata entry to append to a serialized model. */
    public static byte[] of(byte[] model) {
        CRC32 sum = new CRC32();
        sum.update(model);
        byte[] seal = Arrays.copyOf(ENTRY, ENTRY.length + DIGITS);
        System.arraycopy(digits(sum), 0, seal, ENTRY.length, DIGITS);
        return seal;
    }

    /**
     * Check a file; one without a checksum passes.
     *
     * @throws LimbeckException if the checksum does not match, or the file cannot be read
     */
    public static void check(Path file) {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), CHUNK)) {
            long sealed = Files.size(file) - ENTRY.length - DIGITS;
            CRC32 sum = new CRC32();
            byte[] chunk = new byte[CHUNK];
            for (long left = sealed; left > 0; ) {
                int count = in.read(chunk, 0, (int) Math.min(CHUNK, left));
                if (count < 0) return;
                sum.update(chunk, 0, count);
                left -= count;
            }
            byte[] end = sealed < 0 ? new byte[0] : in.readAllBytes();
            boolean isSealed =
                    end.length == ENTRY.length + DIGITS && Arrays.equals(Arrays.copyOf(end, ENTRY.length), ENTRY);
            if (!isSealed) return;
            if (!Arrays.equals(Arrays.copyOfRange(end, ENTRY.length, end.length), digits(sum))) {
                throw new LimbeckException(
                        file + " was damaged or edited after it was exported; export it again, or, if it "
                                + "was meant, take its metadata entry crc32 out");
            }
        } catch (IOException e) {
            throw new LimbeckException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    private static byte[] digits(CRC32 sum) {
        return HexFormat.of().toHexDigits((int) sum.getValue()).getBytes(StandardCharsets.US_ASCII);
    }
}
