package dev.limbeck.fuzz;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.commons.io.FileUtils;

/**
 * Run inputs of readers that pass a file to native code, in a JVM that may crash: {@code Children INPUTS SEED TARGET}.
 * A child records the number of each input before it runs, so that the one that crashed it is known. The next child
 * continues after it.
 */
public final class Children {
    /** CPU time, so that the load of other processes does not count; it includes part of the startup. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final Duration SLEEPS = Duration.ofMinutes(10);
    private static final long MOST_RESIDENT = 1L << 31;
    private static final int CRASHED = 0;
    private static final int REFUSED = 8;
    private static final int NOTES = 16;

    private Children() {}

    /** Run from the command line; the parent starts itself as a child, with a file of notes as the fourth argument. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        int inputs = Integer.parseInt(arguments[0]);
        long seed = Long.parseLong(arguments[1]);
        Target target = Targets.named(arguments[2]);
        if (arguments.length > 3) {
            // Native threads of a runtime may still be running.
            Runtime.getRuntime().halt(child(inputs, seed, target, Path.of(arguments[3])));
        }
        System.out.println("| reader | inputs | seconds | refused | findings |\n|---|---|---|---|---|");
        System.exit(count(inputs, seed, target) ? 1 : 0);
    }

    private static MappedByteBuffer notes(Path file) throws IOException {
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return channel.map(FileChannel.MapMode.READ_WRITE, 0, NOTES);
        }
    }

    private static byte[] input(Corpus corpus, long seed, int number) {
        return corpus.input(Choices.seeded(seed * 1_000_003 + number));
    }

    private static int child(int inputs, long seed, Target target, Path file) throws IOException {
        Corpus corpus = new Corpus(target);
        Findings findings = Findings.of(target);
        MappedByteBuffer notes = notes(file);
        int start = (int) notes.getLong(CRASHED);
        try (Harness harness = new Harness(target, 1)) {
            for (int i = start; i < inputs; i++) {
                notes.putLong(CRASHED, i);
                byte[] input = input(corpus, seed, i);
                Harness.Verdict verdict = harness.judge(input);
                if (verdict.refused()) notes.putLong(REFUSED, notes.getLong(REFUSED) + 1);
                if (verdict.wrong() != null) findings.add(verdict, input);
                if (i % 64 == 0 && resident() > MOST_RESIDENT) {
                    findings.add(
                            new Harness.Verdict("the process holds " + resident() + " bytes", "resident", false),
                            input);
                    notes.putLong(CRASHED, i + 1);
                    return 2;
                }
            }
        }
        notes.putLong(CRASHED, inputs);
        return findings.counts().isEmpty() ? 0 : 2;
    }

    private static long resident() throws IOException {
        String[] pages = Files.readString(Path.of("/proc/self/statm")).split(" ");
        return Long.parseLong(pages[1]) * 4096;
    }

    /** Run children until all inputs are done, and print a row. */
    static boolean count(int inputs, long seed, Target target) throws IOException, InterruptedException {
        // All children share one folder, because a child that crashes does not clean up.
        Path folder = Harness.folder();
        Path file = folder.resolve("notes");
        MappedByteBuffer notes = notes(file);
        Corpus corpus = new Corpus(target);
        Findings findings = Findings.of(target);
        Map<String, Integer> ends = new TreeMap<>();
        long start = System.nanoTime();
        while (notes.getLong(CRASHED) < inputs) {
            int code = run(inputs, seed, target, file, notes);
            if (code == 0 || code == 2) {
                if (code == 2) ends.merge("see findings", 1, Integer::sum);
                continue;
            }
            int number = (int) notes.getLong(CRASHED);
            String kind = code == -1 ? "no answer" : "died with " + code;
            ends.merge(kind, 1, Integer::sum);
            findings.add(new Harness.Verdict(kind + " at input " + number, kind, false), input(corpus, seed, number));
            notes.putLong(CRASHED, number + 1L);
        }
        Findings.row(target, inputs, start, notes.getLong(REFUSED), ends);
        FileUtils.deleteDirectory(folder.toFile());
        return !ends.isEmpty();
    }

    /** Run a child to its end; return -1 if it was killed because an input took too long. */
    private static int run(int inputs, long seed, Target target, Path file, ByteBuffer notes)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-Djava.awt.headless=true",
                "-XX:-CreateCoredumpOnCrash",
                "-XX:ErrorFile=" + Findings.FOLDER.resolve(target.name()).toAbsolutePath() + "/hs_err_%p.log",
                "-XX:+UseSerialGC",
                "-Dlimbeck.fuzz.folder=" + file.getParent(),
                "-Dlimbeck.fuzz.seeds=" + Corpus.FOLDER,
                "-Dlimbeck.fuzz.findings=" + Findings.FOLDER,
                "-cp",
                System.getProperty("java.class.path"),
                Children.class.getName(),
                String.valueOf(inputs),
                String.valueOf(seed),
                target.name(),
                file.toString()));
        Files.createDirectories(Findings.FOLDER.resolve(target.name()));
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD);
        Process child = builder.start();
        long last = -1;
        Duration worked = Duration.ZERO;
        Instant since = Instant.now();
        while (!child.waitFor(200, TimeUnit.MILLISECONDS)) {
            long now = notes.getLong(CRASHED);
            Duration processor = child.info().totalCpuDuration().orElse(Duration.ZERO);
            if (now != last) {
                last = now;
                worked = processor;
                since = Instant.now();
            } else if (processor.minus(worked).compareTo(PATIENCE) > 0
                    || Duration.between(since, Instant.now()).compareTo(SLEEPS) > 0) {
                child.destroyForcibly().waitFor();
                return -1;
            }
        }
        return child.exitValue();
    }
}
