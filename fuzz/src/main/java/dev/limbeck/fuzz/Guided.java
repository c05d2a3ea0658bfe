package dev.limbeck.fuzz;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Let Jazzer, which watches what code an input reaches, fuzz the targets that the system property {@code limbeck.fuzz.targets}
 * names, one after the other for {@code limbeck.fuzz.seconds} each. The last byte of its input says what the rest is: a file
 * (even), or the choices of a {@link Mutator} (odd), which pass checksums that no change of bytes passes.
 */
public final class Guided {
    /** An instrumented reader takes longer; so does one beside other work. */
    private static final int PATIENCE = 20;

    private static final List<Guided> ALL = new ArrayList<>();
    private static final long EACH =
            Long.getLong("limbeck.fuzz.seconds", Long.MAX_VALUE / 2_000_000_000) * 1_000_000_000;
    private static long start;

    static {
        for (String name : System.getProperty("limbeck.fuzz.targets", "").split(",")) {
            ALL.add(new Guided(Targets.named(name)));
        }
    }

    private final Harness harness;
    private final Findings findings;
    private final Corpus corpus;

    private Guided(Target target) {
        harness = new Harness(target, PATIENCE);
        Runtime.getRuntime().addShutdownHook(new Thread(harness::close));
        findings = Findings.of(target);
        try {
            corpus = new Corpus(target);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Try one input; Jazzer calls this. */
    public static void fuzzerTestOneInput(byte[] data) {
        if (start == 0) start = System.nanoTime();
        int turn = (int) Math.min(ALL.size() - 1, (System.nanoTime() - start) / EACH);
        Guided guided = ALL.get(turn);
        byte[] input = guided.corpus.file(data);
        Harness.Verdict verdict = guided.harness.judge(input);
        if (verdict.wrong() != null) guided.findings.add(verdict, input);
    }
}
