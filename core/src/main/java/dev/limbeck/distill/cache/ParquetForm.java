package dev.limbeck.distill.cache;

import dev.limbeck.data.SampleKey;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * Describe cached outputs in Parquet files, as limbeck-spark writes them beside a folder's facts:
 *
 * <pre>
 * outputs.parquet/*.parquet   files whose rows are sorted by key, one after the other by name
 *   key                       16 bytes, the {@link SampleKey} with the high half first
 *   output                    the row's bytes in the folder's {@link Encoding}
 *   sum                       int32, CRC-32C of key and output
 * </pre>
 */
public final class ParquetForm {
    /** Folder of the Parquet files. */
    public static final String FOLDER = "outputs.parquet";

    public static final String KEY = "key";
    public static final String OUTPUT = "output";
    public static final String SUM = "sum";

    /** Bytes of a key. */
    public static final int KEY_BYTES = 2 * Long.BYTES;

    private ParquetForm() {}

    /** Return whether a cache folder has outputs in Parquet files. */
    static boolean isIn(Path folder) {
        return Files.isDirectory(folder.resolve(FOLDER));
    }

    /** Return the bytes of a key; in their order, compared as unsigned numbers, rows are sorted. */
    public static byte[] key(SampleKey key) {
        return ByteBuffer.allocate(KEY_BYTES)
                .order(ByteOrder.BIG_ENDIAN)
                .putLong(key.high())
                .putLong(key.low())
                .array();
    }

    /** Return the checksum of a row. */
    public static int sum(byte[] key, byte[] output) {
        CRC32C sum = new CRC32C();
        sum.update(key);
        sum.update(output);
        return (int) sum.getValue();
    }
}
