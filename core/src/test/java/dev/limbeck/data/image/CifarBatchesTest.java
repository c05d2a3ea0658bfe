package dev.limbeck.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import dev.limbeck.image.RgbImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class CifarBatchesTest {
    private static final int IMAGE = 3072;

    @TempDir
    Path folder;

    /** Write pickle opcodes in the same order as Python 2's cPickle and numpy, in protocol 2. */
    static final class Pickle {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        Pickle raw(String latin1) {
            out.writeBytes(latin1.getBytes(StandardCharsets.ISO_8859_1));
            return this;
        }

        Pickle text(String text) {
            return raw("U" + (char) text.length() + text);
        }

        Pickle integer(int value) {
            out.write('J');
            out.writeBytes(little(value));
            return this;
        }

        Pickle array(int rows, byte[] data) {
            raw("cnumpy.core.multiarray\n_reconstruct\nq\u0007cnumpy\nndarray\nq\u0008K\0\u0085q\t");
            text("b").raw("\u0087Rq\u000b(K\u0001").integer(rows).integer(IMAGE).raw("\u0086");
            raw("cnumpy\ndtype\nq\r")
                    .text("u1")
                    .raw("K\0K\u0001\u0087R(K\u0003")
                    .text("|");
            raw("NNN").integer(-1).integer(-1).raw("K\0tb\u0089T");
            out.writeBytes(little(data.length));
            out.writeBytes(data);
            return raw("tb");
        }

        byte[] bytes() {
            return out.toByteArray();
        }

        private static byte[] little(int value) {
            return ByteBuffer.allocate(4)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(value)
                    .array();
        }
    }

    static byte[] batch(String labelKey, int rows, int firstLabel, byte[] data) {
        Pickle pickle =
                new Pickle().raw("\u0080\u0002}q\u0001(").text("batch_label").text("a batch");
        pickle.text(labelKey).raw("](");
        for (int i = 0; i < rows; i++) pickle.integer((firstLabel + i) % 10);
        return pickle.raw("e").text("data").array(rows, data).raw("u.").bytes();
    }

    static byte[] meta(String key, int classes) {
        Pickle pickle = new Pickle().raw("\u0080\u0002}(").text(key).raw("](");
        for (int i = 0; i < classes; i++) pickle.text("class " + i);
        return pickle.raw("eu.").bytes();
    }

    static byte[] data(int rows, long seed) {
        return Arrays.copyOf(TestImages.random(32, 32 * rows, seed).rgb(), rows * IMAGE);
    }

    /** Write a small CIFAR-10: five batches of 10 images and a test batch of 10. */
    static void writeTen(Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.write(folder.resolve("batches.meta"), meta("label_names", 10));
        for (int i = 1; i <= 5; i++) {
            Files.write(folder.resolve("data_batch_" + i), batch("labels", 10, i, data(10, i)));
        }
        Files.write(folder.resolve("test_batch"), batch("labels", 10, 0, data(10, 6)));
    }

    @Test
    void readsCifar10() throws IOException {
        writeTen(folder);
        assertThat(CifarBatches.isIn(folder)).isTrue();
        ImageSource source = CifarBatches.of(folder);
        assertThat(source.classNames()).hasSize(10).startsWith("class 0");
        assertThat(source.size()).isEqualTo(60);
        assertThat(source.split(49)).isEqualTo(Split.TRAIN);
        assertThat(source.split(50)).isEqualTo(Split.TEST);
        assertThat(source.label(0)).isEqualTo(1);
        assertThat(source.label(50)).isZero();
        // Image 3 of the second batch; planes of 1024.
        byte[] stored = data(10, 2);
        RgbImage image = source.load(13);
        for (int i : new int[] {0, 1, 33, 1023}) {
            int at = 3 * IMAGE + i;
            int expected = (stored[at] & 0xff) << 16 | (stored[at + 1024] & 0xff) << 8 | stored[at + 2048] & 0xff;
            assertThat(TestImages.pixel(image, i % 32, i / 32)).isEqualTo(expected);
        }
        try (ImageData built = ImageData.builder(source).build()) {
            assertThat(built.settings().augmentation().padAndCrop()).isEqualTo(4);
            assertThat(built.settings().augmentation().hflip()).isTrue();
            assertThat(built.size(Split.TEST)).isEqualTo(10);
            assertThat(built.size(Split.VALID)).isEqualTo(10);
        }
    }

    @Test
    void readsCifar100sFineLabels() throws IOException {
        Files.write(folder.resolve("meta"), meta("fine_label_names", 100));
        Files.write(folder.resolve("train"), batch("fine_labels", 10, 0, data(10, 1)));
        Files.write(folder.resolve("test"), batch("fine_labels", 10, 5, data(10, 2)));
        ImageSource source = CifarBatches.of(folder);
        assertThat(source.classNames()).hasSize(100);
        assertThat(source.size()).isEqualTo(20);
        assertThat(source.label(10)).isEqualTo(5);
    }

    @Test
    void refusesOtherClasses() {
        for (String attack : List.of(
                "\u0080\u0002cos\nsystem\nU\u0002ls\u0085R.",
                "\u0080\u0002c__builtin__\neval\nU\u0002ls\u0085R.",
                "\u0080\u0002(U\u0002lsios\nsystem\n.",
                "\u0080\u0004\u008c\u0002os\u008c\u0006system\u0093U\u0002ls\u0085R.",
                "\u0080\u0002cnet.razorvine\npickle\n)R.")) {
            assertThatThrownBy(() -> CifarPickle.read(attack.getBytes(StandardCharsets.ISO_8859_1)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("not allowed");
        }
    }

    @Test
    @Timeout(20)
    void refusesKeysThatAreCollections() {
        // The hash of a dictionary that contains itself never ends.
        for (String attack : List.of("\u0080\u0002}q\0h\0Ns.", "\u0080\u0002}}Ns.", "(]Nd.", "\u0080\u0002}(]Nu.")) {
            assertThatThrownBy(() -> CifarPickle.read(attack.getBytes(StandardCharsets.ISO_8859_1)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("the key of a map");
        }
    }

    @Test
    void checksLengthsBeforeAllocating() {
        for (String claim : List.of(
                "T\u00ff\u00ff\u00ff\u007f",
                "X\u00ff\u00ff\u00ff\u007f",
                "T\u00ff\u00ff\u00ff\u00ff",
                "\u008e\u00ff\u00ff\u00ff\u00ff\0\0\0\0",
                "\u008b\u00ff\u00ff\u00ff\u007f")) {
            byte[] file = ("\u0080\u0002" + claim + "abc.").getBytes(StandardCharsets.ISO_8859_1);
            assertThatThrownBy(() -> CifarPickle.read(file))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("are left");
        }
    }

    @Test
    @Timeout(20)
    void refusesEveryPrefix() {
        byte[] whole = batch("labels", 2, 0, data(2, 1));
        for (int length = 0; length < whole.length; length += length < 300 || length > whole.length - 50 ? 1 : 97) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> CifarPickle.read(cut)).isInstanceOf(IOException.class);
        }
    }

    @Test
    void refusesDamagedBatches() throws IOException {
        writeTen(folder);
        Path file = folder.resolve("data_batch_3");
        byte[] whole = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(whole, whole.length / 2));
        assertRefused(file, "data_batch_3");
        Files.write(file, batch("labels", 10, 0, data(9, 1)));
        assertRefused(file, "expected 10 images");
        Files.write(file, batch("other", 10, 0, data(10, 1)));
        assertRefused(file, "no list 'labels'");
        Files.delete(file);
        assertRefused(file, "data_batch_3: no such file");
        Files.write(file, whole);
        Files.write(folder.resolve("batches.meta"), meta("label_names", 5));
        assertRefused(file, "expected labels 0 to 4");
        Files.delete(folder.resolve("batches.meta"));
        assertRefused(file, "no CIFAR batches");
    }

    private void assertRefused(Path file, String why) {
        assertThatThrownBy(() -> CifarBatches.of(file.getParent()))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining(why);
    }
}
