package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.weights.Safetensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Test trainings in two processes of this machine. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProcessesTest {
    private static final List<String> STUDENT = List.of(
            "--data",
            "shapes:96:32:16",
            "--image-size",
            "16",
            "--batch-size",
            "16",
            "--arch",
            "cifar-resnet8",
            "--precision",
            "fp32",
            "--device",
            "cpu",
            "--workers",
            "1");

    @TempDir
    Path home;

    private List<String> distill;

    private record Ended(int code, String out, String err) {}

    @BeforeEach
    void trainTheTeacher() {
        Path teacher = home.resolve("teacher");
        Cli.run("train", STUDENT.toArray(), "--epochs", "1", "--seed", "3", "--out", teacher)
                .done();
        distill = new ArrayList<>(List.of("distill"));
        distill.addAll(STUDENT);
        distill.addAll(List.of("--teacher", teacher.toString(), "--loss", "soft-target", "--loss", "fitnet:layer2"));
        distill.addAll(List.of("--mixup", "0.2", "--ema-decay", "0.9"));
    }

    @AfterEach
    void endWhatIsLeft() {
        ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
    }

    private static Process start(Map<String, String> environment, List<String> arguments, Path out, Path err)
            throws IOException {
        ProcessBuilder builder = Cli.jvm(arguments.toArray());
        builder.environment().put("OMP_NUM_THREADS", "1");
        builder.environment().putAll(environment);
        return builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    }

    private Ended run(List<String> arguments, String... more) throws IOException, InterruptedException {
        Path out = home.resolve("stdout");
        Path err = home.resolve("stderr");
        List<String> all = new ArrayList<>(arguments);
        all.addAll(List.of(more));
        int code = start(Map.of(), all, out, err).waitFor();
        return new Ended(code, Files.readString(out), Files.readString(err));
    }

    /** Return the trained weights of a run by name. Statistics of batch norms are those of one process. */
    private static Map<String, List<Float>> weights(Path run) {
        Map<String, List<Float>> all = new TreeMap<>();
        try (StateDict state = Safetensors.read(run.resolve("model.safetensors"))) {
            for (String name : state.names()) {
                if (name.contains("running_") || name.contains("num_batches")) continue;
                List<Float> values = new ArrayList<>();
                for (float value : Tensors.toFloats(state.get(name))) values.add(value);
                all.put(name, values);
            }
        }
        return all;
    }

    @Test
    void aProcessThatOneLauncherStartedIsNoLauncher() throws Exception {
        Path err = home.resolve("err");
        Map<String, String> launched =
                Map.of("WORLD_SIZE", "2", "RANK", "0", "MASTER_ADDR", "127.0.0.1", "MASTER_PORT", "29555");
        List<String> arguments = List.of("train", "none.yaml", "--nproc", "4", "--out", "none");
        assertThat(start(launched, arguments, home.resolve("out"), err).waitFor())
                .isEqualTo(2);
        assertThat(err).content().startsWith("limbeck: --nproc starts processes, found WORLD_SIZE in the environment");
    }

    @Test
    void twoProcessesDistillToTheBitsOfOneThatAccumulates() throws Exception {
        Path both = home.resolve("both");
        Ended ended = run(distill, "--epochs", "2", "--nproc", "2", "--out", both.toString());
        assertThat(ended.err()).contains("trained by 2 processes\n").doesNotContain("process 1:");
        assertThat(ended.code()).as(ended.err()).isZero();
        assertThat(ended.out()).contains("written to " + both);
        Path alone = home.resolve("alone");
        accumulate(distill, "--epochs", "2", "--out", alone);
        assertThat(weights(both)).isEqualTo(weights(alone));
        assertThat(Cli.read(both.resolve("run.json")).at("/epochs/1/train_loss"))
                .isEqualTo(Cli.read(alone.resolve("run.json")).at("/epochs/1/train_loss"));
    }

    /** Train in one process that takes the batches of two in each step. */
    private static void accumulate(List<String> command, Object... more) {
        Object[] common = command.subList(1, command.size()).toArray();
        Cli.run(command.get(0), common, "--threads", "1", "--grad-accum-steps", "2", more)
                .done();
    }

    /** Count the rows of a folder of cached outputs: eight bytes, a version and a number of rows begin a file. */
    private static int cachedRows(Path folder) throws IOException {
        int rows = 0;
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file :
                    files.filter(one -> one.toString().endsWith(".rows")).toList()) {
                rows += ByteBuffer.wrap(Files.readAllBytes(file))
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .getInt(12);
            }
        }
        return rows;
    }

    @Test
    void twoProcessesFillOneFolderOfCachedOutputsAndLearnTheBitsOfOne() throws Exception {
        distill = distill.subList(0, distill.indexOf("--loss"));
        Path both = home.resolve("both");
        Path outputs = home.resolve("outputs");
        List<String> cached = new ArrayList<>(distill);
        cached.addAll(List.of("--augment-views", "1", "--epochs", "2"));
        Ended ended = run(cached, "--cache-teacher", outputs.toString(), "--nproc", "2", "--out", both.toString());
        assertThat(ended.code()).as(ended.err()).isZero();
        assertThat(cachedRows(outputs))
                .as("each of 96 train and 32 valid rows, once")
                .isEqualTo(96 + 32);
        Path alone = home.resolve("alone");
        accumulate(cached, "--cache-teacher", home.resolve("own"), "--out", alone);
        assertThat(weights(both)).isEqualTo(weights(alone));
    }

    @Test
    void aKilledProcessEndsTheOtherAndBothResumeToTheSameBits() throws Exception {
        Path whole = home.resolve("whole");
        assertThat(run(distill, "--epochs", "30", "--nproc", "2", "--out", whole.toString())
                        .code())
                .isZero();
        Path killed = home.resolve("killed");
        Path err = home.resolve("stderr");
        List<String> command = new ArrayList<>(distill);
        command.addAll(List.of("--epochs", "30", "--nproc", "2", "--out", killed.toString()));
        Process parent = start(Map.of(), command, home.resolve("stdout"), err);
        while (Files.readString(err).lines().noneMatch(line -> line.matches(" +2 .*"))) Thread.sleep(20);
        // The second child is process 1.
        ProcessHandle second = parent.children()
                .sorted((a, b) -> Long.compare(a.pid(), b.pid()))
                .toList()
                .get(1);
        long start = System.nanoTime();
        second.destroyForcibly();
        assertThat(parent.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start)).isLessThan(15);
        assertThat(parent.exitValue()).isEqualTo(1);
        assertThat(err).content().contains("process 1 was killed; the command with --resume continues");
        assertThat(Files.readString(err, StandardCharsets.UTF_8).lines().filter(line -> line.startsWith("limbeck: ")))
                .singleElement()
                .asString()
                .matches(
                        "limbeck: another process was lost or did not answer in time \\(.*\\); the checkpoint of the last"
                                + " finished epoch is saved, continue with --resume after epoch \\d+");
        assertThat(Cli.run("distill", "--resume", "--out", killed).err())
                .contains(
                        "cannot resume " + killed
                                + ": it was trained by 2 processes, now by 1; use as many, or keep the global batch with --elastic");
        Path copy = home.resolve("alone");
        FileUtils.copyDirectory(unfinished(killed).toFile(), unfinished(copy).toFile());
        assertThat(run(List.of("distill", "--resume", "--nproc", "2", "--out", killed.toString()))
                        .code())
                .isZero();
        assertThat(weights(killed)).isEqualTo(weights(whole));
        assertThat(Cli.read(killed.resolve("run.json"))
                        .at("/training/processes")
                        .intValue())
                .isEqualTo(2);
        assertThat(Cli.run("distill", "--resume", "--elastic", "--threads", "1", "--out", copy)
                        .done()
                        .err())
                .contains("it was trained by 2 processes, now by 1; each step takes the same batches");
        assertThat(Cli.read(copy.resolve("run.json")).at("/training/steps"))
                .isEqualTo(Cli.read(whole.resolve("run.json")).at("/training/steps"));
    }

    private static Path unfinished(Path run) {
        return run.resolveSibling(run.getFileName() + ".unfinished");
    }

    @Test
    void aProcessTellsTheOthersWhyItFails() throws Exception {
        Map<String, String> first = Map.of(
                "RANK", "0", "WORLD_SIZE", "2", "MASTER_ADDR", "127.0.0.1", "MASTER_PORT", String.valueOf(port()));
        Map<String, String> second = new TreeMap<>(first);
        second.put("RANK", "1");
        List<String> command = new ArrayList<>(distill);
        command.addAll(List.of("--epochs", "2", "--out", home.resolve("run").toString()));
        List<String> other = new ArrayList<>(command);
        other.set(other.indexOf("shapes:96:32:16"), "shapes:96:32:15");
        Path firstErr = home.resolve("err0");
        Path secondErr = home.resolve("err1");
        Process one = start(first, command, home.resolve("out0"), firstErr);
        Process two = start(second, other, home.resolve("out1"), secondErr);
        assertThat(one.waitFor()).isEqualTo(1);
        assertThat(two.waitFor()).isEqualTo(1);
        for (Path err : List.of(firstErr, secondErr)) {
            assertThat(Files.readString(err))
                    .contains("limbeck: processes 0 and 1 must have the same recipe, found '")
                    .contains("shapes:96:32:15");
        }
        // What only one process meets, it tells.
        second.put("MASTER_PORT", String.valueOf(port()));
        Map<String, String> again = new TreeMap<>(second);
        again.put("RANK", "0");
        other.set(other.indexOf("shapes:96:32:15"), home.resolve("missing").toString());
        one = start(again, command, home.resolve("out0"), firstErr);
        two = start(second, other, home.resolve("out1"), secondErr);
        assertThat(one.waitFor()).isEqualTo(1);
        assertThat(two.waitFor()).isEqualTo(1);
        String reason = Files.readString(secondErr)
                .lines()
                .reduce("", (before, line) -> line)
                .replace("limbeck: ", "");
        assertThat(reason).contains("missing");
        assertThat(Files.readString(firstErr)).contains("limbeck: process 1 failed: " + reason);
        assertThat(home.resolve("run")).doesNotExist();
    }

    /** Two machines are imitated by two network namespaces, which need root and iproute2. */
    @Test
    void processesOfTwoHostsEndWhenTheirLinkIsCutAndResumeToTheSameBits() throws Exception {
        try (Hosts hosts = Hosts.create()) {
            distill.addAll(List.of("--epochs", "30", "--process-timeout", "3"));
            Path whole = home.resolve("whole");
            for (Process one : start(hosts, whole)) assertThat(one.waitFor()).isZero();
            Path cut = home.resolve("cut");
            List<Process> both = start(hosts, cut);
            Path logged = home.resolve("err0");
            while (Files.readString(logged).lines().noneMatch(line -> line.matches(" +2 .*"))) Thread.sleep(20);
            hosts.cut();
            long start = System.nanoTime();
            for (Process one : both) assertThat(one.waitFor()).isEqualTo(1);
            // The timeout and a second; the end of the JVMs takes longer on a busy machine.
            assertThat(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start))
                    .isLessThan(8);
            for (int rank = 0; rank < 2; rank++) {
                assertThat(Files.readString(home.resolve("err" + rank))
                                .lines()
                                .filter(line -> line.startsWith("limbeck: ")))
                        .singleElement()
                        .asString()
                        .contains("another process was lost or did not answer in time (");
            }
            hosts.mend();
            distill = new ArrayList<>(List.of("distill", "--resume"));
            for (Process one : start(hosts, cut)) assertThat(one.waitFor()).isZero();
            assertThat(weights(cut)).isEqualTo(weights(whole));
        }
    }

    private List<Process> start(Hosts hosts, Path run) throws IOException {
        List<Process> started = new ArrayList<>();
        List<String> arguments = new ArrayList<>(distill);
        arguments.addAll(List.of("--out", run.toString()));
        String port = String.valueOf(port());
        for (int rank = 0; rank < 2; rank++) {
            ProcessBuilder builder = hosts.on(rank, Cli.jvm(arguments.toArray()));
            builder.environment()
                    .putAll(Map.of(
                            "RANK",
                            String.valueOf(rank),
                            "WORLD_SIZE",
                            "2",
                            "MASTER_ADDR",
                            hosts.address(0),
                            "MASTER_PORT",
                            port,
                            "OMP_NUM_THREADS",
                            "1"));
            started.add(builder.redirectOutput(home.resolve("out" + rank).toFile())
                    .redirectError(home.resolve("err" + rank).toFile())
                    .start());
        }
        return started;
    }

    private static int port() throws IOException {
        try (java.net.ServerSocket socket = new java.net.ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
