package dev.limbeck;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrintableTest {
    private static final String BAD =
            "a\u001b[31mb\u009b2Jc\u007fd\u202ee\u2066f\u200fg\u2028h\u200bi\ud800j\ufeffk\ufff9l";

    @Test
    void removesAllTerminalControlCharacters() {
        String line = Printable.line(BAD);
        assertThat(line).isEqualTo("a?[31mb?2Jc?d?e?f?gh?i?j?k?l".replace("gh", "g?h"));
        assertThat(line.codePoints()).noneMatch(Printable::isUnfit);
        for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
            boolean control = c < 0x20
                    || c >= 0x7f && c < 0xa0
                    || c >= 0x202a && c <= 0x202e
                    || c >= 0x2066 && c <= 0x2069
                    || c == 0x200e
                    || c == 0x200f
                    || c == 0x2028
                    || c == 0x2029
                    || c >= 0xd800 && c < 0xe000
                    || c >= 0xe0000 && c < 0xe0080 && Character.isDefined(c);
            if (control) assertThat(Printable.isUnfit(c)).as("U+%04x", c).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"Café", "مي\u200cخواهم", "क्\u200dष", "👩\u200d🔬", "犬 and 猫", "x × y → z", "⅓ 😀", "\u0600١"})
    void wordsOfAllLanguagesStay(String word) {
        assertThat(Printable.line(word)).isEqualTo(word);
        assertThat(Printable.quote(word)).isEqualTo(word);
        assertThat(Printable.json("\"" + word + "\"")).isEqualTo("\"" + word + "\"");
    }

    @Test
    void linesBecomeOneAndStayShort() {
        assertThat(Printable.line("expected 3\n  found 4\r\nlimbeck: done"))
                .isEqualTo("expected 3 found 4 limbeck: done");
        assertThat(Printable.line("x".repeat(1 << 20))).hasSizeLessThan(10_000);
        assertThat(Printable.quote("a\nb")).isEqualTo("a?b");
        assertThat(new LimbeckException("no class '" + BAD + "'\n"))
                .hasMessage("no class '" + Printable.line(BAD) + "'");
    }

    @Test
    void jsonKeepsItsValues() throws Exception {
        ObjectMapper json = new ObjectMapper();
        Map<String, String> value = Map.of("name", "a\u001b\u009b\u202e\u2028\udb40\udc41b\nc");
        String shown = Printable.json(json.writerWithDefaultPrettyPrinter().writeValueAsString(value));
        assertThat(shown.replace("\n", "").codePoints()).noneMatch(Printable::isUnfit);
        assertThat(json.readValue(shown, Map.class)).isEqualTo(value);
    }

    @Test
    void markdownAndTablesShowNamesAsTheyAre() {
        assertThat(Printable.markdown("<img src=x> [a](b) `c` |d|\n# e"))
                .isEqualTo("\\<img src=x\\> \\[a\\](b) \\`c\\` \\|d\\| \\# e");
        assertThat(Printable.markdown("see http://x.y")).isEqualTo("see http\\://x.y");
        assertThat(Printable.markdownCode("a`b\u001bc")).isEqualTo("a?b?c");
        assertThat(Printable.csv("=HYPERLINK(1)")).isEqualTo("'=HYPERLINK(1)");
        assertThat(Printable.csv("a,\"b\"\nc")).isEqualTo("\"a,\"\"b\"\" c\"");
        assertThat(Printable.csv("train_kl")).isEqualTo("train_kl");
    }
}
