package dev.limbeck.cli;

import dev.limbeck.Patience;
import dev.limbeck.Printable;
import dev.limbeck.recipe.RunContext;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Share what all commands have: help, {@code --json}, a terminal. */
@Command(mixinStandardHelpOptions = true, versionProvider = Version.class, sortOptions = false)
abstract class LimbeckCommand implements Callable<Integer> {
    private static final int REPORT_EVERY = 10_000;

    @Nullable
    Terminal terminal;

    @Spec
    @Nullable
    CommandSpec spec;

    @Option(names = "--json", description = "Print one JSON document on standard output, and nothing else")
    boolean json;

    @Option(
            names = "--model-timeout",
            paramLabel = "SECONDS",
            description = "Seconds a TorchScript or ONNX file gets; 0 waits (default: 600)")
    int modelTimeout = 600;

    /** Return the settings of recipes that it offers as options, null for none. */
    @Nullable
    SettingOptions settings() {
        return null;
    }

    Terminal terminal() {
        if (terminal == null) throw new IllegalStateException("the command was not made by Main");
        return terminal;
    }

    /** Print a line of the result, unless it is given as JSON. */
    void say(String line) {
        if (!json) terminal().out().println(Printable.line(line));
    }

    /** Print a line about the work, which is not part of the result. */
    void tell(String line) {
        terminal().err().println(Printable.line(line));
    }

    /** Make the exception for an option that nothing says. */
    final ParameterException missing(String option) {
        if (spec == null) throw new IllegalStateException("the command was not made by picocli");
        return new ParameterException(spec.commandLine(), "Missing required option: '" + option + "'");
    }

    /** Say where recipes are carried out, and follow them on the terminal. */
    RunContext context(EngineOptions engine, @Nullable Integer workers) {
        AtomicInteger next = new AtomicInteger(REPORT_EVERY);
        return new RunContext(
                engine.device,
                workers,
                this::tell,
                new DownloadLine(terminal()),
                (done, total) -> {
                    if (done < next.get()) return;
                    next.set((done / REPORT_EVERY + 1) * REPORT_EVERY);
                    tell(Texts.format("read %,d of %,d images", done, total));
                },
                () -> terminal().interactive() ? List.of(new ProgressBars(terminal())) : List.of());
    }

    /** Do the work; returns what {@code --json} prints. */
    abstract Object run();

    @Override
    public final Integer call() {
        Numbers.atLeast(0, "--model-timeout", modelTimeout);
        if (modelTimeout > 0) {
            Patience.limit(Duration.ofSeconds(modelTimeout), model -> {
                tell("limbeck: " + model + " did not answer within " + modelTimeout
                        + " s; give it longer by --model-timeout, or another model");
                // Native code on another thread does not end, and Java's own way out would wait for it.
                Runtime.getRuntime().halt(1);
            });
        }
        Object result = run();
        if (json) terminal().json(result);
        return 0;
    }
}
