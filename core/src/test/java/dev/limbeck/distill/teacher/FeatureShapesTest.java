package dev.limbeck.distill.teacher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FeatureShapesTest {
    private static final Path FOLDER = Path.of("kept");

    @Test
    void readsShapesInTheirOrder() {
        assertThat(FeatureShapes.read(FOLDER, 10, "")).isEmpty();
        assertThat(FeatureShapes.read(FOLDER, 10, "layer2 16×8×8, fc 10"))
                .hasSize(2)
                .containsEntry("layer2", new long[] {16, 8, 8})
                .containsEntry("fc", new long[] {10});
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "layer2",
                "layer2 16x8",
                "layer2 -1×-1",
                "layer2 99999×99999",
                "layer2 9999999999999",
                "layer2 4, layer3",
                "layer2 999999999×999999999×999999999"
            })
    void refusesWhatIsForged(String features) {
        assertThatThrownBy(() -> FeatureShapes.read(FOLDER, 10, features))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("kept does not say what can be the shapes of its features; delete it");
    }
}
