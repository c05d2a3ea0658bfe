package dev.limbeck.fuzz;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Run a given number of inputs: {@code Campaign INPUTS SEED [TARGET...]} generates them for each target with its
 * mutator and prints a table row. The same seed generates the same inputs.
 */
public final class Campaign {
    /** CPU time, so that the load of other processes does not count. */
    private static final long PATIENCE = 30_000_000_000L;

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final Target target;
    private final long seed;
    private volatile byte[] trying = {};
    private volatile long since = THREADS.getCurrentThreadCpuTime();
    private final long thread = Thread.currentThread().getId();

    private Campaign(Target target, long seed) {
        this.target = target;
        this.seed = seed;
    }

    /** Run from the command line. */
    public static void main(String[] arguments) throws IOException {
        int inputs = Integer.parseInt(arguments[0]);
        long seed = Long.parseLong(arguments[1]);
        List<Target> targets = arguments.length == 2
                ? Targets.all()
                : List.of(arguments).subList(2, arguments.length).stream()
                        .map(Targets::named)
                        .toList();
        System.out.println("| reader | inputs | seconds | refused | findings |\n|---|---|---|---|---|");
        boolean found = false;
        for (Target target : targets) found |= run(target, inputs, seed);
        // Threads of the engine may still be running.
        System.exit(found ? 1 : 0);
    }

    /** Run the inputs, print the table row, and return whether there are findings. */
    static boolean run(Target target, int inputs, long seed) throws IOException {
        return new Campaign(target, seed).run(inputs);
    }

    private boolean run(int inputs) throws IOException {
        Corpus corpus = new Corpus(target);
        Findings findings = Findings.of(target);
        Thread watch = new Thread(this::watch, "watch");
        watch.setDaemon(true);
        watch.start();
        int refused = 0;
        long start = System.nanoTime();
        try (Harness harness = new Harness(target, 1)) {
            for (int i = 0; i < inputs; i++) {
                byte[] input = corpus.input(Choices.seeded(seed * 1_000_003 + i));
                trying = input;
                since = THREADS.getCurrentThreadCpuTime();
                Harness.Verdict verdict = harness.judge(input);
                if (verdict.refused()) refused++;
                if (verdict.wrong() != null) findings.add(verdict, input);
            }
        } finally {
            watch.interrupt();
        }
        Findings.row(target, inputs, start, refused, findings.counts());
        return !findings.counts().isEmpty();
    }

    /** Save the current input and halt the JVM if a reader does not return. */
    private void watch() {
        try {
            while (true) {
                Thread.sleep(1000);
                if (THREADS.getThreadCpuTime(thread) - since < PATIENCE) continue;
                Path kept = Files.createTempFile("limbeck-fuzz-" + target.name(), ".hangs");
                Files.write(kept, trying);
                System.err.println(target.name() + " does not come back from " + kept);
                Runtime.getRuntime().halt(3);
            }
        } catch (InterruptedException e) {
            // The target is finished.
        } catch (IOException e) {
            Runtime.getRuntime().halt(3);
        }
    }
}
