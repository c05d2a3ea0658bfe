package dev.limbeck.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;

/**
 * Run Jazzer in a separate JVM: {@code Jazzers [TARGET] SECONDS}, for all targets one after the other if none is named.
 */
public final class Jazzers {
    private static final Path KEPT = Path.of("target", "corpus");
    private static final Pattern DONE = Pattern.compile("Done (\\d+) runs in (\\d+) second");
    private static final String INSTRUMENTED = String.join(
            ":", "dev.limbeck.**", "net.razorvine.**", "com.twelvemonkeys.**", "org.apache.commons.compress.**");

    private Jazzers() {}

    /** Run from the command line. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        int seconds = Integer.parseInt(arguments[arguments.length - 1]);
        List<Target> targets = arguments.length > 1 ? List.of(Targets.named(arguments[0])) : Targets.all();
        boolean found = false;
        for (Target target : targets) {
            // Inputs that reach new code are kept for the next run.
            Path kept = KEPT.resolve(target.name());
            plant(target, kept);
            System.out.println(target.name() + ": " + run(List.of(target), seconds, kept, 0));
            for (String finding : findings(target)) {
                found = true;
                System.out.println("  " + finding);
            }
        }
        System.exit(found ? 1 : 0);
    }

    /** Copy the seeds to Jazzer's corpus. */
    private static void plant(Target target, Path kept) throws IOException {
        Files.createDirectories(kept);
        for (Map.Entry<String, byte[]> seed : new Corpus(target).seeds().entrySet()) {
            byte[] asFile = Arrays.copyOf(seed.getValue(), seed.getValue().length + 1);
            Files.write(kept.resolve("seed-" + seed.getKey()), asFile);
        }
    }

    /** Add choices of various lengths, because Jazzer would otherwise try four bytes first. */
    private static void sow(Path corpus) throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        for (int length = 16; length <= 1024; length *= 2) {
            byte[] choices = new byte[length];
            random.nextBytes(choices);
            choices[length - 1] = 1;
            Files.write(corpus.resolve("choices-" + length), choices);
        }
    }

    /** Return a line for each finding. */
    static List<String> findings(Target target) throws IOException {
        Path folder = Findings.FOLDER.resolve(target.name());
        if (!Files.isDirectory(folder)) return List.of();
        List<String> lines = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".txt"))
                    .sorted()
                    .toList()) {
                lines.add(file.toString().replace(".txt", "") + ": "
                        + Files.readString(file).strip());
            }
        }
        return lines;
    }

    /**
     * Fuzz targets one after the other in one JVM.
     *
     * @param seconds for each target
     * @param corpus initial inputs; inputs that reach new code are added
     * @param seed of the choices; 0 for a different one each time
     * @return Jazzer's summary; an input that ended Jazzer is among the findings
     */
    static String run(List<Target> targets, int seconds, Path corpus, int seed)
            throws IOException, InterruptedException {
        List<String> names = targets.stream().map(Target::name).toList();
        sow(corpus);
        Path log = Files.createTempFile("limbeck-fuzz", ".log");
        Path artifacts = Files.createTempDirectory("limbeck-fuzz");
        Path reproducers = Files.createTempDirectory("limbeck-fuzz");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-XX:+UseSerialGC",
                "-Djava.awt.headless=true",
                "-Dlimbeck.fuzz.targets=" + String.join(",", names),
                "-Dlimbeck.fuzz.seeds=" + Corpus.FOLDER,
                "-Dlimbeck.fuzz.findings=" + Findings.FOLDER,
                "-cp",
                System.getProperty("java.class.path"),
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=" + Guided.class.getName(),
                "--instrumentation_includes=" + INSTRUMENTED,
                "--instrumentation_excludes=dev.limbeck.fuzz.**",
                "--custom_hook_includes=dev.limbeck.**",
                // Reproducer programs are deleted afterwards; the input is enough.
                "--reproducer_path=" + reproducers,
                "-seed=" + seed,
                // A recipe may contain a regular expression, so this sanitizer would report it.
                "--disabled_hooks=com.code_intelligence.jazzer.sanitizers.RegexInjection",
                "-max_total_time=" + (long) seconds * targets.size(),
                "-timeout=300",
                "-report_slow_units=60",
                "-rss_limit_mb=0",
                "-artifact_prefix=" + artifacts + "/",
                corpus.toString()));
        if (targets.size() > 1) command.add(2, "-Dlimbeck.fuzz.seconds=" + seconds);
        int code = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start()
                .waitFor();
        FileUtils.deleteDirectory(reproducers.toFile());
        String output = Files.readString(log);
        Files.delete(log);
        try (Stream<Path> files = Files.list(artifacts)) {
            for (Path file : files.toList()) {
                // A reader that hangs ends Jazzer. With several targets, it is unknown which one hung; the seeds' test
                // finds it.
                byte[] input = new Corpus(targets.get(0)).file(Files.readAllBytes(file));
                Findings.of(targets.get(0))
                        .add(
                                new Harness.Verdict(
                                        tail(output), file.getFileName().toString(), false),
                                input);
                Files.delete(file);
            }
        }
        Files.delete(artifacts);
        Matcher done = DONE.matcher(output);
        if (code != 0 || !done.find())
            throw new IllegalStateException("Jazzer ended with " + code + ": " + tail(output));
        return done.group(1) + " inputs in " + done.group(2) + " s";
    }

    private static String tail(String output) {
        List<String> lines = output.lines().toList();
        return String.join(" | ", lines.subList(Math.max(0, lines.size() - 12), lines.size()));
    }
}
