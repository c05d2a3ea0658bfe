package dev.limbeck.distill;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbeck.distill.loss.Losses;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Test that the documents know all losses. */
class LossDocsTest {
    private static final Pattern COUNT = Pattern.compile("\\b(\\d+) losses\\b");

    @ParameterizedTest
    @ValueSource(strings = {"README.md", "CHANGELOG.md", "docs/coming-from.md"})
    void theNumberOfLossesIsTrue(String document) throws IOException {
        Matcher count = COUNT.matcher(Files.readString(Path.of("..", document)));
        assertThat(count.find()).as(document).isTrue();
        assertThat(count.group(1)).isEqualTo("" + Losses.names().size());
    }

    @Test
    void everyLossIsDescribed() throws IOException {
        String document = Files.readString(Path.of("../docs/losses.md"));
        assertThat(Losses.names()).allSatisfy(name -> assertThat(document).contains("`" + name + "`"));
    }
}
