package dev.limbeck.distill.cache;

import dev.limbeck.LimbeckException;
import dev.limbeck.Registry;
import dev.limbeck.io.FolderLock;
import dev.limbeck.io.IoErrors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** Open the index of a folder's Parquet files, or make it first: all rows once, in the form of {@link SortedRows}. */
final class ParquetIndex {
    private static final String NAME = "outputs.index";
    private static final String ENDING = "parquet";
    private static final Registry<OutputReader> READERS = Registry.of(
            "reader of outputs",
            OutputReader.class,
            OutputReader::ending,
            LoggerFactory.getLogger(ParquetIndex.class)::warn);

    private ParquetIndex() {}

    /**
     * Open a folder.
     *
     * @param id which folder it is
     * @param log receives a line about an index that is made
     * @throws LimbeckException if the index must be made, and a Parquet file is damaged or there is no reader for it
     */
    static SortedRows open(Path folder, byte[] id, int rowBytes, Consumer<String> log) {
        List<Path> files = files(folder);
        byte[] source = source(files);
        Path index = folder.resolve(NAME);
        SortedRows known = known(index, id, source, rowBytes, log);
        if (known != null) return known;
        // Processes that train together open the folder together.
        try (FolderLock lock = FolderLock.await(FolderLock.beside(index), index)) {
            known = known(index, id, source, rowBytes, line -> {});
            if (known != null) return known;
            return make(folder, files, id, source, rowBytes, log);
        }
    }

    private static @Nullable SortedRows known(
            Path index, byte[] id, byte[] source, int rowBytes, Consumer<String> log) {
        if (!Files.exists(index)) return null;
        try {
            return SortedRows.open(index, id, source, rowBytes, log);
        } catch (LimbeckException e) {
            log.accept(e.getMessage() + "; it is made again");
            return null;
        }
    }

    private static SortedRows make(
            Path folder, List<Path> files, byte[] id, byte[] source, int rowBytes, Consumer<String> log) {
        OutputReader reader = READERS.find(ENDING)
                .orElseThrow(
                        () -> new LimbeckException(
                                folder
                                        + " has outputs in Parquet files: put limbeck-duckdb on the class path, which indexes them once"));
        long start = System.nanoTime();
        Path index = folder.resolve(NAME);
        SortedRows.write(index, id, source, rowBytes, rows -> {
            Checked checked = new Checked(rowBytes, rows);
            for (Path file : files) checked.add(file, reader);
        });
        SortedRows made = SortedRows.open(index, id, source, rowBytes, log);
        log.accept(String.format(
                Locale.ROOT,
                "indexed %,d outputs of %s in %.1f s: %s, %,.1f MB",
                made.size(),
                folder,
                (System.nanoTime() - start) / 1e9,
                NAME,
                size(index) / 1e6));
        return made;
    }

    private static List<Path> files(Path folder) {
        Path parquet = folder.resolve(ParquetForm.FOLDER);
        try (Stream<Path> files = Files.list(parquet)) {
            return files.filter(file -> {
                        String name = file.getFileName().toString();
                        // As Spark reads them.
                        return name.endsWith("." + ENDING) && !name.startsWith("_") && !name.startsWith(".");
                    })
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw IoErrors.reading(parquet, e);
        }
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw IoErrors.reading(file, e);
        }
    }

    /** Identify files by names, sizes and times of their last change. */
    private static byte[] source(List<Path> files) {
        StringBuilder all = new StringBuilder();
        for (Path file : files) {
            try {
                all.append(file.getFileName())
                        .append(' ')
                        .append(Files.size(file))
                        .append(' ');
                all.append(Files.getLastModifiedTime(file).toMillis()).append('\n');
            } catch (IOException e) {
                throw IoErrors.reading(file, e);
            }
        }
        return Arrays.copyOf(DigestUtils.sha256(all.toString()), Chunk.ID);
    }

    /** Check rows, and write them. */
    private static final class Checked {
        private final int rowBytes;
        private final SortedRows.RowWriter rows;
        private byte[] last = new byte[0];

        Checked(int rowBytes, SortedRows.RowWriter rows) {
            this.rowBytes = rowBytes;
            this.rows = rows;
        }

        void add(Path file, OutputReader reader) throws IOException {
            try {
                reader.read(file, (key, output, sum) -> add(file, key, output, sum));
            } catch (UncheckedIOException e) {
                throw e.getCause();
            }
        }

        private void add(Path file, byte[] key, byte[] output, int sum) {
            if (key.length != ParquetForm.KEY_BYTES || output.length != rowBytes) {
                throw new LimbeckException(
                        file + " must have keys of " + ParquetForm.KEY_BYTES + " and outputs of " + rowBytes
                                + " bytes, found " + key.length + " and " + output.length + "; label the rows again");
            }
            if (ParquetForm.sum(key, output) != sum) {
                throw new LimbeckException(file + " is damaged; copy it again, or label the rows again");
            }
            if (last.length > 0 && Arrays.compareUnsigned(last, key) >= 0) {
                throw new LimbeckException(
                        file
                                + " must have rows sorted by key, each key once, as limbeck-spark writes them; label the rows again");
            }
            last = key;
            ByteBuffer halves = ByteBuffer.wrap(key);
            try {
                rows.add(halves.getLong(), halves.getLong(), output);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
