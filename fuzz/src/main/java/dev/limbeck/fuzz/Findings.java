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

/** Keep the inputs that a reader did not stand, the smallest of each kind, to become seeds once it does. */
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

    /** Keep an input if no smaller one of its kind is there. */
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

    /** Return how often each kind was found. */
    Map<String, Integer> counts() {
        return counts;
    }

    /** Print the row of a reader in the table of a campaign. */
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
