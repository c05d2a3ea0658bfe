package dev.limbeck.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.data.Draws;
import dev.limbeck.image.RgbImage;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AugmentationTest {
    private static final int SIDE = 6;
    private static final RgbImage IMAGE = TestImages.random(SIDE, SIDE, 1);

    private static RgbImage apply(Augmentation augmentation, long draw) {
        ByteBuffer target = ByteBuffer.allocate(3 * SIDE * SIDE);
        augmentation.write(IMAGE.rgb(), SIDE, SIDE, 1, 1, Draws.of(draw), target);
        assertThat(target.hasRemaining()).isFalse();
        return new RgbImage(SIDE, SIDE, target.array());
    }

    @Test
    void changesNothingWhenNothingIsAsked() {
        assertThat(apply(Augmentation.none(), 3).rgb()).isEqualTo(IMAGE.rgb());
    }

    @Test
    void mirrorsHalfOfTheTime() {
        int mirrored = 0;
        for (int draw = 0; draw < 400; draw++) {
            RgbImage seen = apply(Augmentation.none().withHflip(true), draw);
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
            RgbImage seen = apply(Augmentation.none().withPadAndCrop(2), draw);
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

    @Test
    void aRandomCropShowsAPartOfTheImageAtItsSize() {
        // A ramp: after resizing, a crop of it begins and ends inside the range, and is at most as steep.
        byte[] ramp = new byte[3 * SIDE * SIDE];
        for (int i = 0; i < ramp.length; i++) ramp[i] = (byte) (i / 3 % SIDE * 200 / SIDE);
        Set<Integer> starts = new HashSet<>();
        for (int draw = 0; draw < 200; draw++) {
            ByteBuffer target = ByteBuffer.allocate(ramp.length);
            Augmentation.none().withRandomResizedCrop(0.3).write(ramp, SIDE, SIDE, 1, 1, Draws.of(draw), target);
            assertThat(target.hasRemaining()).isFalse();
            byte[] seen = target.array();
            int first = seen[0] & 0xff;
            int last = seen[3 * (SIDE - 1)] & 0xff;
            assertThat(last - first).isBetween(60, 200);
            starts.add(first);
        }
        assertThat(starts.size()).isGreaterThan(10);
    }

    /** Models of other input shapes see the same crops and flips only if each shape takes as many draws. */
    @Test
    void oblongImagesAreCroppedBySharesOfTheirSides() {
        Augmentation crops = Augmentation.none().withRandomResizedCrop(0.35);
        int cropped = 0;
        for (int draw = 0; draw < 100; draw++) {
            Draws ofSquare = Draws.of(draw);
            Draws ofOblong = Draws.of(draw);
            RgbImage oblong = TestImages.random(64, 16, draw);
            ByteBuffer target = ByteBuffer.allocate(3 * 16 * 64);
            crops.write(
                    TestImages.random(16, 16, draw).rgb(), 16, 16, 1, 1, ofSquare, ByteBuffer.allocate(3 * 16 * 16));
            crops.write(oblong.rgb(), 16, 64, 1, 4, ofOblong, target);
            if (!Arrays.equals(target.array(), oblong.rgb())) cropped++;
            assertThat(ofOblong.nextLong()).isEqualTo(ofSquare.nextLong());
        }
        assertThat(cropped).isGreaterThan(95);
    }

    @Test
    void shiftsAreScaledInEachDirection() {
        RgbImage oblong = TestImages.random(24, 6, 5);
        for (int draw = 0; draw < 50; draw++) {
            RgbImage square = apply(Augmentation.none().withPadAndCrop(2), draw);
            ByteBuffer target = ByteBuffer.allocate(3 * 6 * 24);
            Augmentation.none().withPadAndCrop(2).write(oblong.rgb(), 6, 24, 1, 4, Draws.of(draw), target);
            RgbImage moved = new RgbImage(24, 6, target.array());
            for (int dx = -2; dx <= 2; dx++) {
                for (int dy = -2; dy <= 2; dy++) {
                    if (!isShift(square, dx, dy)) continue;
                    int x = 12 - 4 * dx;
                    int y = 3 - dy;
                    assertThat(TestImages.pixel(moved, x, y)).isEqualTo(TestImages.pixel(oblong, 12, 3));
                }
            }
        }
    }

    @Test
    void jitterChangesColorsAndNotPlaces() {
        Set<Integer> seen = new HashSet<>();
        for (int draw = 0; draw < 50; draw++) {
            seen.add(TestImages.pixel(apply(Augmentation.none().withColorJitter(0.5), draw), 3, 3));
        }
        assertThat(seen.size()).isGreaterThan(20);
    }

    @Test
    void settingsOutOfRangeAreRefused() {
        assertThatThrownBy(() -> Augmentation.none().withRandomResizedCrop(0))
                .hasMessage("random_resized_crop must be above 0 and at most 1, found 0.0");
        assertThatThrownBy(() -> Augmentation.none().withRandAugment(31))
                .hasMessageStartingWith("rand_augment must be 0 to 30");
        assertThatThrownBy(() -> Augmentation.none().withColorJitter(1.5))
                .hasMessageStartingWith("color_jitter must be between");
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
