package dev.limbeck.data.image;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.limbeck.Golden;
import dev.limbeck.data.Draws;
import dev.limbeck.image.RgbImage;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class ColorsTest {
    private static final int WIDTH = 32;
    private static final int HEIGHT = 24;

    private static final Map<String, UnaryOperator<RgbImage>> OPERATIONS = Map.of(
            "brightness 1.45", image -> Colors.brightness(image, 1.45),
            "contrast 0.4", image -> Colors.contrast(image, 0.4),
            "saturation 1.6", image -> Colors.saturation(image, 1.6),
            "sharpness 0.3", image -> Colors.sharpness(image, 0.3),
            "sharpness 1.9", image -> Colors.sharpness(image, 1.9),
            "posterize 3", image -> Colors.posterize(image, 3),
            "solarize 120", image -> Colors.solarize(image, 120),
            "autocontrast", Colors::autocontrast,
            "equalize", Colors::equalize);

    private static RgbImage image() {
        byte[] pixels = new byte[3 * WIDTH * HEIGHT];
        for (int y = 0, to = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                for (int c = 0; c < 3; c++) pixels[to++] = (byte) (37 * x * x + 91 * y + 53 * c * x + 17 * y * y * c);
            }
        }
        return new RgbImage(WIDTH, HEIGHT, pixels);
    }

    @Test
    void changesColorsAsPillowDoes() {
        JsonNode golden = Golden.read("colors.json").get("images");
        assertThat(golden.size()).isEqualTo(OPERATIONS.size());
        OPERATIONS.forEach((name, operation) -> {
            RgbImage image = image();
            byte[] found = operation.apply(image).rgb();
            byte[] expected = Base64.getDecoder().decode(golden.get(name).asText());
            for (int i = 0; i < expected.length; i++) {
                // Pillow rounds in float32 in some places.
                assertThat(found[i] & 0xff)
                        .as("%s at %d", name, i)
                        .isBetween((expected[i] & 0xff) - 1, (expected[i] & 0xff) + 1);
            }
            assertThat(image.rgb()).as("the given image stays").isEqualTo(image().rgb());
        });
    }

    @Test
    void aMagnitudeOfNothingAndAFactorOfOneChangeNothing() {
        byte[] before = image().rgb();
        assertThat(Colors.brightness(image(), 1).rgb()).isEqualTo(before);
        assertThat(Colors.contrast(image(), 1).rgb()).isEqualTo(before);
        assertThat(Colors.saturation(image(), 1).rgb()).isEqualTo(before);
        assertThat(Colors.sharpness(image(), 1).rgb()).isEqualTo(before);
        for (int operation = 0; operation <= 10; operation++) {
            assertThat(RandAugment.operation(image(), operation, 0, 1).rgb())
                    .as("operation %d", operation)
                    .isEqualTo(before);
        }
    }

    @Test
    void everyRandomOperationChangesThePictureAndEveryDrawIsTheSameAgain() {
        byte[] before = image().rgb();
        for (int operation = 1; operation < 14; operation++) {
            assertThat(RandAugment.operation(image(), operation, 1, -1).rgb())
                    .as("operation %d", operation)
                    .isNotEqualTo(before);
        }
        Set<String> seen = new HashSet<>();
        for (int draw = 0; draw < 50; draw++) {
            byte[] once = RandAugment.apply(image(), 2, 9, Draws.of(draw)).rgb();
            assertThat(RandAugment.apply(image(), 2, 9, Draws.of(draw)).rgb()).isEqualTo(once);
            seen.add(Arrays.toString(once));
        }
        assertThat(seen).hasSizeGreaterThan(35);
    }

    @Test
    void aShiftMovesPixelsAndLeavesBlack() {
        RgbImage moved = RandAugment.operation(image(), 3, 1, 1);
        int by = (int) Math.round(WIDTH * 150 / 331.0);
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                assertThat(TestImages.pixel(moved, x, y))
                        .isEqualTo(x + by < WIDTH ? TestImages.pixel(image(), x + by, y) : 0);
            }
        }
    }
}
