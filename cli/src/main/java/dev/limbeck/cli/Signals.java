package dev.limbeck.cli;

import dev.limbeck.AtExit;
import dev.limbeck.ExitGate;
import java.io.IOException;
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
    private static final long LONGEST_MILLIS = 3000;

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

    /** End the process by a signal that nobody handles; Java raises only those that it handles, so that a shell does it. */
    private static void die(Signal signal) {
        try {
            Signal.handle(signal, SignalHandler.SIG_DFL);
            String command =
                    "kill -" + signal.getName() + " " + ProcessHandle.current().pid();
            new ProcessBuilder("/bin/sh", "-c", command).start().waitFor();
            Thread.sleep(1000); // it arrives at once
        } catch (IOException e) {
            // No shell, as on Windows: halt is all that is left.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Runtime.getRuntime().halt(128 + signal.getNumber());
    }
}
