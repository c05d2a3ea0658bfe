package dev.limbeck.cli;

import dev.limbeck.AtExit;
import dev.limbeck.ExitGate;
import java.io.IOException;
import java.io.PrintStream;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * Exit on a signal. Threads stop when they next enter native code, unfinished files are cleaned up, and the exit code
 * is 128 plus the signal number. If a thread stays in native code for longer, the system kills the process, as without
 * a handler: the libraries' destructors must not run while native code does.
 */
final class Signals {
    /** Time limit of the cleanup. */
    private static final long LONGEST_MILLIS = 3000;

    /** A second signal within this time counts as the same: it was sent to the process and to its group. */
    private static final long SAME_MILLIS = 500;

    private static long first;

    private Signals() {}

    /** Handle the signals that end a process, except those ignored by its parent, such as nohup. */
    static void handle(PrintStream err) {
        ExitGate.holdThreads();
        for (String name : new String[] {"INT", "TERM", "HUP"}) {
            try {
                Signal signal = new Signal(name);
                SignalHandler before = Signal.handle(signal, received -> end(received, err));
                if (before.equals(SignalHandler.SIG_IGN)) Signal.handle(signal, before);
            } catch (IllegalArgumentException e) {
                continue; // not available on this system, or reserved by the JVM (-Xrs)
            }
        }
    }

    private static void end(Signal signal, PrintStream err) {
        synchronized (Signals.class) {
            if (first == 0) first = System.nanoTime();
            else if (System.nanoTime() - first < SAME_MILLIS * 1_000_000) return;
            else die(signal); // sent again: exit immediately
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

    /** End the process by an unhandled signal. Java can only raise handled ones, so a shell sends it. */
    private static void die(Signal signal) {
        try {
            Signal.handle(signal, SignalHandler.SIG_DFL);
            String command =
                    "kill -" + signal.getName() + " " + ProcessHandle.current().pid();
            new ProcessBuilder("/bin/sh", "-c", command).start().waitFor();
            Thread.sleep(1000); // it arrives at once
        } catch (IOException e) {
            // Without a shell, as on Windows, halt is the only way.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Runtime.getRuntime().halt(128 + signal.getNumber());
    }
}
