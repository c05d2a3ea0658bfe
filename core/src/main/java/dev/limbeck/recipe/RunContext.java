package dev.limbeck.recipe;

import dev.limbeck.data.image.PrepareProgress;
import dev.limbeck.train.Callback;
import dev.limbeck.weights.Downloads;
import java.util.ArrayList;
import java.util.List;
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
 */
public record RunContext(
        String device,
        @Nullable Integer workers,
        Consumer<String> told,
        Downloads.Progress download,
        PrepareProgress prepare,
        Supplier<List<Callback>> watchers) {
    /** Return the same with one more watcher. */
    public RunContext watchedBy(Supplier<Callback> watcher) {
        return new RunContext(device, workers, told, download, prepare, () -> {
            List<Callback> all = new ArrayList<>(watchers.get());
            all.add(watcher.get());
            return all;
        });
    }

    /** Work in silence, on a GPU if there is one. */
    public static RunContext silent() {
        return new RunContext("auto", null, line -> {}, (bytes, total) -> {}, (done, total) -> {}, List::of);
    }
}
