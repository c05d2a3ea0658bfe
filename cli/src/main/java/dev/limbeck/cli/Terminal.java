package dev.limbeck.cli;

import dev.limbeck.Printable;
import dev.limbeck.run.RunJson;
import java.io.PrintStream;

/**
 * Hold where a command prints: results to {@code out}, everything else to {@code err}.
 *
 * @param interactive whether {@code err} is a person's terminal, so that progress bars make sense
 */
record Terminal(PrintStream out, PrintStream err, boolean interactive) {
    /** Print one JSON document. */
    void json(Object value) {
        out.println(Printable.json(RunJson.write(value)));
    }
}
