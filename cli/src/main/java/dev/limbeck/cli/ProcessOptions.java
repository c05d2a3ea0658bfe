package dev.limbeck.cli;

import dev.limbeck.LimbeckException;
import dev.limbeck.distributed.LocalProcesses;
import dev.limbeck.distributed.ProcessGroup;
import dev.limbeck.distributed.Rendezvous;
import dev.limbeck.train.Exchange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Provide the options for training in several processes. */
final class ProcessOptions {
    private static final String NUMBER = "--nproc";
    private static final String THREADS = "OMP_NUM_THREADS";

    @Option(names = NUMBER, paramLabel = "N", description = "Train in N processes of this machine (default: 1)")
    @Nullable
    Integer number;

    @Option(
            names = "--process-timeout",
            paramLabel = "S",
            description = "Longest wait for another process, in seconds (default: 1800)")
    int timeout = (int) ProcessGroup.TIMEOUT.toSeconds();

    @Option(names = "--elastic", description = "Resume with another number of processes and the same global batch")
    boolean elastic;

    private @Nullable Optional<Rendezvous> found;

    /** Return where processes meet; read when it is asked for, so that wrong variables do not keep the help from being shown. */
    private Optional<Rendezvous> place() {
        if (found == null) found = Rendezvous.of(System.getenv());
        return found;
    }

    /** Return whether this process starts others and waits for them. */
    boolean startsOthers() {
        Numbers.atLeast(1, NUMBER, number);
        Numbers.atLeast(1, "--process-timeout", timeout);
        if (number != null && place().isPresent()) {
            throw new WrongOption(NUMBER + " starts processes, found WORLD_SIZE in the environment, so something else "
                    + "(torchrun) started them; leave out " + NUMBER);
        }
        return number != null && number > 1;
    }

    /** Return whether a launcher started this process, perhaps as the only one of the moment. */
    private static boolean isLaunched() {
        return System.getenv("WORLD_SIZE") != null;
    }

    /**
     * Refuse options that would do nothing.
     *
     * @param resumes whether the training goes on from a checkpoint
     */
    void check(LimbeckCommand command, boolean resumes) {
        command.onlyIf(
                number != null || isLaunched(),
                "is how long processes wait for each other, found one process; add " + NUMBER + ", or leave it out",
                "--process-timeout");
        // What starts processes may start them again, and fewer.
        command.onlyIf(
                resumes || isLaunched(),
                "is for a training that goes on, found no --resume; add it, or leave this out",
                "--elastic");
    }

    /** Return whether the processes were started again after a failure. */
    boolean startedAgain() {
        return Rendezvous.attempt(System.getenv()) > 0;
    }

    /** Run the given command in several processes, and return their exit code. */
    ExitCode start(LimbeckCommand command) {
        int cores = Runtime.getRuntime().availableProcessors();
        String threads = System.getenv().getOrDefault(THREADS, String.valueOf(Math.max(1, cores / number)));
        return new ExitCode(LocalProcesses.run(
                number,
                Main.class.getName(),
                withoutNumber(command.arguments()),
                Map.of(THREADS, threads),
                command::log));
    }

    private static List<String> withoutNumber(List<String> arguments) {
        List<String> others = new ArrayList<>();
        for (int i = 0; i < arguments.size(); i++) {
            if (arguments.get(i).equals(NUMBER)) i++;
            else if (!arguments.get(i).startsWith(NUMBER + "=")) others.add(arguments.get(i));
        }
        return others;
    }

    /** Run with the other processes that the environment names, or alone. */
    Object together(LimbeckCommand command, Function<Exchange, Object> work) {
        if (place().isEmpty()) return work.apply(Exchange.ALONE);
        LocalProcesses.endWithStarter();
        try (ProcessGroup group = ProcessGroup.join(place().get(), Duration.ofSeconds(timeout))) {
            try {
                if (group.writes()) command.log("trained by " + group.size() + " processes");
                Object result = work.apply(group);
                return group.writes() ? result : ExitCode.SUCCESS;
            } catch (LimbeckException e) {
                group.fail(e.getMessage());
                throw e;
            } catch (RuntimeException | Error e) {
                group.fail(e.toString());
                throw e;
            }
        }
    }
}
