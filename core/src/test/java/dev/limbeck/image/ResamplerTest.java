package dev.limbeck.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbeck.data.image.TestImages;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ResamplerTest {
    static Stream<JsonNode> cases() throws IOException {
        try (InputStream in =
                Objects.requireNonNull(ResamplerTest.class.getResourceAsStream("/golden/resample.json"))) {
            return StreamSupport.stream(
                    new ObjectMapper().readTree(in).get("cases").spliterator(), false);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void agreesWithPyTorchWithinOneLevel(JsonNode golden) {
        JsonNode pixels = golden.get("pixels");
        byte[] rgb = new byte[pixels.size()];
        for (int i = 0; i < rgb.length; i++) rgb[i] = (byte) pixels.get(i).asInt();
        RgbImage scaled = Resampler.resize(
                new RgbImage(golden.get("width").asInt(), golden.get("height").asInt(), rgb),
                golden.get("newWidth").asInt(),
                golden.get("newHeight").asInt());
        JsonNode expected = golden.get("expected");
        assertThat(scaled.rgb()).hasSize(expected.size());
        for (int i = 0; i < expected.size(); i++) {
            assertThat((double) (scaled.rgb()[i] & 0xff))
                    .isCloseTo(expected.get(i).asDouble(), within(1.0));
        }
    }

    @Test
    void leavesAnImageOfTheWantedSizeAlone() {
        RgbImage image = TestImages.random(9, 7, 1);
        assertThat(Resampler.resize(image, 9, 7)).isSameAs(image);
        assertThat(Resize.CROP.apply(image, 9, 7)).isSameAs(image);
        assertThat(Resize.PAD.apply(image, 9, 7)).isSameAs(image);
        assertThat(Resize.SQUISH.apply(image, 9, 7)).isSameAs(image);
    }

    @Test
    void keepsAPlainColorExactly() {
        byte[] rgb = new byte[3 * 31 * 17];
        Arrays.fill(rgb, (byte) 201);
        RgbImage scaled = Resampler.resize(new RgbImage(31, 17, rgb), 8, 23);
        assertThat(scaled.rgb()).containsOnly((byte) 201);
    }

    @Test
    void aBoxOfWholePixelsIsThatPart() {
        RgbImage image = TestImages.random(10, 6, 2);
        RgbImage part = Resampler.resize(image, 3, 1, 4, 4, 4, 4);
        for (int y = 0; y < 4; y++) {
            for (int x = 0; x < 4; x++) {
                assertThat(TestImages.pixel(part, x, y)).isEqualTo(TestImages.pixel(image, x + 3, y + 1));
            }
        }
    }

    @Test
    void cropTakesTheCenterAndPadFillsWithBlack() {
        // Red, green and blue thirds of 8 pixels each.
        byte[] rgb = new byte[3 * 24 * 8];
        for (int i = 0; i < 24 * 8; i++) rgb[3 * i + (i % 24) / 8] = (byte) 255;
        RgbImage wide = new RgbImage(24, 8, rgb);

        RgbImage crop = Resize.CROP.apply(wide, 8, 8);
        assertThat(TestImages.pixel(crop, 0, 0)).isEqualTo(0x00ff00);
        assertThat(TestImages.pixel(crop, 7, 7)).isEqualTo(0x00ff00);

        RgbImage pad = Resize.PAD.apply(wide, 12, 12);
        assertThat(TestImages.pixel(pad, 0, 0)).isZero();
        assertThat(TestImages.pixel(pad, 0, 3)).isZero();
        assertThat(TestImages.pixel(pad, 1, 5)).isEqualTo(0xff0000);
        assertThat(TestImages.pixel(pad, 10, 7)).isEqualTo(0x0000ff);
        assertThat(TestImages.pixel(pad, 5, 8)).isZero();

        RgbImage squish = Resize.SQUISH.apply(wide, 6, 6);
        assertThat(TestImages.pixel(squish, 0, 3)).isEqualTo(0xff0000);
        assertThat(TestImages.pixel(squish, 5, 3)).isEqualTo(0x0000ff);
    }

    @Test
    void everySizeFitsEveryOther() {
        for (int w = 1; w <= 40; w += 3) {
            for (int h = 1; h <= 40; h += 3) {
                RgbImage image = TestImages.random(w, h, 3);
                for (Resize resize : Resize.values()) {
                    RgbImage scaled = resize.apply(image, 17, 11);
                    assertThat(scaled.width()).isEqualTo(17);
                    assertThat(scaled.height()).isEqualTo(11);
                }
            }
        }
    }
}
