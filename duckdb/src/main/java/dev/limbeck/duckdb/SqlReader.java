package dev.limbeck.duckdb;

import dev.limbeck.data.rows.RowTable;
import dev.limbeck.data.rows.TableReader;
import dev.limbeck.io.IoErrors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Read the rows of a query of a DuckDB database. The file has one query; its first line {@code -- database: shop.duckdb} names the
 * database, relative to the file's folder. The database is opened read-only.
 */
public final class SqlReader implements TableReader {
    private static final Pattern DATABASE = Pattern.compile("--\\s*database:\\s*(\\S.*?)\\s*\\R");
    private static final String BYTE_ORDER_MARK = "\uFEFF";
    private static final int LONGEST = 1 << 20;
    /** DuckDB's files have this after their checksum. */
    private static final byte[] MAGIC = "DUCK".getBytes(StandardCharsets.US_ASCII);

    private static final int MAGIC_AT = 8;

    @Override
    public String ending() {
        return "sql";
    }

    @Override
    public RowTable read(Path file, Consumer<String> log) {
        try {
            if (Files.size(file) > LONGEST) throw IoErrors.in(file, "must have at most 1 MiB; shorten the query");
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(Files.readAllBytes(file)))
                    .toString();
            if (text.startsWith(BYTE_ORDER_MARK)) text = text.substring(BYTE_ORDER_MARK.length());
            Matcher named = DATABASE.matcher(text);
            if (!named.lookingAt()) {
                throw IoErrors.in(
                        file, "must name its database in its first line, as -- database: shop.duckdb; add that line");
            }
            Path database = database(file, named.group(1));
            return DuckTable.read(file, database.toAbsolutePath().toString(), null, text.substring(named.end()), log);
        } catch (CharacterCodingException e) {
            throw IoErrors.in(file, "is not UTF-8 text; save it in UTF-8");
        } catch (IOException e) {
            throw IoErrors.reading(file, e);
        }
    }

    private static Path database(Path file, String name) throws IOException {
        Path database;
        try {
            database = file.toAbsolutePath().resolveSibling(name);
        } catch (InvalidPathException e) {
            throw IoErrors.in(file, "must name a database, found no path; correct its first line");
        }
        IoErrors.requireFile(database);
        byte[] start = new byte[MAGIC_AT + MAGIC.length];
        try (var bytes = Files.newInputStream(database)) {
            int read = bytes.readNBytes(start, 0, start.length);
            if (read < start.length || !Arrays.equals(start, MAGIC_AT, start.length, MAGIC, 0, MAGIC.length)) {
                throw IoErrors.in(database, "is no database of DuckDB; name another in " + file.getFileName());
            }
        }
        return database;
    }
}
