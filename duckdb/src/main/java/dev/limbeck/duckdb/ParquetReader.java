package dev.limbeck.duckdb;

import dev.limbeck.data.rows.RowTable;
import dev.limbeck.data.rows.TableReader;
import dev.limbeck.io.IoErrors;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.function.Consumer;

/** Read Parquet files: null and NaN are no value, nested columns are refused. */
public final class ParquetReader implements TableReader {
    private static final String MAGIC = "PAR1";
    private static final String ENCRYPTED = "PARE";
    private static final int WORD = 4;

    @Override
    public String ending() {
        return "parquet";
    }

    @Override
    public RowTable read(Path file, Consumer<String> log) {
        return DuckTable.read(file, "", file, "select * from " + table(file), log);
    }

    /** Return the words of a query for the rows of a checked file. */
    static String table(Path file) {
        check(file);
        String name = file.toAbsolutePath().toString();
        if (name.matches(".*[*?\\[\\]{}].*")) {
            throw IoErrors.in(file, "must have a path without * ? [ ] { }, which DuckDB takes for patterns; rename it");
        }
        return "read_parquet(" + DuckTable.quoted(file) + ", hive_partitioning=false)";
    }

    /** Check what marks the format, and that the description at its end is within the file. */
    static void check(Path file) {
        try (FileChannel channel = FileChannel.open(file)) {
            long size = channel.size();
            String first = size < 3 * WORD ? "" : word(bytes(channel, 0));
            ByteBuffer end = size < 3 * WORD ? ByteBuffer.allocate(2 * WORD) : bytes(channel, size - 2 * WORD);
            long length = Integer.toUnsignedLong(end.getInt(0));
            String last =
                    StandardCharsets.ISO_8859_1.decode(end.slice(WORD, WORD)).toString();
            if (first.equals(ENCRYPTED) || last.equals(ENCRYPTED)) {
                throw IoErrors.in(file, "is encrypted; save it without encryption");
            }
            if (!first.equals(MAGIC) || !last.equals(MAGIC)) {
                throw IoErrors.in(
                        file, "is no Parquet file: expected " + MAGIC + " at both ends; copy or save it again");
            }
            if (length < 1 || length > size - 3 * WORD) {
                throw IoErrors.in(
                        file,
                        "must have a footer within its " + size + " bytes, found one of " + length
                                + "; copy or save it again");
            }
        } catch (IOException e) {
            throw IoErrors.reading(file, e);
        }
    }

    private static ByteBuffer bytes(FileChannel channel, long from) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(2 * WORD).order(ByteOrder.LITTLE_ENDIAN);
        for (long at = from; bytes.hasRemaining(); ) {
            int read = channel.read(bytes, at);
            if (read < 0) throw new EOFException();
            at += read;
        }
        return bytes.flip();
    }

    private static String word(ByteBuffer bytes) {
        return StandardCharsets.ISO_8859_1.decode(bytes.slice(0, WORD)).toString();
    }
}
