package dev.limbeck.data.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbeck.data.Draws;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AugmentationTest {
    private static final int SIDE = 6;
    private static final RgbImage IMAGE = TestImages.random(SIDE, SIDE, 1);

    private static RgbImage apply(Augmentation augmentation, long draw) {
        ByteBuffer target = ByteBuffer.allocate(3 * SIDE * SIDE);
        augmentation.write(IMAGE.rgb(), SIDE, SIDE, Draws.of(draw), target);
        assertThat(target.hasRemaining()).isFalse();
        return new RgbImage(SIDE, SIDE, target.array());
    }

    @Test
    void changesNothingWhenNothingIsAsked() {
        assertThat(apply(new Augmentation(false, 0), 3).rgb()).isEqualTo(IMAGE.rgb());
    }

    @Test
    void mirrorsHalfOfTheTime() {
        int mirrored = 0;
        for (int draw = 0; draw < 400; draw++) {
            RgbImage seen = apply(new Augmentation(true, 0), draw);
            boolean flipped = TestImages.pixel(seen, 0, 2) == TestImages.pixel(IMAGE, SIDE - 1, 2);
            for (int x = 0; x < SIDE; x++) {
                assertThat(TestImages.pixel(seen, x, 4))
                        .isEqualTo(TestImages.pixel(IMAGE, flipped ? SIDE - 1 - x : x, 4));
            }
            if (flipped) mirrored++;
        }
        assertThat(mirrored).isBetween(160, 240);
    }

    @Test
    void everyCropIsAShiftWithBlackBeyondTheEdge() {
        Set<Integer> shifts = new HashSet<>();
        for (int draw = 0; draw < 400; draw++) {
            RgbImage seen = apply(new Augmentation(false, 2), draw);
            int matches = 0;
            for (int dx = -2; dx <= 2; dx++) {
                for (int dy = -2; dy <= 2; dy++) {
                    if (isShift(seen, dx, dy)) {
                        shifts.add(10 * dx + dy);
                        matches++;
                    }
                }
            }
            assertThat(matches).isEqualTo(1);
        }
        assertThat(shifts).hasSize(25);
    }

    private static boolean isShift(RgbImage seen, int dx, int dy) {
        for (int y = 0; y < SIDE; y++) {
            for (int x = 0; x < SIDE; x++) {
                boolean inside = x + dx >= 0 && x + dx < SIDE && y + dy >= 0 && y + dy < SIDE;
                if (TestImages.pixel(seen, x, y) != (inside ? TestImages.pixel(IMAGE, x + dx, y + dy) : 0)) {
                    return false;
                }
            }
        }
        return true;
    }
}
