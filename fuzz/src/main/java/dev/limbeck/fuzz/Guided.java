package dev.limbeck.fuzz;

import java.io.IOException;
import java.util.Arrays;

/**
 * Let Jazzer, which watches what code an input reaches, fuzz the target that the system property {@code limbeck.fuzz.target}
 * names. The last byte of its input says what the rest is: a file (even), or the choices of a {@link Mutator} (odd), which pass
 * checksums that no change of bytes passes.
 */
public final class Guided {
    private static final int PATIENCE = 12;
    private static final Target TARGET = Targets.named(System.getProperty("limbeck.fuzz.target", ""));
    private static final Harness HARNESS = new Harness(TARGET, PATIENCE);
    private static final Findings FINDINGS = Findings.of(TARGET);
    private static final Corpus CORPUS = corpus();

    private Guided() {}

    private static Corpus corpus() {
        Runtime.getRuntime().addShutdownHook(new Thread(HARNESS::close));
        try {
            return new Corpus(TARGET);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Try one input; Jazzer calls this. */
    public static void fuzzerTestOneInput(byte[] data) {
        if (data.length == 0) return;
        byte[] rest = Arrays.copyOf(data, data.length - 1);
        byte[] input = data[rest.length] % 2 == 0 ? rest : CORPUS.input(Choices.by(rest));
        Harness.Verdict verdict = HARNESS.judge(input);
        if (verdict.wrong() != null) FINDINGS.add(verdict, input);
    }
}
