package dev.limbeck.train;

import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import dev.limbeck.io.IoErrors;
import dev.limbeck.io.Leftovers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Write a TensorBoard event file with one scalar per number of an epoch. The file is a sequence of TFRecords (length,
 * masked CRC-32C, content, masked CRC-32C). Each record is an {@code Event} message of TensorFlow's event.proto.
 */
public final class TensorBoardLog implements TrackedRun {
    private static final int MASK = 0xa282ead8;

    // Field numbers and wire types of the messages Event, Summary and Summary.Value.
    private static final int WALL_TIME = 1 << 3 | 1;
    private static final int STEP = 2 << 3;
    private static final int FILE_VERSION = 3 << 3 | 2;
    private static final int SUMMARY = 5 << 3 | 2;
    private static final int VALUE = 1 << 3 | 2;
    private static final int TAG = 1 << 3 | 2;
    private static final int SIMPLE_VALUE = 2 << 3 | 5;

    private final Path folder;
    private @Nullable OutputStream out;

    /** Write into a folder, which is created if needed. Each fit writes its own file. */
    public TensorBoardLog(Path folder) {
        this.folder = folder;
    }

    @Override
    public void beforeFit(TrainingContext fit) {
        boolean made = !Files.exists(folder);
        try {
            Files.createDirectories(folder);
            String name = "events.out.tfevents.%010d.limbeck-%d"
                    .formatted(System.currentTimeMillis() / 1000, System.nanoTime());
            out = begun(folder.resolve(name));
        } catch (IOException e) {
            if (made) Leftovers.deleteEmpty(folder);
            throw failed(e);
        }
    }

    /** Open a file and write its header. A failure leaves no file. */
    private static OutputStream begun(Path file) throws IOException {
        OutputStream begun = Files.newOutputStream(file);
        try {
            write(begun, message(FILE_VERSION, "brain.Event:2".getBytes(StandardCharsets.UTF_8)), 0);
            return begun;
        } catch (IOException e) {
            begun.close();
            Files.delete(file);
            throw e;
        }
    }

    @Override
    public void afterEpoch(TrainingContext fit) {
        List<EpochRecord> rows = fit.wholeHistory();
        OutputStream open = out;
        if (open == null || rows.isEmpty()) return;
        Map<String, Double> row = CsvLog.values(rows.get(rows.size() - 1));
        ByteArrayOutputStream summary = new ByteArrayOutputStream();
        row.forEach((name, value) -> {
            if (Double.isFinite(value)) summary.writeBytes(message(VALUE, scalar(name, value)));
        });
        try {
            write(open, message(SUMMARY, summary.toByteArray()), rows.size() - 1);
        } catch (IOException e) {
            throw failed(e);
        }
    }

    @Override
    public void afterFit(TrainingContext fit) {
        try (OutputStream closing = out) {
            out = null;
        } catch (IOException e) {
            throw failed(e);
        }
    }

    private static byte[] scalar(String tag, double value) {
        byte[] name = message(TAG, Printable.line(tag).getBytes(StandardCharsets.UTF_8));
        return ByteBuffer.allocate(name.length + 5)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(name)
                .put((byte) SIMPLE_VALUE)
                .putFloat((float) value)
                .array();
    }

    /** Write a key and a length before the content of a nested message or string. */
    private static byte[] message(int key, byte[] content) {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        message.write(key);
        varint(message, content.length);
        message.writeBytes(content);
        return message.toByteArray();
    }

    private static void varint(ByteArrayOutputStream to, long value) {
        long left = value;
        for (; left >= 0x80; left >>>= 7) to.write((int) (left & 0x7f | 0x80));
        to.write((int) left);
    }

    private static void write(OutputStream to, byte[] what, long step) throws IOException {
        ByteArrayOutputStream event = new ByteArrayOutputStream();
        event.write(WALL_TIME);
        event.writeBytes(little(8).putDouble(System.currentTimeMillis() / 1e3).array());
        event.write(STEP);
        varint(event, step);
        event.writeBytes(what);
        byte[] length = little(8).putLong(event.size()).array();
        to.write(length);
        to.write(little(4).putInt(masked(length)).array());
        to.write(event.toByteArray());
        to.write(little(4).putInt(masked(event.toByteArray())).array());
        to.flush();
    }

    private static int masked(byte[] bytes) {
        CRC32C sum = new CRC32C();
        sum.update(bytes);
        int crc = (int) sum.getValue();
        return Integer.rotateRight(crc, 15) + MASK;
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private LimbeckException failed(IOException e) {
        return IoErrors.writing(folder, e);
    }

    /** Register the log as {@code tensorboard:DIR}. With several runs, each has its own folder. */
    public static final class Named implements Tracker {
        @Override
        public String name() {
            return "tensorboard";
        }

        @Override
        public String summary() {
            return "event files for TensorBoard: tensorboard:DIR";
        }

        @Override
        public void check(String target) {
            if (target.isEmpty()) throw new LimbeckException("tensorboard needs a folder; give tensorboard:DIR");
            Path folder = Path.of(target);
            if (Files.exists(folder) && !Files.isDirectory(folder)) {
                throw new LimbeckException(folder + " is a file, expected a folder; choose another for tensorboard");
            }
        }

        @Override
        public TrackedRun follow(Tracking training) {
            return new TensorBoardLog(Path.of(training.target()).resolve(training.run()));
        }
    }
}
