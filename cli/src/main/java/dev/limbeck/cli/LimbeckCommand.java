package dev.limbeck.cli;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Share what all commands have: help, {@code --json}, a terminal. */
@Command(mixinStandardHelpOptions = true, versionProvider = Version.class, sortOptions = false)
abstract class LimbeckCommand implements Callable<Integer> {
    @Nullable
    Terminal terminal;

    @Option(names = "--json", description = "Print one JSON document on standard output, everything else elsewhere.")
    boolean json;

    Terminal terminal() {
        if (terminal == null) throw new IllegalStateException("the command was not made by Main");
        return terminal;
    }

    /** Print a line of the result, unless it is given as JSON. */
    void say(String line) {
        if (!json) terminal().out().println(line);
    }

    /** Print a line about the work, which is no part of the result. */
    void tell(String line) {
        terminal().err().println(line);
    }

    /** Do the work; returns what {@code --json} prints. */
    abstract Object run();

    @Override
    public final Integer call() {
        Object result = run();
        if (json) terminal().json(result);
        return 0;
    }
}
