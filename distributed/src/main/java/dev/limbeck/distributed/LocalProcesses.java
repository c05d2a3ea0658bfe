package dev.limbeck.distributed;

import dev.limbeck.LimbeckException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Run a main class in several processes on this machine, which find each other through {@link Rendezvous#of}. Process 0 uses this
 * process's streams.
 */
public final class LocalProcesses {
    /** After one has failed, the others have this time to notice. */
    private static final long LONGEST_SECONDS = 10;

    private static final long LONGEST_CLEANUP_MILLIS = 2500;

    /** The environment variable with the process that starts the others. */
    private static final String STARTER = "LIMBECK_STARTER";

    private static final int TERMINATED = 143;
    private static final int KILLED = 137;

    private final List<Process> all = new ArrayList<>();

    private final Consumer<String> log;

    private LocalProcesses(Consumer<String> log) {
        this.log = log;
    }

    /**
     * Run until all processes have ended. They end with this process.
     *
     * @param size number of processes, at least 2
     * @param environment more variables of each, such as the number of threads
     * @param log receives error lines of the processes other than 0
     * @return exit code of the first process that failed, in their order; 0 if none did
     */
    public static int run(
            int size, String mainClass, List<String> arguments, Map<String, String> environment, Consumer<String> log) {
        LocalProcesses processes = new LocalProcesses(log);
        Thread atExit = new Thread(processes::stop, "limbeck-processes");
        Runtime.getRuntime().addShutdownHook(atExit);
        try {
            processes.start(size, mainClass, arguments, environment);
            return processes.await();
        } catch (IOException e) {
            throw new LimbeckException("cannot start " + size + " processes (" + e.getMessage() + ")", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LimbeckException("interrupted while processes ran", e);
        } finally {
            processes.stop();
            try {
                Runtime.getRuntime().removeShutdownHook(atExit);
            } catch (IllegalStateException e) {
                // This process is ending, and the hook runs.
            }
        }
    }

    /** Return the variables of a process that {@link #endWithStarter} ends with this one. */
    public static Map<String, String> starter() {
        return Map.of(STARTER, String.valueOf(ProcessHandle.current().pid()));
    }

    /** End this process when the one that started it, see {@link #run} and {@link #starter}, is killed, which cannot end it itself. */
    public static void endWithStarter() {
        String starter = System.getenv(STARTER);
        if (starter == null) return;
        ProcessHandle.of(Long.parseLong(starter))
                .ifPresentOrElse(
                        process -> process.onExit().thenRun(() -> System.exit(TERMINATED)),
                        () -> System.exit(TERMINATED));
    }

    /** Return this process's settings of Java for another one, without agents, which would use the same port or file again. */
    public static List<String> ownSettings() {
        return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(flag ->
                        !flag.startsWith("-javaagent") && !flag.startsWith("-agent") && !flag.startsWith("-Xrunjdwp"))
                .toList();
    }

    private void start(int size, String mainClass, List<String> arguments, Map<String, String> environment)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        command.addAll(ownSettings());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), mainClass));
        command.addAll(arguments);
        int port = Rendezvous.freePort(InetAddress.getLoopbackAddress());
        for (int rank = 0; rank < size; rank++) {
            ProcessBuilder builder = new ProcessBuilder(command);
            builder.environment().putAll(environment);
            builder.environment().putAll(Rendezvous.variables(rank, size, port));
            builder.environment().put(Rendezvous.LOCAL_RANK, String.valueOf(rank));
            builder.environment().putAll(starter());
            if (rank == 0) builder.inheritIO();
            else builder.redirectOutput(Redirect.DISCARD);
            Process process = builder.start();
            all.add(process);
            if (rank > 0) follow(process, "process " + rank + ": ");
        }
    }

    private void follow(Process process, String prefix) {
        Thread reader = new Thread(
                () -> {
                    try {
                        process.errorReader(StandardCharsets.UTF_8).lines().forEach(line -> log.accept(prefix + line));
                    } catch (UncheckedIOException e) {
                        // The process was ended, which closes its streams.
                        return;
                    }
                },
                "limbeck-lines");
        reader.setDaemon(true);
        reader.start();
    }

    private int await() throws InterruptedException {
        for (boolean running = true; running; ) {
            running = false;
            for (Process process : all) {
                if (process.waitFor(50, TimeUnit.MILLISECONDS)) {
                    if (process.exitValue() != 0) return afterFailure();
                } else {
                    running = true;
                }
            }
        }
        return 0;
    }

    private int afterFailure() throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LONGEST_SECONDS);
        int code = 0;
        for (int rank = 0; rank < all.size(); rank++) {
            Process process = all.get(rank);
            if (!process.waitFor(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS)) continue;
            int own = process.exitValue();
            if (own == KILLED) log.accept("process " + rank + " was killed; the command with --resume continues");
            if (code == 0) code = own == KILLED ? 1 : own;
        }
        return code;
    }

    /** End the processes, and wait until they have cleaned up. */
    private void stop() {
        all.forEach(Process::destroy);
        try {
            for (Process process : all) process.waitFor(LONGEST_CLEANUP_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
