package dev.limbeck.recipe;

import dev.limbeck.data.Data;
import dev.limbeck.data.PrepareProgress;
import dev.limbeck.data.Split;
import dev.limbeck.io.Downloads;
import dev.limbeck.train.Callback;
import dev.limbeck.train.Exchange;
import dev.limbeck.train.TrackedRun;
import dev.limbeck.train.Trackers;
import dev.limbeck.train.Tracking;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Hold the environment of a run: device, workers and observers. It does not influence the result.
 *
 * @param device {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:N}
 * @param workers threads that decode and augment; null for a number based on the cores
 * @param log receives progress lines, such as the epoch table
 * @param download receives download progress
 * @param prepare receives progress of the pass over all images
 * @param watchers creates callbacks for each training, such as a progress bar
 * @param trackers further trackers besides epochs.csv: {@code name} or {@code name:target}
 * @param run name of the run for trackers; empty for a single run
 * @param exchange with other processes that train the same model
 */
public record RunContext(
        String device,
        @Nullable Integer workers,
        Consumer<String> log,
        Downloads.Progress download,
        PrepareProgress prepare,
        Supplier<List<Callback>> watchers,
        List<String> trackers,
        String run,
        Exchange exchange) {
    /** The tracker of every run. */
    private static final String ALWAYS = "csv";

    public RunContext {
        trackers = List.copyOf(trackers);
        trackers.forEach(Trackers::check);
    }

    /** Create a context without trackers. */
    public RunContext(
            String device,
            @Nullable Integer workers,
            Consumer<String> log,
            Downloads.Progress download,
            PrepareProgress prepare,
            Supplier<List<Callback>> watchers) {
        this(device, workers, log, download, prepare, watchers, List.of(), "", Exchange.ALONE);
    }

    /** Log a summary of the data and warnings about it. Called after all other checks have passed. */
    public void logData(Data data) {
        log.accept("data: " + data.summary());
        data.warnings().forEach(line -> log.accept("data: " + line));
        for (Split split : List.of(Split.VALID, Split.TEST)) {
            if (!data.has(split) || data.targets(split).known() == 0) continue;
            List<String> constant = data.targets(split).constant(data.task());
            if (constant.isEmpty()) continue;
            log.accept("data: " + split.label() + " has " + String.join(", ", constant)
                    + "; the means of the metrics leave out what has no value (F1 counts it as 0)");
        }
    }

    /** Return a copy that logs nothing, to open the same data again. */
    public RunContext quiet() {
        return new RunContext(device, workers, line -> {}, download, prepare, watchers, trackers, run, exchange);
    }

    /** Return a copy that logs each line once, to open the same data repeatedly. */
    public RunContext withoutRepeats() {
        Set<String> known = ConcurrentHashMap.newKeySet();
        Consumer<String> once = line -> {
            if (known.add(line)) log.accept(line);
        };
        return new RunContext(device, workers, once, download, prepare, watchers, trackers, run, exchange);
    }

    /**
     * Return a copy with more trackers.
     *
     * @param names {@code name} or {@code name:target}, as {@code --track} takes them
     * @throws dev.limbeck.LimbeckException if there is no such tracker, or its target is not writable
     */
    public RunContext track(List<String> names) {
        return new RunContext(device, workers, log, download, prepare, watchers, names, run, exchange);
    }

    /** Return a copy for one of several processes that train the same model. Only the first one logs and tracks. */
    public RunContext exchange(Exchange other) {
        return other.writes()
                ? new RunContext(device, workers, log, download, prepare, watchers, trackers, run, other)
                : new RunContext(
                        device,
                        workers,
                        line -> {},
                        (bytes, total) -> {},
                        (done, total) -> {},
                        List::of,
                        List.of(),
                        run,
                        other);
    }

    /** Return a copy for one of several runs, with the run's name for trackers. */
    public RunContext below(String name) {
        String inner = run.isEmpty() ? name : run + "/" + name;
        return new RunContext(device, workers, log, download, prepare, watchers, trackers, inner, exchange);
    }

    /**
     * Create what follows one run: epochs.csv and the trackers.
     *
     * @param out the run directory once it is complete
     * @param epochs path of the run's epochs.csv
     * @param settings of the run by dotted name
     * @param facts about the run by name
     */
    List<TrackedRun> follow(Path out, Path epochs, Map<String, String> settings, Map<String, String> facts) {
        Tracking tracked = new Tracking("", run, out, epochs, settings, facts, log);
        return Stream.concat(Stream.of(ALWAYS), trackers.stream())
                .distinct()
                .map(tracker -> Trackers.follow(tracker, tracked))
                .toList();
    }

    /** Create a context that logs nothing and uses a GPU if there is one. */
    public static RunContext silent() {
        return new RunContext("auto", null, line -> {}, (bytes, total) -> {}, (done, total) -> {}, List::of);
    }
}
