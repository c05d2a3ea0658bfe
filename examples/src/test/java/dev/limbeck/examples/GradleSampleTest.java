package dev.limbeck.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbeck.Version;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test what can be tested of the Gradle sample without Gradle: its program compiles, and its version is this one. */
class GradleSampleTest {
    private static final Path SAMPLE = Path.of("gradle");

    @TempDir
    Path classes;

    @Test
    void compiles() {
        int errors = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        null,
                        null,
                        "-proc:none",
                        "-d",
                        classes.toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        SAMPLE.resolve("src/main/java/com/example/Consumer.java")
                                .toString());
        assertThat(errors).isZero();
        assertThat(classes.resolve("com/example/Consumer.class")).isRegularFile();
    }

    @Test
    void namesThisVersion() throws Exception {
        assertThat(Files.readString(SAMPLE.resolve("build.gradle")))
                .contains("platform('dev.limbeck:limbeck-bom:" + Version.number() + "')");
    }
}
