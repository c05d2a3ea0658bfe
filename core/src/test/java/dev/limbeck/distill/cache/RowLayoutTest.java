package dev.limbeck.distill.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RowLayoutTest {
    private static final Path FOLDER = Path.of("kept");

    @Test
    void readsWhatItWrites() {
        RowLayout layout = new RowLayout();
        layout.read(Map.of("classes", "10", "features", "layer2 16×8×8, fc 10"), FOLDER);
        assertThat(layout.layers()).containsExactly("layer2", "fc");
        assertThat(layout.width()).isEqualTo(10 + 16 * 8 * 8 + 10);
        Map<String, String> facts = new TreeMap<>();
        layout.write(facts);
        assertThat(facts).isEqualTo(Map.of("classes", "10", "features", "layer2 16×8×8, fc 10"));
    }

    @Test
    void refusesClassesThatAreNone() {
        for (String classes : new String[] {"", "x", "-1", "99999999"}) {
            assertThatThrownBy(() -> new RowLayout().read(Map.of("classes", classes), FOLDER))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("kept has no number of classes; delete it");
        }
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
        assertThatThrownBy(() -> new RowLayout().read(Map.of("classes", "10", "features", features), FOLDER))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("kept has invalid feature shapes; delete it");
    }
}
