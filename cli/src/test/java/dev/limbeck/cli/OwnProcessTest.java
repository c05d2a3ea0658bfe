package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.tensor.Script;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Test what is said of a process that failed. */
@DisabledOnOs(OS.WINDOWS)
class OwnProcessTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            echo first >&2; echo 'last words' >&2; echo >&2; exit 3 | a separate process ended with 3: last words
            exit 4 | a separate process ended with 4 without a message
            echo log >&2; echo '{"error": "the model is damaged"}'; exit 1 | the model is damaged
            echo words; echo why >&2; exit 0 | a separate process ended with 0: why
            """)
    void saysWhy(String script, String message) {
        assertThatThrownBy(() -> OwnProcess.document(List.of("sh", "-c", script)))
                .hasMessage(message);
    }

    /** The process is halted, so nothing after the call prints the document. */
    @Test
    void aModelThatNeverEndsIsAnErrorInJsonToo(@TempDir Path home) throws IOException {
        Path file = home.resolve("forever.pt");
        String source = """
                def forward(self, x: Tensor) -> Tensor:
                  while bool(torch.ge(x.mean(), -1.0e9)):
                    x = torch.abs(x)
                  return x.flatten(1)
                """;
        try (Script forever = Script.compile("Forever", Map.of(), Map.of(), Map.of(), source)) {
            forever.save(file, Map.of("image_size", "16x16"));
        }
        Path image = Cli.pictures(home, "cat").resolve("cat/p0.png");
        List<String> command = Cli.jvm("predict", "--model", file, image, "--model-timeout", 2, "--json")
                .command();
        assertThatThrownBy(() -> OwnProcess.document(command))
                .hasMessage(file + " did not finish within 2 s; increase --model-timeout, or use another model");
    }

    @Test
    void returnsTheDocument() {
        String script = "i=0; while [ $i -lt 20000 ]; do echo much log >&2; i=$((i+1)); done; echo '[{\"a\": 1}]'";
        assertThat(OwnProcess.document(List.of("sh", "-c", script)).at("/0/a").asInt())
                .isEqualTo(1);
    }
}
