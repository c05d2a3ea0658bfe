package dev.limbeck.duckdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.SampleKey;
import dev.limbeck.distill.cache.DiskStore;
import dev.limbeck.distill.cache.ParquetForm;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test cached outputs in Parquet files. */
class ParquetOutputsTest {
    private static final Map<String, String> FACTS = Map.of("teacher", "t", "numbers", "float16");
    private static final int ROW = 20;

    @TempDir
    Path home;

    private final List<String> log = new ArrayList<>();
    private Path folder = Path.of("");
    private Path parquet = Path.of("");

    @BeforeEach
    void create() throws IOException {
        folder = home.resolve("labels");
        parquet = folder.resolve(ParquetForm.FOLDER);
        new DiskStore(folder, FACTS, ROW, log::add).close();
        Files.createDirectories(parquet);
    }

    private static SampleKey key(int row) {
        // From 0 to beyond the middle, where a signed number would be negative.
        return new SampleKey(row * 0x0100_0000_0000_0000L, row);
    }

    private static byte[] output(int row, int length) {
        byte[] output = new byte[length];
        for (int i = 0; i < length; i++) output[i] = (byte) (row * 31 + i);
        return output;
    }

    private void writeAs(String name, int length, int wrongSum, int... rows) throws SQLException {
        Path file = parquet.resolve(name);
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = connection.createStatement()) {
            statement.execute("create table t (key blob, output blob, sum integer)");
            try (PreparedStatement insert = connection.prepareStatement("insert into t values (?, ?, ?)")) {
                for (int row : rows) {
                    byte[] key = ParquetForm.key(key(row));
                    byte[] output = output(row, length);
                    insert.setBytes(1, key);
                    insert.setBytes(2, output);
                    insert.setInt(3, ParquetForm.sum(key, output) + (row == wrongSum ? 1 : 0));
                    insert.execute();
                }
            }
            statement.execute("copy t to '" + file + "' (format parquet, compression uncompressed)");
        }
    }

    private void write(String name, int... rows) throws SQLException {
        writeAs(name, ROW, -1, rows);
    }

    private void check(int rows) {
        try (DiskStore store = new DiskStore(folder, FACTS, ROW, log::add)) {
            ByteBuffer target = ByteBuffer.allocate(ROW);
            for (int row = 0; row < rows; row++) {
                assertThat(store.get(key(row), target.clear())).isTrue();
                assertThat(target.array()).isEqualTo(output(row, ROW));
            }
            assertThat(store.has(key(rows))).isFalse();
        }
    }

    @Test
    void rowsOfAllFilesAreFound() throws SQLException {
        write("part-1.parquet", 100, 101, 200);
        write("part-0.parquet", java.util.stream.IntStream.range(0, 100).toArray());
        check(102);
        assertThat(log)
                .singleElement()
                .asString()
                .startsWith("indexed 103 outputs of ")
                .contains("outputs.index");
        check(102);
        assertThat(log).hasSize(1);
    }

    @Test
    void newRowsStandBesideThem() throws SQLException {
        write("part-0.parquet", 0, 1);
        try (DiskStore store = new DiskStore(folder, FACTS, ROW, log::add)) {
            store.put(key(2), output(2, ROW), 0, ROW);
        }
        check(3);
    }

    @Test
    void anIndexOfOtherFilesOrADamagedOneIsMadeAgain() throws SQLException, IOException {
        write("part-0.parquet", 0, 1, 2);
        check(3);
        write("part-0.parquet", 0, 1, 2, 3);
        Files.setLastModifiedTime(parquet.resolve("part-0.parquet"), FileTime.fromMillis(1));
        check(4);
        assertThat(log).hasSize(3);
        assertThat(log.get(1)).endsWith("outputs.index is of other files than those beside it; it is made again");
        Files.writeString(folder.resolve("outputs.index"), "damaged");
        check(4);
        assertThat(log.get(3)).endsWith("outputs.index is damaged; it is made again");
    }

    @Test
    void damagedFilesAreRefusedInOneLine() throws SQLException, IOException {
        writeAs("part-0.parquet", ROW, 1, 0, 1, 2);
        refused("part-0.parquet is damaged");
        write("part-0.parquet", 0, 2, 1);
        refused("sorted by key");
        write("part-0.parquet", 0, 0);
        refused("each key once");
        writeAs("part-0.parquet", 8, -1, 0, 1);
        refused("outputs of 20 bytes, found 16 and 8");
        write("part-0.parquet", java.util.stream.IntStream.range(0, 100).toArray());
        byte[] bytes = Files.readAllBytes(parquet.resolve("part-0.parquet"));
        int at = 2000;
        bytes[at] ^= 1;
        Files.write(parquet.resolve("part-0.parquet"), bytes);
        refused("part-0.parquet");
        Files.writeString(parquet.resolve("part-0.parquet"), "PAR1 but not really, PAR1");
        refused("part-0.parquet");
        assertThat(folder.resolve("outputs.index")).doesNotExist();
    }

    private void refused(String words) {
        assertThatThrownBy(() -> new DiskStore(folder, FACTS, ROW, log::add))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining(words)
                .message()
                .doesNotContain("\n");
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("facts.json", ParquetForm.FOLDER);
    }
}
