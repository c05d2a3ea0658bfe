package dev.limbeck.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "nothing is set there")
class NativeSettingsTest {
    @TempDir
    Path home;

    @Test
    void variablesAreSetWithoutATemporaryFolder() throws Exception {
        assertThat(said(Loader.getCacheDir().toPath())).containsExactly("4");
    }

    @Test
    void withoutAnyFolderTheErrorIsOneLine() throws Exception {
        assertThat(said(nowhere().resolve("cache"))).singleElement().asString().contains("nowhere/cache");
    }

    @ParameterizedTest
    @CsvSource({
        "GLIBC_TUNABLES, glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0, false",
        "GLIBC_TUNABLES, glibc.malloc.tcache_count=0:glibc.malloc.mmap_max=4, true",
        "GLIBC_TUNABLES, glibc.malloc.top_pad=1, true",
        "MALLOC_ARENA_MAX, 1, false",
        "MALLOC_TOP_PAD_, 1, true",
        "LD_PRELOAD, libjemalloc.so.2, true"
    })
    void mallocIsLeftToVariablesAboutLargeBlocks(String name, String value, boolean left) {
        assertThat(NativeSettings.mallocVariables(Map.of(name, value))).isEqualTo(left ? name + "=" + value : null);
    }

    @Test
    void theLaunchersSettingsAreSaid() {
        assertThat(NativeSettings.launcherSettings(Map.of("GLIBC_TUNABLES", "a=1", "MALLOC_ARENA_MAX", "2")))
                .isEqualTo(", MALLOC_ARENA_MAX=2, GLIBC_TUNABLES=a=1");
        assertThat(NativeSettings.launcherSettings(Map.of())).isEmpty();
    }

    /** Return a folder that cannot be made, by the administrator neither. */
    private Path nowhere() throws IOException {
        return Files.writeString(home.resolve("nowhere"), "a file");
    }

    /** Return the lines of a process that has no temporary folder and no home folder. */
    private List<String> said(Path natives) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Dorg.bytedeco.javacpp.cachedir=" + natives,
                "-Djava.io.tmpdir=" + nowhere(),
                "-Duser.home=" + nowhere(),
                "-cp",
                System.getProperty("java.class.path"),
                Starting.class.getName());
        for (String name : List.of("OPENBLAS_THREAD_TIMEOUT", "XDG_CACHE_HOME", "HOME"))
            builder.environment().remove(name);
        Process process = builder.redirectErrorStream(true).start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .filter(line -> !line.startsWith("Warning: Versions of org.bytedeco"))
                .toList();
    }

    /** Start the engine, and print a variable of this process. */
    static final class Starting {
        private Starting() {}

        public static void main(String... arguments) {
            try {
                Engine.start();
                System.out.println(NativeSettings.chosen("OPENBLAS_THREAD_TIMEOUT"));
            } catch (ExceptionInInitializerError e) {
                System.out.println(e.getCause().getMessage());
            }
        }
    }
}
