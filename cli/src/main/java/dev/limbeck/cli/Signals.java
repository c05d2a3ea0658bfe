package dev.limbeck.cli;

import dev.limbeck.AtExit;
import dev.limbeck.ExitGate;
import java.io.PrintStream;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * End by a signal: threads are held where they next enter native code, what is unfinished is cleaned up, and the exit code is
 * 128 and the signal's number. Where a thread stays in native code for longer than that, the process is ended by the system,
 * as if nobody had handled the signal: the libraries' destructors must not run under it.
 */
final class Signals {
    /** After so long whoever still cleans up is cut off. */
    private static final long LONGEST_MILLIS = 4500;

    /** A second signal within this time is the same one, sent to the process and to its group. */
    private static final long SAME_MILLIS = 500;

    private static long first;

    private Signals() {}

    /** Handle the signals that end a process, but those that whoever started it, such as nohup, has it ignore. */
    static void handle(PrintStream err) {
        ExitGate.holdThreads();
        for (String name : new String[] {"INT", "TERM", "HUP"}) {
            try {
                Signal signal = new Signal(name);
                SignalHandler before = Signal.handle(signal, received -> end(received, err));
                if (before.equals(SignalHandler.SIG_IGN)) Signal.handle(signal, before);
            } catch (IllegalArgumentException e) {
                continue; // not one of this system, or the JVM keeps it for itself (-Xrs)
            }
        }
    }

    private static void end(Signal signal, PrintStream err) {
        synchronized (Signals.class) {
            if (first == 0) first = System.nanoTime();
            else if (System.nanoTime() - first < SAME_MILLIS * 1_000_000) return;
            else die(signal); // asked for again: at once
        }
        Thread watch = new Thread(
                () -> {
                    try {
                        Thread.sleep(LONGEST_MILLIS);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    die(signal);
                },
                "limbeck-exit-watch");
        watch.setDaemon(true);
        watch.start();
        boolean left = AtExit.end();
        if (!AtExit.hasTold()) err.println("limbeck: interrupted");
        if (!left) die(signal);
        System.exit(128 + signal.getNumber());
    }

    private static void die(Signal signal) {
        Signal.handle(signal, SignalHandler.SIG_DFL);
        Signal.raise(signal);
    }
}
