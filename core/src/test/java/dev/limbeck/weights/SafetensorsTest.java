package dev.limbeck.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.io.AtomicFile;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SafetensorsTest {
    @TempDir
    Path folder;

    @Test
    void readsWhatTheFormatsOwnLibraryWrote() throws IOException {
        Path file = TorchCheckpointTest.fixture("types.safetensors");
        try (StateDict tensors = WeightFiles.read(file)) {
            TorchCheckpointTest.assertAsInPython(tensors, "types");
            assertThat(tensors.metadata()).containsEntry("made by", "the format's own library");
        }
        assertThat(Safetensors.readMetadata(file)).hasSize(1);
    }

    @Test
    void roundTripKeepsBitsOrderAndMetadata() {
        Path file = folder.resolve("sub/model.safetensors");
        try (StateDict tensors = TorchCheckpoint.read(TorchCheckpointTest.fixture("types.zip.pt"))) {
            tensors.put("später/\"ü\\", Tensors.of(new float[] {Float.NaN, -0f, Float.MIN_VALUE}, 3));
            tensors.metadata().put("classes", "[\"cat\",\n\"dog\"]");
            tensors.metadata().put("arch", "tiny");
            Safetensors.write(tensors, file);
            try (StateDict back = Safetensors.read(file)) {
                assertThat(back.names()).containsExactlyElementsOf(tensors.names());
                assertThat(back.metadata()).containsExactlyEntriesOf(tensors.metadata());
                assertThat(back.sha256()).isEqualTo(tensors.sha256());
            }
            assertThat(Safetensors.readMetadata(file)).containsExactlyEntriesOf(tensors.metadata());
        }
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void roundTripOfEveryType(DType type) {
        Path file = folder.resolve("x.safetensors");
        try (Scope scope = Scope.open();
                StateDict tensors = new StateDict()) {
            Tensor odd = Tensors.zeros(DType.UINT8, 3);
            tensors.put("odd", Scope.retain(odd));
            Tensor values = Tensors.to(Tensors.of(new float[] {1, 0, 1, 5, 0, 7}, 2, 3), type);
            tensors.put("values", Scope.retain(values));
            Safetensors.write(tensors, file);
            try (StateDict back = Safetensors.read(file)) {
                assertThat(DType.of(back.get("values"))).isEqualTo(type);
                assertThat(back.sha256()).isEqualTo(tensors.sha256());
            }
        }
    }

    @Test
    void writesWhatAStridedTensorShows() {
        Path file = folder.resolve("x.safetensors");
        try (Scope scope = Scope.open();
                StateDict tensors = new StateDict()) {
            tensors.put(
                    "t",
                    Scope.retain(
                            Tensors.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3).t()));
            Safetensors.write(tensors, file);
            try (StateDict back = Safetensors.read(file)) {
                assertThat(Tensors.toFloats(back.get("t"))).containsExactly(1, 4, 2, 5, 3, 6);
                assertThat(back.get("t").shape()).containsExactly(3, 2);
            }
        }
    }

    @Test
    void everyTensorIsAligned() throws IOException {
        Path file = folder.resolve("x.safetensors");
        try (StateDict tensors = TorchCheckpoint.read(TorchCheckpointTest.fixture("types.zip.pt"))) {
            Safetensors.write(tensors, file);
        }
        byte[] bytes = Files.readAllBytes(file);
        long header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        assertThat(header % 8).isZero();
        String text = new String(bytes, 8, (int) header, StandardCharsets.UTF_8);
        assertThat(text).contains("\"float32\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[");
        // Wide types come first: 48 + 48 + 8 bytes of 64-bit values precede the first 32-bit ones.
        assertThat(text).contains("\"shape\":[2,3],\"data_offsets\":[104,128]");
    }

    @Test
    void emptyStateDict() {
        Path file = folder.resolve("x.safetensors");
        try (StateDict none = new StateDict()) {
            Safetensors.write(none, file);
            try (StateDict back = Safetensors.read(file)) {
                assertThat(back.size()).isZero();
            }
            assertThatThrownBy(() -> WeightFiles.read(file))
                    .hasMessage(
                            file
                                    + ": holds no tensors; expected a state dict, as torch.save(model.state_dict(), path) writes it");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}} | 4 | does not take the 4 bytes",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}} | 4 | lies at [0, 8]",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}} | 4 | lies at [4, 0]",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}} | 8 | describes 4 bytes",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}} | 8 | neither overlap nor hole",
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[2,6]}} | 6 | neither overlap",
                "{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[4],\"data_offsets\":[0,4]}} | 4 | is F8_E4M3, which cannot be read",
                "{\"a\":{\"dtype\":\"F99\",\"shape\":[4],\"data_offsets\":[0,4]}} | 4 | has the element type \"F99\"",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}} | 4 | shape holds -1",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,4]}} | 4 | shape holds 1.5",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,4]}} | 4 | shape holds 9999",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,0]}} | 0 | does not take",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[0,4611686018427387904,4],\"data_offsets\":[0,0]}} | 0 | does not take",
                "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}} | 4 | shape is missing",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}} | 4 | lies at [0]",
                "{\"a\":7} | 0 | element type",
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]},\"a\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}} | 1 | Duplicate",
                "{\"a\":{\"dtype\":\"BOOL\",\"shape\":[1],\"data_offsets\":[0,1]}} | 1 | expected 0 or 1",
                "{\"__metadata__\":{\"a\":1}} | 0 | is not a string",
                "{\"__metadata__\":[]} | 0 | not a map of strings",
                "{} {} | 0 | not well-formed",
                "{\"a\": | 0 | not well-formed",
                "[] | 0 | not a JSON object"
            })
    void refusesWrongHeaders(String header, int dataBytes, String expected) throws IOException {
        assertRefused(file(header, dataBytes), expected);
    }

    @Test
    void refusesWrongLengths() throws IOException {
        Path file = folder.resolve("x.safetensors");
        for (long length : new long[] {-1, 0, 1, 3, 100, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 31}) {
            byte[] bytes = ByteBuffer.allocate(10)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(length)
                    .put((byte) '{')
                    .put((byte) '}')
                    .array();
            assertRefused(Files.write(file, bytes), "claims a header");
        }
        assertRefused(Files.write(file, new byte[7]), "holds 7 bytes");
        assertRefused(folder, "is a folder");
        assertRefused(folder.resolve("none"), "no such file");
    }

    @Test
    void refusesAHugeHeaderInAFileThatIsLongEnough() throws IOException {
        Path file = folder.resolve("sparse.safetensors");
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(3L << 30);
            sparse.write(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(2L << 30)
                    .array());
        }
        assertRefused(file, "claims a header of 2147483648 bytes");
    }

    @Test
    void readsTensorsBehindTheFirstTwoGibibytes() throws IOException {
        // A sparse file: the first tensors are holes, only the last is written. For the large part, only metadata and
        // layout are checked, because reading it would need the memory.
        long large = (1L << 31) - 4096;
        String header = "{\"__metadata__\":{\"a\":\"b\"},\"x\":{\"dtype\":\"U8\",\"shape\":[" + large
                + "],\"data_offsets\":[0," + large + "]},\"y\":{\"dtype\":\"U8\",\"shape\":[" + large
                + "],\"data_offsets\":[" + large + "," + 2 * large + "]}}";
        Path file = file(header, 0);
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(sparse.length() + 2 * large);
        }
        assertThat(Safetensors.readMetadata(file)).containsEntry("a", "b");
        String tooLarge = header.replace(Long.toString(2 * large), Long.toString(large + (1L << 31)))
                .replace(
                        "[" + large + "],\"data_offsets\":[" + large,
                        "[" + (1L << 31) + "],\"data_offsets\":[" + large);
        Path other = file(tooLarge, 0);
        try (RandomAccessFile sparse = new RandomAccessFile(other.toFile(), "rw")) {
            sparse.setLength(sparse.length() + large + (1L << 31));
        }
        assertRefused(other, "larger than 2 GiB");
    }

    @Test
    void refusesEveryTruncationAndLengthening() throws IOException {
        byte[] whole = Files.readAllBytes(TorchCheckpointTest.fixture("types.safetensors"));
        Path file = folder.resolve("cut.safetensors");
        for (int length = 0; length < whole.length; length += 7) {
            assertRefused(Files.write(file, Arrays.copyOf(whole, length)), "");
        }
        assertRefused(Files.write(file, Arrays.copyOf(whole, whole.length + 1)), "follow it");
    }

    @Test
    void aFailedWriteLeavesTheOldFileAndNothingElse() throws IOException {
        Path file = Files.writeString(folder.resolve("x.safetensors"), "old");
        assertThatThrownBy(() -> AtomicFile.write(file, channel -> {
                    channel.write(ByteBuffer.allocate(100));
                    throw new IOException("No space left on device");
                }))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("no space left on the disk for " + file + "; free some or choose another folder");
        assertThat(file).hasContent("old");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(file);
        }
        try (StateDict none = new StateDict()) {
            Safetensors.write(none, file);
            assertThatThrownBy(() -> Safetensors.write(none, folder)).hasMessageContaining("is a folder");
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(file);
        }
    }

    private Path file(String header, int dataBytes) throws IOException {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer all = ByteBuffer.allocate(8 + text.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        all.putLong(text.length).put(text);
        while (all.hasRemaining()) all.put((byte) 3);
        return Files.write(folder.resolve("made.safetensors"), all.array());
    }

    private static void assertRefused(Path file, String expected) {
        assertThatThrownBy(() -> Safetensors.read(file).close())
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(file.toString())
                .hasMessageContaining(expected)
                .message()
                .doesNotContain("\n");
    }
}
