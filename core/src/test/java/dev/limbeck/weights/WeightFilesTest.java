package dev.limbeck.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.nn.StateDict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WeightFilesTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"types.zip.pt", "types.legacy.pt", "types-protocol4.legacy.pt", "types.safetensors"})
    void choosesByContentNotByName(String name) throws IOException {
        Path misnamed = folder.resolve("weights.jpg");
        Files.copy(TorchCheckpointTest.fixture(name), misnamed);
        try (StateDict tensors = WeightFiles.read(misnamed)) {
            TorchCheckpointTest.assertAsInPython(tensors, "types");
        }
    }

    @Test
    void saysWhatWasExpected() throws IOException {
        assertRefused(folder.resolve("none.pt"), "no such file");
        assertRefused(folder, "is a folder; expected a file");
        assertRefused(Files.writeString(folder.resolve("a"), "<html><body>"), "web page");
        assertRefused(Files.write(folder.resolve("b"), new byte[] {0x1f, (byte) 0x8b, 8}), "gzip");
        assertRefused(Files.write(folder.resolve("c"), new byte[100]), "expected a safetensors file or a PyTorch");
        assertThat(folder).isNotEmptyDirectory();
    }

    private static void assertRefused(Path file, String expected) {
        assertThatThrownBy(() -> WeightFiles.read(file).close())
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(file.toString())
                .hasMessageContaining(expected);
    }
}
