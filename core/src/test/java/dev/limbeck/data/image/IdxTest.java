package dev.limbeck.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import dev.limbeck.image.RgbImage;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdxTest {
    @TempDir
    Path folder;

    /** Write an IDX file whose values count up from 0. */
    static Path write(Path file, int magic, int values, int... dims) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(magic);
        for (int dim : dims) out.writeInt(dim);
        for (int i = 0; i < values; i++) out.writeByte(i % 256);
        return Files.write(file, file.toString().endsWith(".gz") ? gzip(bytes.toByteArray()) : bytes.toByteArray());
    }

    private static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(bytes);
        }
        return packed.toByteArray();
    }

    private Path file(int magic, int values, int... dims) throws IOException {
        return write(folder.resolve("file"), magic, values, dims);
    }

    @Test
    void readsAFolderOfImagesAndLabels() throws IOException {
        write(folder.resolve("train-images-idx3-ubyte.gz"), 0x803, 10 * 6, 10, 2, 3);
        write(folder.resolve("train-labels-idx1-ubyte"), 0x801, 10, 10);
        write(folder.resolve("t10k-images-idx3-ubyte"), 0x803, 4 * 6, 4, 2, 3);
        write(folder.resolve("t10k-labels-idx1-ubyte.gz"), 0x801, 4, 4);
        assertThat(IdxImages.isIn(folder)).isTrue();
        ImageSource source = IdxImages.of(folder);
        assertThat(source.size()).isEqualTo(14);
        assertThat(source.split(9)).isEqualTo(Split.TRAIN);
        assertThat(source.split(10)).isEqualTo(Split.TEST);
        assertThat(source.label(13)).isEqualTo(3);
        RgbImage image = source.load(2);
        assertThat(image.width()).isEqualTo(3);
        assertThat(image.height()).isEqualTo(2);
        assertThat(TestImages.pixel(image, 1, 1)).isEqualTo(0x101010);
        assertThat(source.signature(2)).isNotEqualTo(source.signature(3));
        try (ImageData data = ImageData.builder(source).build()) {
            assertThat(data.inputs().get(0).shape()).containsExactly(3, 2, 3);
        }
    }

    @Test
    void namesFashionsClassesByTheFolder() throws IOException {
        Path fashion = Files.createDirectories(folder.resolve("FashionMNIST/raw"));
        write(fashion.resolve("train-images-idx3-ubyte"), 0x803, 10, 10, 1, 1);
        write(fashion.resolve("train-labels-idx1-ubyte"), 0x801, 10, 10);
        assertThat(IdxImages.of(fashion).classNames()).contains("Ankle boot");
    }

    @Test
    void refusesDamagedFiles() throws IOException {
        assertRefused(file(0x802, 6, 1, 2, 3), "expected the first bytes 00000803, found 00000802");
        assertRefused(file(0x803, 5, 1, 2, 3), "is truncated");
        assertRefused(file(0x803, 7, 1, 2, 3), "goes on after");
        assertRefused(file(0x803, 6, 1, 2), "declares sizes");
        assertRefused(file(0x803, 6, 1, -2, 3), "declares sizes");
        assertRefused(file(0x803, 6, Integer.MAX_VALUE, Integer.MAX_VALUE, 3), "declares sizes");
        assertRefused(file(0x803, 6, 60000, 28, 28), "more than its bytes");
        assertRefused(Files.write(folder.resolve("file"), new byte[0]), "is truncated");
        Path packed = write(folder.resolve("file.gz"), 0x803, 600, 100, 2, 3);
        assertRefused(Files.write(packed, Arrays.copyOf(Files.readAllBytes(packed), 60)), "file.gz");
        assertRefused(folder.resolve("none"), "none");
    }

    private static void assertRefused(Path file, String why) {
        assertThatThrownBy(() -> Idx.read(file, 3))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining(why)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
    }

    @Test
    void refusesFilesThatDoNotFitTogether() throws IOException {
        write(folder.resolve("train-images-idx3-ubyte"), 0x803, 12, 12, 1, 1);
        assertThatThrownBy(() -> IdxImages.of(folder)).hasMessageContaining("without its labels");
        write(folder.resolve("train-labels-idx1-ubyte"), 0x801, 11, 11);
        assertThatThrownBy(() -> IdxImages.of(folder))
                .hasMessageContaining("12 images")
                .hasMessageContaining("11");
        write(folder.resolve("train-labels-idx1-ubyte"), 0x801, 12, 12);
        assertThatThrownBy(() -> IdxImages.of(folder)).hasMessageContaining("found 11");
        assertThatThrownBy(() -> IdxImages.of(folder.resolve("elsewhere"))).hasMessageContaining("no train-");
    }
}
