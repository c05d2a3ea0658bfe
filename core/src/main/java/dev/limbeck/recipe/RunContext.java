package dev.limbeck.recipe;

import dev.limbeck.data.image.ImageData;
import dev.limbeck.data.image.PrepareProgress;
import dev.limbeck.io.Downloads;
import dev.limbeck.train.Callback;
import dev.limbeck.train.Trackers;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Say where a recipe is carried out and who watches; nothing of it changes what is learned.
 *
 * @param device {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:N}
 * @param workers threads that decode and augment; by the cores if null
 * @param log takes lines about the work, such as the epoch table
 * @param download follows downloads
 * @param prepare follows the pass over all images
 * @param watchers makes callbacks for each training, such as a progress bar
 * @param trackers follow each training, besides epochs.csv: {@code name} or {@code name:target}
 * @param run name of the run that trackers are told; empty if it is the only one
 */
public record RunContext(
        String device,
        @Nullable Integer workers,
        Consumer<String> log,
        Downloads.Progress download,
        PrepareProgress prepare,
        Supplier<List<Callback>> watchers,
        List<String> trackers,
        String run) {
    /** The tracker that each run has. */
    private static final String ALWAYS = "csv";

    public RunContext {
        trackers = List.copyOf(trackers);
        trackers.forEach(Trackers::check);
    }

    /** Say the same without trackers. */
    public RunContext(
            String device,
            @Nullable Integer workers,
            Consumer<String> log,
            Downloads.Progress download,
            PrepareProgress prepare,
            Supplier<List<Callback>> watchers) {
        this(device, workers, log, download, prepare, watchers, List.of(), "");
    }

    /** Tell what the data is, and everything about it that may be a mistake: when all else has been found to fit. */
    public void tell(ImageData data) {
        log.accept("data: " + data.summary());
        data.warnings().forEach(line -> log.accept("data: " + line));
    }

    /** Return the same that tells nothing, for whoever opens once more what was told of before. */
    public RunContext quiet() {
        return new RunContext(device, workers, line -> {}, download, prepare, watchers, trackers, run);
    }

    /** Return the same that tells each line once, for whoever opens the same data again. */
    public RunContext withoutRepeats() {
        Set<String> known = ConcurrentHashMap.newKeySet();
        Consumer<String> once = line -> {
            if (known.add(line)) log.accept(line);
        };
        return new RunContext(device, workers, once, download, prepare, watchers, trackers, run);
    }

    /**
     * Return the same with trackers.
     *
     * @param names {@code name} or {@code name:target}, as {@code --track} takes them
     * @throws dev.limbeck.LimbeckException if there is no such tracker, or it cannot write there
     */
    public RunContext track(List<String> names) {
        return new RunContext(device, workers, log, download, prepare, watchers, names, run);
    }

    /** Return the same for one of several runs, which trackers tell apart by its name. */
    public RunContext below(String name) {
        String inner = run.isEmpty() ? name : run + "/" + name;
        return new RunContext(device, workers, log, download, prepare, watchers, trackers, inner);
    }

    /**
     * Make the callbacks that log one training.
     *
     * @param epochs where the run keeps epochs.csv
     */
    List<Callback> logs(Path epochs) {
        return Stream.concat(Stream.of(ALWAYS), trackers.stream())
                .distinct()
                .map(tracker -> Trackers.follow(tracker, run, epochs))
                .toList();
    }

    /** Work in silence, on a GPU if there is one. */
    public static RunContext silent() {
        return new RunContext("auto", null, line -> {}, (bytes, total) -> {}, (done, total) -> {}, List::of);
    }
}
