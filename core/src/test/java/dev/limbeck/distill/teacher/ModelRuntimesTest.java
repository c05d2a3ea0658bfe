package dev.limbeck.distill.teacher;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ModelRuntimesTest {
    /** The jars that run these files are not on this module's class path. */
    @Test
    void aFileOfAnArtifactThatIsMissingNamesIt() {
        for (String[] one : new String[][] {{"model.ubj", "limbeck-xgboost"}, {"a.ONNX", "limbeck-export"}}) {
            assertThatThrownBy(() -> ModelRuntimes.find(Path.of(one[0])))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("there is no runtime for " + one[0] + ": put " + one[1] + " on the class path");
        }
    }
}
