package dev.limbeck.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32;

/** Save the inputs that a reader failed on, the smallest of each kind. They become seeds once the reader is fixed. */
final class Findings {
    static final Path FOLDER = Path.of(System.getProperty("limbeck.fuzz.findings", "target/findings"));

    private final Path folder;
    private final Map<String, Integer> smallest = new TreeMap<>();
    private final Map<String, Integer> counts = new TreeMap<>();

    private Findings(Path folder) {
        this.folder = folder;
    }

    static Findings of(Target target) {
        return new Findings(FOLDER.resolve(target.name()));
    }

    /** Save an input unless there is a smaller one of its kind. */
    void add(Harness.Verdict verdict, byte[] input) {
        counts.merge(verdict.kind(), 1, Integer::sum);
        if (smallest.getOrDefault(verdict.kind(), Integer.MAX_VALUE) <= input.length) return;
        smallest.put(verdict.kind(), input.length);
        CRC32 sum = new CRC32();
        sum.update(verdict.kind().getBytes(StandardCharsets.UTF_8));
        String name = String.format("%08x", sum.getValue());
        try {
            Files.createDirectories(folder);
            Files.write(folder.resolve(name), input);
            Files.writeString(folder.resolve(name + ".txt"), verdict.wrong() + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Return the number of findings of each kind. */
    Map<String, Integer> counts() {
        return counts;
    }

    /** Print a reader's row of a campaign's table. */
    static void row(Target target, int inputs, long startNanos, long refused, Map<String, Integer> found) {
        System.out.printf(
                Locale.ROOT,
                "| %s | %,d | %d | %.1f %% | %s |%n",
                target.name(),
                inputs,
                Math.round((System.nanoTime() - startNanos) * 1e-9),
                100.0 * refused / inputs,
                found.isEmpty() ? "0" : found);
    }
}
