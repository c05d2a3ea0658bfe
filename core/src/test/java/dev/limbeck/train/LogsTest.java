package dev.limbeck.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test the logs of a real training, read back from their files. */
class LogsTest {
    @TempDir
    Path folder;

    private List<EpochRecord> train(Callback log) {
        try (Learner learner = Learner.create(Toy.data(3, 6), TinyNet.ARCHITECTURE)) {
            return learner.fit(2, 1e-2, log);
        }
    }

    @Test
    void theTableHasARowAnEpoch() throws IOException {
        Path file = folder.resolve("epochs.csv");
        Files.writeString(file, "of an earlier run");
        List<EpochRecord> epochs = train(new CsvLog(file));
        List<String> lines = Files.readAllLines(file);
        assertThat(lines.get(0))
                .isEqualTo("epoch,train_loss,train_task,valid_loss,accuracy,lr,seconds,rows_per_second");
        assertThat(lines).hasSize(3);
        String[] second = lines.get(2).split(",");
        assertThat(second[0]).isEqualTo("1");
        assertThat(Double.parseDouble(second[1])).isEqualTo(epochs.get(1).trainLoss());
        assertThat(Double.parseDouble(second[4]))
                .isEqualTo(epochs.get(1).metrics().get("accuracy"));
    }

    @Test
    void theEventsAreWhatTensorBoardReads() throws IOException {
        List<EpochRecord> epochs = train(new TensorBoardLog(folder.resolve("new/logs")));
        Path file;
        try (Stream<Path> files = Files.list(folder.resolve("new/logs"))) {
            file = files.findFirst().orElseThrow();
        }
        assertThat(file.getFileName().toString()).startsWith("events.out.tfevents.");
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        Map<String, Float> last = new LinkedHashMap<>();
        int events = 0;
        while (bytes.hasRemaining()) {
            ByteBuffer event = event(bytes);
            assertThat(event.get()).as("double wall_time = 1").isEqualTo((byte) 0x09);
            assertThat(event.getDouble()).isCloseTo(System.currentTimeMillis() / 1e3, within(60.0));
            assertThat(event.get()).as("int64 step = 2").isEqualTo((byte) 0x10);
            int step = varint(event);
            byte field = event.get();
            ByteBuffer content = nested(event);
            if (events++ == 0) {
                assertThat(field).as("string file_version = 3").isEqualTo((byte) 0x1a);
                assertThat(text(content)).isEqualTo("brain.Event:2");
                continue;
            }
            assertThat(field).as("Summary summary = 5").isEqualTo((byte) 0x2a);
            assertThat(step).isEqualTo(events - 2);
            while (content.hasRemaining()) {
                assertThat(content.get()).as("repeated Value value = 1").isEqualTo((byte) 0x0a);
                ByteBuffer value = nested(content);
                assertThat(value.get()).as("string tag = 1").isEqualTo((byte) 0x0a);
                String tag = text(nested(value));
                assertThat(value.get()).as("float simple_value = 2").isEqualTo((byte) 0x15);
                last.put(tag, value.getFloat());
            }
        }
        assertThat(events).isEqualTo(3);
        assertThat(last.get("train_loss")).isEqualTo((float) epochs.get(1).trainLoss());
        assertThat(last).containsKeys("accuracy", "valid_loss", "lr", "train_task");
    }

    private static ByteBuffer event(ByteBuffer file) {
        byte[] length = new byte[8];
        file.get(length);
        assertThat(file.getInt()).isEqualTo(masked(length));
        byte[] content = new byte
                [(int) ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong()];
        file.get(content);
        assertThat(file.getInt()).isEqualTo(masked(content));
        return ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static int masked(byte[] bytes) {
        CRC32C sum = new CRC32C();
        sum.update(bytes);
        long crc = sum.getValue();
        return (int) (((crc >>> 15) | (crc << 17)) + 0xa282ead8L);
    }

    private static int varint(ByteBuffer from) {
        int value = 0;
        for (int shift = 0; ; shift += 7) {
            byte next = from.get();
            value |= (next & 0x7f) << shift;
            if (next >= 0) return value;
        }
    }

    private static ByteBuffer nested(ByteBuffer from) {
        int length = varint(from);
        ByteBuffer part = from.slice(from.position(), length).order(ByteOrder.LITTLE_ENDIAN);
        from.position(from.position() + length);
        return part;
    }

    private static String text(ByteBuffer bytes) {
        return StandardCharsets.UTF_8.decode(bytes).toString();
    }
}
