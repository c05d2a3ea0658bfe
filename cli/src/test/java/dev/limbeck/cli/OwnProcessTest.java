package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
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

    @Test
    void returnsTheDocument() {
        String script = "i=0; while [ $i -lt 20000 ]; do echo much log >&2; i=$((i+1)); done; echo '[{\"a\": 1}]'";
        assertThat(OwnProcess.document(List.of("sh", "-c", script)).at("/0/a").asInt())
                .isEqualTo(1);
    }
}
