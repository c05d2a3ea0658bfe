package dev.limbeck.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Test that the archives of a release run where there is neither Maven nor a source tree: unpacked in an empty folder,
 * with an empty home and a PATH that has Java and a few tools of the system only.
 */
class ArchiveTest {
    private static final String ARCHIVE = System.getProperty("limbeck.archive");
    private static final String FOLDER = "limbeck-" + Published.VERSION;
    private static final String[] TOOLS = {
        "cp", "find", "head", "locale", "mktemp", "mv", "readlink", "rm", "sed", "sh", "tr"
    };

    @TempDir
    static Path work;

    private static Path tools;
    private static Path unpacked;

    @BeforeAll
    static void unpack() throws Exception {
        assumeTrue(File.separatorChar == '/', "a shell");
        tools = Files.createDirectory(work.resolve("tools"));
        for (String tool : TOOLS) {
            Path found = Stream.of(System.getenv("PATH").split(File.pathSeparator))
                    .map(folder -> Path.of(folder, tool))
                    .filter(Files::isExecutable)
                    .findFirst()
                    .orElseThrow();
            Files.createSymbolicLink(tools.resolve(tool), found);
        }
        Files.createSymbolicLink(tools.resolve("java"), Path.of(System.getProperty("java.home"), "bin", "java"));
        Files.createDirectory(work.resolve("home"));
        Files.createDirectory(work.resolve("away"));
        Process tar = new ProcessBuilder("tar", "-xzf", ARCHIVE + ".tar.gz", "-C", work.toString())
                .inheritIO()
                .start();
        assertThat(tar.waitFor()).isZero();
        unpacked = work.resolve(FOLDER);
    }

    /** Run the launcher from another folder and return what it prints. */
    private static String limbeck(String... arguments) throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(List.of(unpacked.resolve("bin/limbeck").toString()));
        command.addAll(List.of(arguments));
        Path errors = Files.createTempFile(work, "errors", "");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(work.resolve("away").toFile())
                .redirectError(errors.toFile());
        builder.environment().clear();
        builder.environment().put("PATH", tools.toString());
        builder.environment().put("HOME", work.resolve("home").toString());
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(Files.readString(errors)).isZero();
        return said;
    }

    @Test
    void trainsAndPredictsWithoutMavenAndSources() throws Exception {
        assertThat(limbeck("--version")).contains(Published.VERSION);
        assertThat(limbeck("doctor")).contains(Published.VERSION);
        String run = work.resolve("run").toString();
        limbeck(("train --data shapes:64:32:8 --image-size 16 --batch-size 16 --arch cifar-resnet8 --epochs 1 --out "
                        + run)
                .split(" "));
        BufferedImage image = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(Color.RED);
        graphics.fillRect(4, 4, 8, 8);
        Path picture = work.resolve("picture.png");
        ImageIO.write(image, "png", picture.toFile());
        assertThat(limbeck("predict", "--model", run, "--json", picture.toString()))
                .contains("picture.png")
                .contains("probabilities");
        // Nothing was built, and nothing but the list of classes was added.
        try (Stream<Path> files = Files.list(unpacked)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder(
                            "bin",
                            "lib",
                            "docs",
                            "LICENSE",
                            "NOTICE",
                            "THIRD-PARTY.txt",
                            "README.md",
                            "CHANGELOG.md",
                            "ARCHITECTURE.md",
                            "CONTRIBUTING.md");
        }
        assertThat(work.resolve("home/.m2")).doesNotExist();
    }

    @Test
    void bothArchivesHaveTheSameFiles() throws Exception {
        Set<String> zipped = new TreeSet<>();
        try (ZipFile zip = new ZipFile(ARCHIVE + ".zip")) {
            for (ZipEntry entry : zip.stream().filter(e -> !e.isDirectory()).toList()) {
                zipped.add(entry.getName());
                try (InputStream in = zip.getInputStream(entry)) {
                    assertThat(sameBytes(in, work.resolve(entry.getName())))
                            .as(entry.getName())
                            .isTrue();
                }
            }
        }
        try (Stream<Path> files = Files.walk(unpacked)) {
            assertThat(files.filter(Files::isRegularFile)
                            .map(file -> work.relativize(file).toString())
                            .filter(file -> !file.endsWith(".jsa")))
                    .containsExactlyInAnyOrderElementsOf(zipped);
        }
        assertThat(unpacked.resolve("bin/limbeck")).isExecutable();
    }

    private static boolean sameBytes(InputStream in, Path file) throws IOException {
        try (InputStream other = Files.newInputStream(file)) {
            for (byte[] part = in.readNBytes(1 << 20); part.length > 0; part = in.readNBytes(1 << 20)) {
                if (!java.util.Arrays.equals(part, other.readNBytes(part.length))) return false;
            }
            return other.read() < 0;
        }
    }

    /** Each jar of others is named with its license. */
    @Test
    void thirdPartiesAreNamed() throws Exception {
        String listed = Files.readString(unpacked.resolve("THIRD-PARTY.txt"));
        try (Stream<Path> jars = Files.list(unpacked.resolve("lib"))) {
            Set<String> unnamed = jars.map(jar -> jar.getFileName().toString())
                    .filter(jar -> jar.endsWith(".jar") && !jar.startsWith("limbeck-"))
                    .map(jar -> jar.replaceFirst("-\\d.*", ""))
                    .filter(artifact -> !listed.contains(":" + artifact + ":"))
                    .collect(Collectors.toSet());
            assertThat(unnamed).isEmpty();
        }
        assertThat(listed).contains("org.bytedeco:pytorch").doesNotContain("Unknown license");
    }
}
