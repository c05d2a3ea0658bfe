package dev.limbeck.cli;

import dev.limbeck.Printable;
import dev.limbeck.run.RunJson;
import java.io.PrintStream;

/**
 * Hold the output streams of a command: {@code out} for results, {@code err} for everything else.
 *
 * @param interactive whether {@code err} is a terminal that shows progress bars
 */
record Terminal(PrintStream out, PrintStream err, boolean interactive) {
    /** Print one JSON document in a line. */
    void jsonLine(Object value) {
        out.println(Printable.json(RunJson.line(value)));
    }

    /** Print one JSON document. */
    void json(Object value) {
        out.println(Printable.json(RunJson.write(value)));
    }
}
