package dev.limbeck.recipe;

import dev.limbeck.data.image.ImageData;
import dev.limbeck.data.image.PrepareProgress;
import dev.limbeck.io.Downloads;
import dev.limbeck.train.Callback;
import dev.limbeck.train.TensorBoardLog;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Say where a recipe is carried out and who watches; nothing of it changes what is learned.
 *
 * @param device {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:N}
 * @param workers threads that decode and augment; by the cores if null
 * @param told takes lines about the work, such as the epoch table
 * @param download follows downloads
 * @param prepare follows the pass over all images
 * @param watchers makes callbacks for each training, such as a progress bar
 * @param events folder of the event files that TensorBoard reads; null for none
 */
public record RunContext(
        String device,
        @Nullable Integer workers,
        Consumer<String> told,
        Downloads.Progress download,
        PrepareProgress prepare,
        Supplier<List<Callback>> watchers,
        @Nullable Path events) {
    /** Say the same without event files. */
    public RunContext(
            String device,
            @Nullable Integer workers,
            Consumer<String> told,
            Downloads.Progress download,
            PrepareProgress prepare,
            Supplier<List<Callback>> watchers) {
        this(device, workers, told, download, prepare, watchers, null);
    }

    /** Tell what the data is, and everything about it that may be a mistake: when all else has been found to fit. */
    public void tell(ImageData data) {
        told.accept("data: " + data.summary());
        data.warnings().forEach(line -> told.accept("data: " + line));
    }

    /** Return the same that tells nothing, for whoever opens once more what was told of before. */
    public RunContext quiet() {
        return new RunContext(device, workers, line -> {}, download, prepare, watchers, events);
    }

    /** Return the same that tells each line once, for whoever opens the same data again. */
    public RunContext withoutRepeats() {
        Set<String> known = ConcurrentHashMap.newKeySet();
        Consumer<String> once = line -> {
            if (known.add(line)) told.accept(line);
        };
        return new RunContext(device, workers, once, download, prepare, watchers, events);
    }

    /** Return the same with event files for TensorBoard in a folder; null for none. */
    public RunContext events(@Nullable Path folder) {
        return new RunContext(device, workers, told, download, prepare, watchers, folder);
    }

    /** Return the same for one of several runs: its event files, if there are any, lie in a folder of their own. */
    public RunContext below(String run) {
        return events == null ? this : events(events.resolve(run));
    }

    /** Make the callbacks of one training. */
    List<Callback> callbacks() {
        List<Callback> all = new ArrayList<>(watchers.get());
        if (events != null) all.add(new TensorBoardLog(events));
        return all;
    }

    /** Work in silence, on a GPU if there is one. */
    public static RunContext silent() {
        return new RunContext("auto", null, line -> {}, (bytes, total) -> {}, (done, total) -> {}, List::of);
    }
}
