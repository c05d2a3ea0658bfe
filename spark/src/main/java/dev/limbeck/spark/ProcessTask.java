package dev.limbeck.spark;

import dev.limbeck.LimbeckException;
import dev.limbeck.cli.Main;
import dev.limbeck.distributed.LocalProcesses;
import dev.limbeck.distributed.Rendezvous;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.util.TaskCompletionListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.collection.Iterator;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.AbstractFunction1;

/**
 * Run one of the processes as a Java of its own, which ends with the task. The first task chooses a port and tells the others; the
 * processes then meet as those of torchrun do.
 */
final class ProcessTask extends AbstractFunction1<Iterator<Integer>, Iterator<String>> implements Serializable {
    private static final long serialVersionUID = 1L;

    private static final Logger LOG = LoggerFactory.getLogger(ProcessTask.class);
    private static final String THREADS = "OMP_NUM_THREADS";
    private static final int LAST_LINES = 20;
    private static final String ERROR = "limbeck: ";

    private final ArrayList<String> command;
    private final ArrayList<String> javaOptions;

    ProcessTask(ArrayList<String> command, ArrayList<String> javaOptions) {
        this.command = command;
        this.javaOptions = javaOptions;
    }

    @Override
    public Iterator<String> apply(Iterator<Integer> ranks) {
        BarrierTaskContext task = BarrierTaskContext.get();
        int rank = task.partitionId();
        String own = task.getTaskInfos()[rank].address().replaceFirst(":[0-9]+$", "");
        try {
            String[] place =
                    task.allGather(rank == 0 ? own + " " + Rendezvous.freePort(InetAddress.getByName(own)) : "")[0]
                            .split(" ");
            List<String> lines = run(task, rank, place[0], Integer.parseInt(place[1]), own);
            return CollectionConverters.asScala(
                    rank == 0 ? lines.iterator() : List.<String>of().iterator());
        } catch (IOException | UncheckedIOException e) {
            throw new LimbeckException("process " + rank + " cannot be run: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LimbeckException("process " + rank + " was ended by Spark", e);
        }
    }

    private List<String> run(BarrierTaskContext task, int rank, String address, int port, String own)
            throws IOException, InterruptedException {
        List<String> java = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        java.addAll(javaOptions);
        java.addAll(List.of("-cp", classPath(), Main.class.getName()));
        java.addAll(command);
        ProcessBuilder builder = new ProcessBuilder(java);
        builder.environment().putAll(variables(rank, task.getTaskInfos().length, address, port, own));
        builder.environment().putIfAbsent(THREADS, String.valueOf(task.cpus()));
        Process process = builder.start();
        task.addTaskCompletionListener((TaskCompletionListener) context -> process.destroy());
        Deque<String> last = new ArrayDeque<>();
        Thread errors = new Thread(() -> follow(process, rank, last), "limbeck-lines");
        errors.setDaemon(true);
        errors.start();
        List<String> printed;
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            printed = lines.lines().toList();
        }
        int code = process.waitFor();
        errors.join();
        if (code == 0) return printed;
        String said = last.stream()
                .filter(line -> line.startsWith(ERROR))
                .reduce((first, second) -> second)
                .map(line -> line.substring(ERROR.length()))
                .orElse(last.isEmpty() ? "it said nothing" : last.getLast());
        // The first to end may have ended because of another's failure.
        throw new LimbeckException(
                said.matches("process [0-9]+ failed: .*")
                        ? said
                        : "process " + rank + " failed: " + (code == 1 ? "" : "it ended with code " + code + ": ")
                                + said);
    }

    /** Return the variables of a process: where it meets the others, and that it ends with this executor, which may be killed. */
    static Map<String, String> variables(int rank, int size, String address, int port, String own) {
        Map<String, String> variables = new HashMap<>(Rendezvous.variables(rank, size, address, port, own));
        variables.putAll(LocalProcesses.starter());
        return variables;
    }

    /** Log the lines of a process, and remember the last ones. */
    static void follow(Process process, int rank, Deque<String> last) {
        try {
            process.errorReader(StandardCharsets.UTF_8).lines().forEach(line -> {
                LOG.info("process {}: {}", rank, line);
                last.add(line);
                if (last.size() > LAST_LINES) last.remove();
            });
        } catch (UncheckedIOException e) {
            LOG.info("process {} was ended, which closes its streams", rank);
        }
    }

    /** Return what this task's classes are loaded from: the jars of spark-submit, then Spark's own. */
    private static String classPath() {
        Set<String> places = new LinkedHashSet<>();
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        for (; loader != null; loader = loader.getParent()) {
            if (!(loader instanceof URLClassLoader jars)) continue;
            Arrays.stream(jars.getURLs())
                    .filter(url -> url.getProtocol().equals("file"))
                    .map(ProcessTask::place)
                    .forEach(places::add);
        }
        places.add(System.getProperty("java.class.path"));
        return places.stream().collect(Collectors.joining(File.pathSeparator));
    }

    /** Return the path of a URL, in which spaces and other characters are encoded, unless it was made without. */
    static String place(URL url) {
        try {
            return Path.of(url.toURI()).toString();
        } catch (URISyntaxException | IllegalArgumentException e) {
            return url.getPath();
        }
    }
}
