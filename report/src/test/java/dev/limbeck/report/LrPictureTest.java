package dev.limbeck.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.train.LrCurve;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LrPictureTest {
    private static final LrCurve CURVE = new LrCurve(List.of(0.001, 0.01, 0.1), List.of(2.0, 1.5, 1.8), 0.01);

    @TempDir
    Path home;

    /** A name without the ending is the user's choice; another file of nearly that name is not touched. */
    @Test
    void theNamedFileIsWrittenAndNoOther() throws Exception {
        Path file = home.resolve("new/curve");
        Files.createDirectory(home.resolve("new"));
        Files.writeString(home.resolve("new/curve.png"), "another file");
        Files.writeString(file, "an old picture");
        LrPicture.write(CURVE, file);
        assertThat(ImageIO.read(file.toFile()).getWidth()).isEqualTo(800);
        assertThat(home.resolve("new/curve.png")).hasContent("another file");
        assertThat(home.resolve("new").toFile().list()).containsExactlyInAnyOrder("curve", "curve.png");
    }

    @Test
    void aFolderInItsPlaceIsAnErrorOfLimbeck() {
        assertThatThrownBy(() -> LrPicture.write(CURVE, home)).isInstanceOf(LimbeckException.class);
    }
}
