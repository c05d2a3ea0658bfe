package dev.limbeck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Scope;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Test how a process ends, each in a separate JVM. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there are no signals to send")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ExitGateTest {
    @Test
    void theEndWaitsForWhoeverIsInsideAndRefusesOthers() throws IOException, InterruptedException {
        Ended ended = end("served");
        // During the grace period of 0.2 s, other threads may enter.
        assertThat(ended.lines)
                .containsSubsequence("ready", "inside is done", "cleaned up")
                .contains("late work is done", "the program is ending; nothing more is computed");
        assertThat(ended.code).isEqualTo(143);
    }

    @Test
    void threadsOfAProcessOfOurOwnAreHeld() throws IOException, InterruptedException {
        Ended ended = end("held");
        assertThat(ended.lines)
                .containsSubsequence("ready", "inside is done", "cleaned up")
                .doesNotContain("let in again", "the program is ending; nothing more is computed");
        assertThat(ended.code).isEqualTo(143);
    }

    @Test
    void aThreadThatDoesNotLeaveIsNotWaitedForForEver() throws IOException, InterruptedException {
        long begun = System.nanoTime();
        Ended ended = end("stuck");
        assertThat(ended.lines).containsSubsequence("ready", "cleaned up");
        assertThat(ended.code).isEqualTo(143);
        assertThat(System.nanoTime() - begun).isLessThan(TimeUnit.SECONDS.toNanos(60));
    }

    @Test
    void aScopeIsInside() throws IOException, InterruptedException {
        assertThat(end("scoped").lines).containsSubsequence("ready", "scope is done", "cleaned up");
    }

    private record Ended(List<String> lines, int code) {}

    /** Start a program, send SIGTERM when it is ready, and read its output. */
    private static Ended end(String program) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-Dlimbeck.exitGrace=0.2",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Program.class.getName(),
                        program)
                .redirectErrorStream(true)
                .start();
        List<String> lines = new ArrayList<>();
        try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                lines.add(line);
                // process.destroy() would close the stream as well.
                if (line.equals("ready")) process.toHandle().destroy();
            }
            return new Ended(lines, process.waitFor());
        } finally {
            process.destroyForcibly();
        }
    }

    /** Run the tested programs. */
    static final class Program {
        private Program() {}

        public static void main(String... arguments) throws InterruptedException {
            AtExit.run(() -> System.out.println("cleaned up"));
            switch (arguments[0]) {
                case "served" -> {
                    new Thread(() -> inside(2000)).start();
                    new Thread(Program::askAgainAndAgain).start();
                    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                        try (ExitGate gate = ExitGate.enter()) {
                            System.out.println("late work is done");
                        }
                    }));
                }
                case "held" -> {
                    ExitGate.holdThreads();
                    new Thread(() -> {
                                inside(600);
                                inside(0);
                                System.out.println("let in again");
                            })
                            .start();
                }
                case "stuck" -> new Thread(() -> inside(100_000)).start();
                case "scoped" -> {
                    Engine.start();
                    new Thread(() -> {
                                try (Scope scope = Scope.open()) {
                                    sleep(1200);
                                    System.out.println("scope is done");
                                }
                            })
                            .start();
                }
                default -> throw new IllegalArgumentException(arguments[0]);
            }
            Thread.sleep(300);
            System.out.println("ready");
        }

        private static void inside(long millis) {
            try (ExitGate gate = ExitGate.enter()) {
                sleep(millis);
                if (millis > 0) System.out.println("inside is done");
            }
        }

        private static void askAgainAndAgain() {
            try {
                Stream.generate(() -> 1).forEach(i -> inside(0));
            } catch (LimbeckException e) {
                System.out.println(e.getMessage());
            }
        }

        private static void sleep(long millis) {
            try {
                Thread.sleep(millis);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
