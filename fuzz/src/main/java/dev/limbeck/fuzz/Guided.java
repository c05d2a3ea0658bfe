package dev.limbeck.fuzz;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Fuzz targets with Jazzer, which is guided by code coverage. The system property {@code limbeck.fuzz.targets} lists
 * them; each runs for {@code limbeck.fuzz.seconds}, one after the other. The last byte of an input selects how the rest
 * is used: as a file (even), or as the choices of a {@link Mutator} (odd), whose files pass checksums that mutated
 * bytes never pass.
 */
public final class Guided {
    /** Instrumented readers are slower, and so are readers on a busy machine. */
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

    /** Run one input; called by Jazzer. */
    public static void fuzzerTestOneInput(byte[] data) {
        if (start == 0) start = System.nanoTime();
        int turn = (int) Math.min(ALL.size() - 1, (System.nanoTime() - start) / EACH);
        Guided guided = ALL.get(turn);
        byte[] input = guided.corpus.file(data);
        Harness.Verdict verdict = guided.harness.judge(input);
        if (verdict.wrong() != null) guided.findings.add(verdict, input);
    }
}
