package dev.limbeck.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbeck.report.ParetoPicture.Point;
import dev.limbeck.train.Metric;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParetoPictureTest {
    private static final Point FAST = new Point("fast", 1, 0.7, true);
    private static final Point SLOW = new Point("slow", 3, 0.9, true);
    private static final Point BEATEN = new Point("beaten", 2, 0.6, true);
    private static final Point SAME_COST = new Point("same cost", 1, 0.5, true);

    @Test
    void theFrontHoldsWhatNoOtherBeatsInBoth() {
        List<Point> points = List.of(SLOW, SAME_COST, BEATEN, FAST);
        assertThat(ParetoPicture.front(points, true)).containsExactly(FAST, SLOW);
        // An error: lower is better.
        assertThat(ParetoPicture.front(points, false)).containsExactly(SAME_COST);
        assertThat(ParetoPicture.front(List.of(FAST, new Point("twin", 1, 0.7, true)), true))
                .containsExactly(FAST);
    }

    /** Its value is that of fewer epochs, which cannot be compared. */
    @Test
    void theFrontLeavesOutWhatWasDroppedEarly() {
        Point dropped = new Point("dropped", 0.5, 0.8, false);
        assertThat(ParetoPicture.front(List.of(dropped, SLOW, FAST), true)).containsExactly(FAST, SLOW);
    }

    @Test
    void aPictureIsWritten(@TempDir Path home) throws Exception {
        Path file = ParetoPicture.write(
                List.of(SLOW, FAST, new Point("dropped", 2, 0.5, false)),
                Metric.accuracy(),
                "milliseconds of one row",
                3.5,
                home);
        assertThat(file).isEqualTo(home.resolve(ParetoPicture.NAME));
        assertThat(ImageIO.read(file.toFile()).getWidth()).isGreaterThan(500);
        // One network, without a limit.
        assertThat(ParetoPicture.write(List.of(FAST), Metric.accuracy(), "MB", null, home))
                .isNotEmptyFile();
    }
}
