package dev.limbeck.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxChecksumTest {
    private static final int LENGTH = 19;

    @TempDir
    Path home;

    private Path sealed(byte[] model) throws IOException {
        byte[] seal = OnnxChecksum.of(model);
        byte[] all = Arrays.copyOf(model, model.length + seal.length);
        System.arraycopy(seal, 0, all, model.length, seal.length);
        return Files.write(home.resolve("model.onnx"), all);
    }

    /** Compare the digits with the standard CRC-32 test vector, "123456789". */
    @Test
    void isAnEntryOfOnnxMetadata() {
        byte[] seal = OnnxChecksum.of("123456789".getBytes(StandardCharsets.US_ASCII));
        assertThat(seal).hasSize(LENGTH);
        assertThat(new String(seal, StandardCharsets.US_ASCII))
                .contains("crc32")
                .endsWith("cbf43926");
    }

    @Test
    void everyChangedBitIsDetectedAndAnIntactFilePasses() throws IOException {
        byte[] model = new byte[150_000];
        new Random(1).nextBytes(model);
        Path file = sealed(model);
        assertThatCode(() -> OnnxChecksum.check(file)).doesNotThrowAnyException();
        byte[] good = Files.readAllBytes(file);
        for (int at : new int[] {0, 70_000, model.length - 1, good.length - 1, good.length - 8}) {
            byte[] changed = good.clone();
            changed[at] ^= 1;
            Files.write(file, changed);
            assertThatThrownBy(() -> OnnxChecksum.check(file))
                    .as("byte " + at)
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage(file + " was damaged or edited after it was exported; export it again, or, if it was "
                            + "meant, take its metadata entry crc32 out");
        }
    }

    /** Allow a flip in the entry itself to leave a file without a checksum, but with the original model. */
    @Test
    void noUndetectedBitFlipChangesTheModel() throws IOException {
        byte[] model = new byte[2000];
        Random random = new Random(5);
        random.nextBytes(model);
        Path file = sealed(model);
        byte[] good = Files.readAllBytes(file);
        int refused = 0;
        for (int i = 0; i < 1000; i++) {
            byte[] changed = good.clone();
            changed[random.nextInt(changed.length)] ^= (byte) (1 << random.nextInt(8));
            Files.write(file, changed);
            try {
                OnnxChecksum.check(file);
                assertThat(Arrays.copyOf(changed, model.length)).isEqualTo(model);
            } catch (LimbeckException e) {
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(900);
    }

    @Test
    void filesWithoutAChecksumPass() throws IOException {
        for (int length : new int[] {0, 1, LENGTH - 1, LENGTH, 100}) {
            Path file = Files.write(home.resolve("bare"), new byte[length]);
            assertThatCode(() -> OnnxChecksum.check(file)).doesNotThrowAnyException();
        }
        Path cut = sealed(new byte[40]);
        Files.write(cut, Arrays.copyOf(Files.readAllBytes(cut), 40));
        assertThatCode(() -> OnnxChecksum.check(cut)).doesNotThrowAnyException();
        assertThatThrownBy(() -> OnnxChecksum.check(home.resolve("none"))).hasMessageStartingWith("cannot read ");
    }
}
