package dev.limbeck.distill.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.SampleKey;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Test rows that are looked up in a sorted file. */
class SortedRowsTest {
    private static final int ROW = 20;
    private static final byte[] ID = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    private static final byte[] SOURCE = new byte[16];

    @TempDir
    Path home;

    private final List<String> log = new ArrayList<>();
    private final TreeMap<SampleKey, byte[]> rows = new TreeMap<>((a, b) -> {
        int first = Long.compareUnsigned(a.high(), b.high());
        return first == 0 ? Long.compareUnsigned(a.low(), b.low()) : first;
    });

    private Path written(int count) {
        Random random = new Random(3);
        for (int i = 0; i < count; i++) {
            byte[] row = new byte[ROW];
            random.nextBytes(row);
            // Some share their high half.
            long high = i % 5 == 0 ? 7 : random.nextLong();
            rows.put(new SampleKey(high, random.nextLong()), row);
        }
        Path file = home.resolve("outputs.index");
        SortedRows.write(file, ID, SOURCE, ROW, writer -> {
            for (Map.Entry<SampleKey, byte[]> row : rows.entrySet()) {
                writer.add(row.getKey().high(), row.getKey().low(), row.getValue());
            }
        });
        return file;
    }

    private SortedRows open(Path file) {
        return SortedRows.open(file, ID, SOURCE, ROW, log::add);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 112, 113, 114, 10_000})
    void findsEveryRowAndNoOther(int count) {
        try (SortedRows file = open(written(count))) {
            assertThat(file.size()).isEqualTo(count);
            ByteBuffer target = ByteBuffer.allocate(ROW);
            rows.forEach((key, row) -> {
                assertThat(file.get(key, target.clear())).isTrue();
                assertThat(target.array()).isEqualTo(row);
                assertThat(file.has(new SampleKey(key.high(), key.low() + 1))).isFalse();
                assertThat(file.has(new SampleKey(key.high() - 1, key.low()))).isFalse();
            });
            assertThat(file.has(new SampleKey(0, 0))).isFalse();
            assertThat(file.has(new SampleKey(-1, -1))).isFalse();
        }
        assertThat(log).isEmpty();
    }

    @Test
    void aDamagedBlockHoldsNoRowsAndIsSaidOnce() throws IOException {
        Path file = written(10_000);
        flip(file, 5_000 * 36 + 64);
        flip(file, 9_000 * 36 + 64);
        try (SortedRows opened = open(file)) {
            long found = rows.keySet().stream().filter(opened::has).count();
            assertThat(found).isEqualTo(10_000 - 2 * 113);
        }
        assertThat(log).singleElement().asString().contains("outputs.index is damaged: outputs of 113 rows or more");
    }

    @Test
    void everyByteOfHeadAndTableIsChecked() throws IOException {
        Path file = written(2_000);
        long size = Files.size(file);
        int table = 18 * 20 + 4;
        for (long at = 0; at < size; at = at == 59 ? size - table : at + 1) {
            flip(file, at);
            assertThatThrownBy(() -> open(file))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageMatching(".*(is damaged|of other files).*");
            flip(file, at);
        }
        Files.write(file, java.util.Arrays.copyOf(Files.readAllBytes(file), (int) size - 1));
        assertThatThrownBy(() -> open(file))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("damaged");
    }

    @Test
    void refusesRowsOfOtherFiles() {
        Path file = written(10);
        byte[] other = {9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9};
        assertThatThrownBy(() -> SortedRows.open(file, other, SOURCE, ROW, log::add))
                .hasMessageContaining("of other files");
        assertThatThrownBy(() -> SortedRows.open(file, ID, other, ROW, log::add))
                .hasMessageContaining("of other files");
        assertThatThrownBy(() -> SortedRows.open(file, ID, SOURCE, 8, log::add)).hasMessageContaining("of other files");
    }

    @Test
    void parquetFilesNeedAReader() throws IOException {
        Map<String, String> facts = Map.of("teacher", "t");
        new DiskStore(home.resolve("kept"), facts, ROW, log::add).close();
        Files.createDirectories(home.resolve("kept").resolve(ParquetForm.FOLDER));
        assertThatThrownBy(() -> new DiskStore(home.resolve("kept"), facts, ROW, log::add))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("put limbeck-duckdb on the class path");
    }

    private static void flip(Path file, long at) throws IOException {
        try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
            bytes.seek(at);
            int value = bytes.read();
            bytes.seek(at);
            bytes.write(value ^ 4);
        }
    }
}
