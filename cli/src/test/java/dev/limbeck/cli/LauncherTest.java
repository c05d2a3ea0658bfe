package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.commons.io.FileUtils;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Test that the launchers rebuild what has changed since the last build. They run in a temporary folder, with a fake
 * Java and a fake Maven that only report that they were called.
 */
class LauncherTest {
    private static final Path ROOT = Path.of("..");

    @TempDir
    static Path home;

    /** Return the modules of this project on the class path, including this one. */
    static Set<String> parts() {
        Set<String> parts = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(entry -> Pattern.compile("limbeck-([a-z]+)-[0-9.]+\\.jar$|([a-z]+)[/\\\\]target[/\\\\]classes$")
                        .matcher(entry))
                .filter(Matcher::find)
                .map(found -> found.group(1) == null ? found.group(2) : found.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(parts).contains("cli", "core");
        return parts;
    }

    @BeforeAll
    static void copyTheLauncher() throws IOException {
        assumeTrue(File.separatorChar == '/', "a shell");
        Files.createDirectories(home.resolve("bin"));
        Files.createDirectories(home.resolve("jdk/bin"));
        for (String file : new String[] {"limbeck", "jvm.sh"}) {
            Files.copy(ROOT.resolve("bin").resolve(file), home.resolve("bin").resolve(file));
        }
        Files.writeString(home.resolve("pom.xml"), "");
        for (String part : parts()) {
            Files.createDirectories(home.resolve(part).resolve("src/main/java"));
            Files.writeString(home.resolve(part).resolve("pom.xml"), "");
            Files.writeString(home.resolve(part).resolve("src/main/java/A.java"), "");
        }
        says("jdk/bin/java", "ran");
        says("mvn", "built");
        Files.createDirectories(home.resolve("cli/target"));
    }

    private static void says(String program, String word) throws IOException {
        Path file = Files.writeString(home.resolve(program), "#!/bin/sh\necho " + word + "\n");
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    /** Start with a Java that calls itself by a version, and may write the archives it is asked for. */
    private static String launchWith(String version, String writes) throws IOException, InterruptedException {
        Path java = home.resolve("jdk/bin/java");
        String before = Files.readString(java);
        Files.writeString(java, """
                #!/bin/sh
                for flag in "$@"; do
                  case $flag in
                    -XX:ArchiveClassesAtExit=*%s) echo classes > "${flag#*=}" ;;
                    -version) echo 'openjdk version "%s"' ;;
                  esac
                done
                echo ran
                """.formatted(writes, version));
        try {
            return launch();
        } finally {
            Files.writeString(java, before);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"11.0.2", "1.8.0_292", "16"})
    void anOldJavaIsRefusedInOneLine(String version) throws Exception {
        assertThat(launchWith(version, "none"))
                .isEqualTo("limbeck: found Java " + version + ", install Java 17 or later (JAVA_HOME)");
    }

    /** An empty archive says that this Java makes none. */
    @Test
    void aStartThatFailedOnceIsArchivedTheNextTime() throws Exception {
        Path lib = Files.createDirectory(home.resolve("lib"));
        Path archive = lib.resolve("start-21.0.1.jsa");
        try {
            // It can make archives, but the tiny training failed.
            assertThat(launchWith("21.0.1", "any.jsa")).endsWith("ran");
            assertThat(archive).doesNotExist();
            assertThat(launchWith("21.0.1", "start.jsa")).endsWith("ran");
            assertThat(archive).hasContent("classes");
            Files.delete(archive);
            assertThat(launchWith("21.0.1", "none")).endsWith("ran");
            assertThat(archive).isEmptyFile();
        } finally {
            FileUtils.deleteDirectory(lib.toFile());
        }
    }

    private static String launch() throws IOException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder("sh", home.resolve("bin/limbeck").toString()).redirectErrorStream(true);
        builder.environment().put("JAVA_HOME", home.resolve("jdk").toString());
        builder.environment().merge("PATH", home.toString(), (path, first) -> first + File.pathSeparator + path);
        builder.environment().remove("LIMBECK_BUILD");
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return said.lines()
                .filter(line -> !line.matches("limbeck: (building|preparing).*"))
                .collect(Collectors.joining(" "));
    }

    @ParameterizedTest
    @MethodSource("parts")
    void buildsWhenAPartChanged(String part) throws Exception {
        for (String file : new String[] {"pom.xml", "src/main/java/A.java"}) {
            Path changed = home.resolve(part).resolve(file);
            launch();
            assertThat(launch()).isEqualTo("ran");
            Files.setLastModifiedTime(changed, FileTime.from(Instant.now().plusSeconds(60)));
            assertThat(launch()).as(changed.toString()).isEqualTo("built ran");
            Files.setLastModifiedTime(changed, FileTime.from(Instant.now().minusSeconds(60)));
        }
    }

    /** A release has its jars in lib/; nothing is built there, however old they are. */
    @Test
    void runsTheJarsOfARelease() throws Exception {
        Path lib = Files.createDirectory(home.resolve("lib"));
        Path changed = home.resolve("pom.xml");
        Files.setLastModifiedTime(changed, FileTime.from(Instant.now().plusSeconds(60)));
        try {
            assertThat(launch()).isEqualTo("ran");
        } finally {
            FileUtils.deleteDirectory(lib.toFile());
        }
        assertThat(launch()).isEqualTo("built ran");
        Files.setLastModifiedTime(changed, FileTime.from(Instant.now().minusSeconds(60)));
    }

    /** A locale may be set but not installed; Java 17 then encodes file names in ASCII. */
    @ParameterizedTest
    @ValueSource(
            strings = {"LANG=en_US.UTF-8", "LC_ALL=POSIX", "LC_ALL=xx_XX.UTF-8", "LANG=C", "LC_CTYPE=C", "LC_ALL="})
    void javaStartsInALocaleThatWorks(String setting) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(
                "sh", "-c", ". '" + home.resolve("bin/jvm.sh") + "'; locale charmap 2>/dev/null || echo none");
        builder.environment().put("JAVA_HOME", home.resolve("jdk").toString());
        for (String name : new String[] {"LANG", "LC_ALL", "LC_CTYPE"})
            builder.environment().remove(name);
        String[] parts = setting.split("=", 2);
        builder.environment().put(parts[0], parts[1]);
        Process process = builder.redirectError(ProcessBuilder.Redirect.DISCARD).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assumeTrue(!said.equals("none"), "no program that tells the locale");
        assertThat(said).isEqualTo("UTF-8");
    }

    /** The Windows launcher cannot run here, but it must check the same modules. */
    @Test
    void bothLaunchersLookAtTheSameParts() throws IOException {
        for (String launcher : new String[] {"limbeck", "limbeck.cmd"}) {
            String text = Files.readString(ROOT.resolve("bin").resolve(launcher));
            Set<String> looked = Pattern.compile("for %*m(?:odule)? in \\(?((?:[a-z]+ ?)+)")
                    .matcher(text)
                    .results()
                    .map(MatchResult::group)
                    .flatMap(line ->
                            Arrays.stream(line.replaceFirst(".* in \\(?", "").split(" ")))
                    .collect(Collectors.toCollection(TreeSet::new));
            assertThat(looked).as(launcher).isEqualTo(parts());
        }
    }
}
