package dev.limbeck.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.data.Draws;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Test that unusual files decode like in Pillow, or are rejected in one line. */
class DecoderTableTest {
    static List<DecoderTable.Row> rows() {
        return DecoderTable.rows();
    }

    @ParameterizedTest
    @MethodSource("rows")
    void pixelsAreThoseOfPillow(DecoderTable.Row row) throws IOException {
        if (row.isRefused()) {
            assertThatThrownBy(() -> ImageDecoder.decode(row.file()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(row.why());
        } else {
            assertThat(row.distance(ImageDecoder.decode(row.file()))).isLessThanOrEqualTo(row.most());
        }
    }

    /** The table in docs/images.md lists the number of files of each kind; it must match. */
    @Test
    void theTableCoversAllKinds() {
        Map<String, Integer> kinds = new TreeMap<>();
        for (DecoderTable.Row row : rows()) kinds.merge(row.kind(), 1, Integer::sum);
        assertThat(rows()).hasSizeGreaterThan(300);
        assertThat(kinds)
                .containsKeys("JPEG, ICC profile", "JPEG, CMYK", "EXIF orientation", "GIF, frame and screen")
                .containsKeys("PNG, 16 bits", "BMP, run lengths", "WebP, animated", "TIFF, JPEG inside")
                .containsKeys("TIFF, palette", "TIFF, samples beside others", "PNG, other chunks", "BMP, header");
        assertThat(rows().stream().map(DecoderTable.Row::most)).allMatch(most -> most <= 1);
    }

    /**
     * Whatever bytes are changed or missing, the result is pixels or an exception of one type, in little time and
     * memory.
     */
    @Test
    void damagedFilesNeverFailOtherwise() {
        Draws draws = Draws.of(18);
        int refused = 0;
        List<String> slow = new ArrayList<>();
        for (DecoderTable.Row row : rows()) {
            for (int i = 0; i < 12; i++) {
                byte[] damaged = row.file().clone();
                if (i % 3 == 2) damaged = Arrays.copyOf(damaged, draws.nextInt(damaged.length));
                for (int k = 0; k < 3 && damaged.length > 0; k++) {
                    int within = i % 2 == 0 ? Math.min(damaged.length, 120) : damaged.length;
                    damaged[draws.nextInt(within)] = (byte) draws.nextInt(256);
                }
                long start = System.nanoTime();
                try {
                    ImageDecoder.decode(damaged);
                } catch (IOException expected) {
                    assertThat(expected.getMessage()).as(row.name()).doesNotContain("\n");
                    refused++;
                }
                if (System.nanoTime() - start > 5_000_000_000L) slow.add(row.name());
            }
        }
        assertThat(refused).isGreaterThan(1000);
        assertThat(slow).isEmpty();
    }

    /** Most JDKs repeat the rows of components with half the height; others already filter them. */
    @Test
    void repeatedRowsAreFilteredAndFilteredOnesStay() {
        byte[] repeated = {10, 10, 50, 50, 30};
        JpegFile.upsample(repeated, 1, 5, 0, 1);
        // (3 × near + far + 1 or 2) / 4
        assertThat(repeated).containsExactly(10, 20, 40, 45, 35);
        byte[] filtered = {10, 20, 40, 45, 35};
        JpegFile.upsample(filtered, 1, 5, 0, 1);
        assertThat(filtered).containsExactly(10, 20, 40, 45, 35);
        byte[] two = {7, 10, 7, 10, 7, 50, 7, 50};
        JpegFile.upsample(two, 1, 4, 1, 2);
        assertThat(two).containsExactly(7, 10, 7, 20, 7, 40, 7, 50);
    }
}
