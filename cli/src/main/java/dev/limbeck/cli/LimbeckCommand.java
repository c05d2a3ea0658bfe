package dev.limbeck.cli;

import dev.limbeck.LimbeckException;
import dev.limbeck.Patience;
import dev.limbeck.Printable;
import dev.limbeck.recipe.RunContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Base class of all commands: help, {@code --json}, and the terminal. */
@Command(mixinStandardHelpOptions = true, versionProvider = Version.class, sortOptions = false)
abstract class LimbeckCommand implements Callable<Integer> {
    private static final int REPORT_EVERY = 10_000;

    /** Exit code of a command that did its work, with a result that an option refuses. */
    private static final int REFUSED = 3;

    /** Exit code of a command that answered for all inputs but some, which cannot be read. */
    private static final int INCOMPLETE = 4;

    private final List<String> refusals = new ArrayList<>();
    private final List<String> failures = new ArrayList<>();
    private boolean incomplete;

    @Nullable
    Terminal terminal;

    @Spec
    @Nullable
    CommandSpec spec;

    @Option(names = "--json", description = "Print only a JSON document on standard output")
    boolean json;

    @Option(
            names = "--model-timeout",
            paramLabel = "SECONDS",
            description = "Timeout of TorchScript, ONNX, servers; 0 for none (default: 600)")
    int modelTimeout = 600;

    /** Return the recipe settings that the command has as options; null for none. */
    @Nullable
    SettingOptions settings() {
        return null;
    }

    /** Return the arguments of the program. */
    List<String> arguments() {
        if (spec == null) throw new IllegalStateException("the command was not made by picocli");
        return spec.root().commandLine().getParseResult().originalArgs();
    }

    Terminal terminal() {
        if (terminal == null) throw new IllegalStateException("the command was not made by Main");
        return terminal;
    }

    /** Print a line of the result, except with JSON output. */
    void say(String line) {
        if (!json) terminal().out().println(Printable.line(line));
    }

    /** Print a line of progress, which is not part of the result. */
    void log(String line) {
        terminal().err().println(Printable.line(line));
    }

    /** Refuse the result: it is still printed, then this line, and the exit code is 3. */
    final void refuse(String reason) {
        refusals.add(reason);
    }

    /** Say that inputs are left out that cannot be read: the exit code is 4. */
    final void leaveOut(String reason) {
        incomplete = true;
        log("limbeck: " + reason);
    }

    /** Say what could not be written beside the result: it is still printed, then this line, and the exit code is 1. */
    final void fail(String reason) {
        failures.add(reason);
    }

    /** Write a file beside the result and print a line of it; if it cannot be written, fail. */
    final void sayWritten(Supplier<String> written) {
        try {
            say(written.get());
        } catch (LimbeckException e) {
            fail(String.valueOf(e.getMessage()));
        }
    }

    /**
     * Refuse options that would do nothing.
     *
     * @param used whether the command uses them, called as it was
     * @param why completes "--option …": when it is used, what was found, and what to do
     */
    final void onlyIf(boolean used, String why, String... options) {
        if (used || spec == null) return;
        for (String option : options) {
            if (spec.commandLine().getParseResult().hasMatchedOption(option)) throw new WrongOption(option + " " + why);
        }
    }

    /** Create the exception for a missing option. */
    final ParameterException missing(String option) {
        if (spec == null) throw new IllegalStateException("the command was not made by picocli");
        return new ParameterException(spec.commandLine(), "Missing required option: '" + option + "'");
    }

    /** Create the context of a run, with progress on the terminal. */
    RunContext context(EngineOptions engine, @Nullable Integer workers) {
        AtomicInteger next = new AtomicInteger(REPORT_EVERY);
        return new RunContext(
                engine.device,
                workers,
                this::log,
                new DownloadLine(terminal()),
                (done, total) -> {
                    if (done < next.get()) return;
                    next.set((done / REPORT_EVERY + 1) * REPORT_EVERY);
                    log(Texts.format("read %,d of %,d images", done, total));
                },
                () -> terminal().interactive() ? List.of(new ProgressBars(terminal())) : List.of());
    }

    /** Run the command. Return the document for {@code --json}. */
    abstract Object run();

    @Override
    public final Integer call() {
        Numbers.atLeast(0, "--model-timeout", modelTimeout);
        if (modelTimeout > 0) {
            Patience.limit(Duration.ofSeconds(modelTimeout), model -> {
                Main.report(
                        terminal(),
                        model + " did not finish within " + modelTimeout
                                + " s; increase --model-timeout, or use another model",
                        json);
                // Native code on another thread does not end, and Java's regular exit would wait for it.
                Runtime.getRuntime().halt(1);
            });
        }
        Object result = run();
        if (result instanceof ExitCode code) return code.value();
        if (json) terminal().json(result);
        failures.forEach(reason -> log("limbeck: " + reason));
        refusals.forEach(reason -> log("limbeck: " + reason));
        if (!failures.isEmpty()) return Main.FAILED;
        if (!refusals.isEmpty()) return REFUSED;
        return incomplete ? INCOMPLETE : 0;
    }
}
