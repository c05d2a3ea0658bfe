package dev.limbeck.cli;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.Printable;
import dev.limbeck.tensor.Engine;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;

/**
 * Run the command line. Exit codes: 0 for success, 1 for failure, 2 for invalid usage, 3 for a failed gate, 4 if {@code predict} could
 * not read some inputs, 128 plus the number of a signal that ended it. See docs/recipes.md.
 */
@Command(
        name = "limbeck",
        description = "Train small, fast networks from large ones: knowledge distillation for the JVM.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
public final class Main implements Runnable {
    static final int FAILED = 1;
    static final int USAGE = 2;

    private static final List<Class<?>> COMMANDS = List.of(
            DemoCommand.class,
            TrainCommand.class,
            DistillCommand.class,
            CheckCommand.class,
            CacheCommand.class,
            CompareCommand.class,
            EvaluateCommand.class,
            PredictCommand.class,
            PruneCommand.class,
            ExportCommand.class,
            ProfileCommand.class,
            ExplainCommand.class,
            LrFindCommand.class,
            SweepCommand.class,
            FitCommand.class,
            LossesCommand.class,
            SummaryCommand.class,
            InspectCommand.class,
            ShowCommand.class,
            ReportCommand.class,
            WatchCommand.class,
            SettingsCommand.class,
            DoctorCommand.class,
            CompletionCommand.class,
            HelpCommand.class);

    private final CommandLine commands;

    /** Reading the options of all commands takes half of the startup time, so only the given command loads its own. */
    private Main(Terminal terminal, List<String> args) {
        commands = new CommandLine(this, new CommandFactory(terminal));
        boolean all = args.contains(CompletionCommand.NAME);
        for (Class<?> type : COMMANDS) {
            Command command = type.getAnnotation(Command.class);
            if (all || isNamed(command, args)) {
                commands.addSubcommand(command.name(), type);
                addSettings(commands.getSubcommands().get(command.name()));
            } else {
                CommandSpec brief = CommandSpec.create().aliases(command.aliases());
                brief.usageMessage().description(command.description());
                commands.addSubcommand(command.name(), brief);
            }
        }
    }

    /** Add the options that are declared by recipes. */
    private static void addSettings(CommandLine added) {
        if (!(added.getCommand() instanceof LimbeckCommand command)) return;
        SettingOptions settings = command.settings();
        if (settings == null) return;
        settings.addTo(added.getCommandSpec());
        GroupedHelp.of(added.getCommandSpec(), settings);
    }

    private static boolean isNamed(Command command, List<String> args) {
        return args.contains(command.name()) || Arrays.stream(command.aliases()).anyMatch(args::contains);
    }

    public static void main(String[] args) {
        PipeOutput pipe = new PipeOutput(new FileOutputStream(FileDescriptor.out));
        PrintStream out = new PrintStream(pipe, true, StandardCharsets.UTF_8);
        PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
        // Otherwise its warnings bypass logback.xml.
        System.setProperty("org.bytedeco.javacpp.logger", "slf4j");
        Signals.handle(err);
        System.exit(run(out, err, Boolean.getBoolean("limbeck.terminal"), args));
    }

    /**
     * Run one command and return its exit code.
     *
     * @param interactive whether to draw progress bars
     */
    public static int run(PrintStream out, PrintStream err, boolean interactive, String... given) {
        Terminal terminal = new Terminal(out, err, interactive);
        String[] renamed = OldOptions.renamed(terminal, given);
        CommandLine commands = new Main(terminal, List.of(renamed)).commands;
        String[] asked = withoutHelp(renamed);
        String[] args = isUnknown(commands, asked) ? asked : renamed;
        commands.setOut(new PrintWriter(out, true, StandardCharsets.UTF_8));
        commands.setErr(new PrintWriter(err, true, StandardCharsets.UTF_8));
        commands.setCaseInsensitiveEnumValuesAllowed(true);
        commands.setUsageHelpAutoWidth(true);
        Numbers.register(commands);
        KnownNames.below(commands);
        commands.setExecutionExceptionHandler((failure, command, parsed) -> failed(terminal, failure, args));
        commands.setParameterExceptionHandler((failure, arguments) -> {
            report(terminal, usage(failure), wantsJson(arguments));
            return USAGE;
        });
        int code = execute(commands, terminal, args);
        if (!out.checkError()) return code;
        err.println(
                "limbeck: the result could not all be written to standard output: the disk is full, or its reader gone");
        return code == 0 ? FAILED : code;
    }

    private static boolean isUnknown(CommandLine commands, String... args) {
        return args.length > 0
                && !args[0].startsWith("-")
                && !commands.getSubcommands().containsKey(args[0]);
    }

    /** Return the arguments without a request for help or the version: picocli would answer it, whatever the rest is. */
    private static String[] withoutHelp(String... args) {
        boolean asks = args.length > 1 && args[0].equals("help");
        return Arrays.stream(args)
                .skip(asks ? 1 : 0)
                .filter(arg -> !List.of("-h", "--help", "-V", "--version").contains(arg))
                .toArray(String[]::new);
    }

    private static int execute(CommandLine commands, Terminal terminal, String... args) {
        try {
            return commands.execute(args);
        } catch (OutOfMemoryError e) {
            String advice = "use smaller batches or images, or give Java more: LIMBECK_JAVA_OPTS=-Xmx8g";
            return failed(terminal, new LimbeckException("out of memory (" + e.getMessage() + "); " + advice, e), args);
        } catch (ExceptionInInitializerError e) {
            return failed(terminal, e.getCause() == null ? e : e.getCause(), args);
        } catch (Error e) {
            return failed(terminal, e, args);
        }
    }

    private static int failed(Terminal terminal, Throwable failure, String... args) {
        if (!(failure instanceof LimbeckException) && Boolean.getBoolean("limbeck.debug")) {
            failure.printStackTrace(terminal.err());
        }
        String message = failure instanceof LimbeckException
                ? String.valueOf(failure.getMessage())
                : failure.getClass().getSimpleName() + ": " + Engine.firstLine(failure)
                        + " (a bug; run with LIMBECK_JAVA_OPTS=-Dlimbeck.debug=true for the stack)";
        report(terminal, message, wantsJson(args));
        return failure instanceof WrongOption ? USAGE : FAILED;
    }

    private static boolean wantsJson(String... args) {
        return Arrays.asList(args).contains("--json");
    }

    /** Describe invalid usage in one line: the error, a suggestion, where to read more. */
    private static String usage(CommandLine.ParameterException failure) {
        CommandLine command = failure.getCommandLine();
        String help = "see " + command.getCommandSpec().qualifiedName() + " --help";
        if (failure instanceof CommandLine.UnmatchedArgumentException unmatched) {
            String first = unmatched.getUnmatched().get(0);
            if (first.startsWith("-")) {
                List<String> known = command.getCommandSpec().options().stream()
                        .map(CommandLine.Model.OptionSpec::longestName)
                        .toList();
                String name = first.replaceFirst("=.*", "");
                return Names.unknown("option", name, command.getCommandName(), known)
                                .getMessage() + "; " + help;
            }
            if (command.getParent() == null) {
                return Names.unknown("command", first, command.getSubcommands().keySet())
                                .getMessage() + "; " + help;
            }
            return "unexpected argument '" + first + "'; " + help;
        }
        return Printable.line(failure.getMessage()) + "; " + help;
    }

    /** Print an error in one line, and as a document if that is wanted. */
    static void report(Terminal terminal, String text, boolean json) {
        String message = Printable.line(text);
        terminal.err().println("limbeck: " + message);
        if (json) terminal.json(Map.of("error", message));
    }

    @Override
    public void run() {
        commands.usage(commands.getOut());
    }

    /** Create every command with its terminal. */
    private record CommandFactory(Terminal terminal) implements CommandLine.IFactory {
        @Override
        public <K> K create(Class<K> type) throws Exception {
            K made = CommandLine.defaultFactory().create(type);
            if (made instanceof LimbeckCommand command) command.terminal = terminal;
            return made;
        }
    }
}
