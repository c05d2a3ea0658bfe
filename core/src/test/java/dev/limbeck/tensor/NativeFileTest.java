package dev.limbeck.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Test errors when native code writes files. */
class NativeFileTest {
    @TempDir
    Path home;

    /**
     * Without the check, LibTorch would abort the process. The limit on file size fails in the same way as a full disk.
     */
    @Test
    @Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there are no limits of file sizes")
    void aFileThatCannotBeWrittenIsAnException() throws IOException, InterruptedException {
        Path file = home.resolve("model.pt");
        Process process = new ProcessBuilder(
                        "sh",
                        "-c",
                        "ulimit -f 200; exec \"$@\"",
                        "sh",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:-UsePerfData",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Saving.class.getName(),
                        file.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        assertThat(said).contains(file + ": cannot be written (File too large); choose another folder");
        assertThat(home).isEmptyDirectory();
    }

    @Test
    void aFolderThatIsNotThereIsAnException() {
        Path file = home.resolve("none/model.pt");
        assertThatThrownBy(() -> Saving.save(file))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining(file + ": cannot be written");
    }

    @Test
    void anotherFileIsReplacedWhole() throws IOException {
        Path file = home.resolve("model.pt");
        Files.writeString(file, "old");
        Saving.save(file);
        try (Script loaded = Script.load(file);
                Scope scope = Scope.open()) {
            assertThat(Tensors.toFloats(loaded.forward(Tensors.zeros(DType.FLOAT32, 1, 300))))
                    .hasSize(300)
                    .containsOnly(0f);
        }
        assertThat(home.toFile().list()).containsExactly("model.pt");
    }

    /** Write a file of 360 kB. */
    static final class Saving {
        private Saving() {}

        public static void main(String... arguments) {
            try {
                save(Path.of(arguments[0]));
            } catch (LimbeckException e) {
                System.out.println(e.getMessage());
            }
        }

        static void save(Path file) {
            try (Scope scope = Scope.open()) {
                Tensor weight = Tensors.randn(300, 300);
                String source = "def forward(self, x: Tensor):\n    return torch.mm(x, self.weight)\n";
                try (Script script = Script.compile("Saved", Map.of("weight", weight), Map.of(), Map.of(), source)) {
                    script.save(file, Map.of());
                }
            }
        }
    }
}
