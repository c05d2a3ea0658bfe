package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.PrepareProgress;
import dev.limbeck.data.Processes;
import dev.limbeck.data.SplitPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Split the usable images of a source, and reject or count the others. */
final class ImageCheck {
    private static final String ADVICE = ", or leave bad images out (skipBadImages, --skip-bad-images)";

    private final ImageSource source;
    private final ImageSettings settings;
    private final List<String> skipped = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();
    private int unopened;

    /**
     * Check skipped files and the classes.
     *
     * @throws LimbeckException if images are unusable and must not be skipped, or if there are fewer than two classes
     */
    ImageCheck(ImageSource source, ImageSettings settings) {
        this.source = source;
        this.settings = settings;
        checkLeftOut();
        source.checkLabels();
        DataSummary.checkNames(source);
        int classes = source.classNames().size();
        if (classes < 2 && source.task().kind() == Task.Kind.SINGLE_LABEL) {
            throw tooFew(
                    source,
                    classes == 0 ? "no labels" : "only '" + source.classNames().get(0) + "'");
        }
    }

    /** Create the exception for data with fewer than two classes. */
    static LimbeckException tooFew(ImageSource source, String found) {
        return new LimbeckException(
                "expected at least 2 classes in " + source.origin() + ", found " + found
                        + "; give one folder per class, or take labels from file names (labelByName, --label-regex) or a table (labels, --labels)");
    }

    private void checkLeftOut() {
        List<SkippedFile> lost =
                source.leftOut().stream().filter(file -> file.reason().stops()).toList();
        if (lost.isEmpty()) return;
        if (!settings.skipBadImages()) {
            throw new LimbeckException(lost.size() + (lost.size() == 1 ? " file" : " files") + " of " + source.origin()
                    + " cannot be used: " + SkippedFile.byReason(lost) + "; repair or remove them" + ADVICE);
        }
        warnings.add("files skipped: " + SkippedFile.byReason(lost));
        for (SkippedFile file : lost) {
            skipped.add(
                    "cannot read image " + file.file() + ": " + file.reason().words());
        }
    }

    /** Count the skipped unusable files by suffix and reason; empty if there are none. */
    List<String> warnings() {
        return List.copyOf(warnings);
    }

    /** Return the number of images beyond a limit, which were not opened and may be unreadable. */
    int unopened() {
        return unopened;
    }

    /** Return one line per skipped image. */
    List<String> skipped() {
        return List.copyOf(skipped);
    }

    /**
     * Split the images, after some process has loaded each that a split uses, if loading may fail. Images beyond a limit are not opened.
     *
     * @throws LimbeckException if an image is unreadable, unless bad images are skipped
     */
    SplitPlan plan(PixelStore store, Processes processes, PrepareProgress progress) {
        SplitPlan plan = new SplitPlan(source, IntStream.range(0, source.size()).toArray(), settings.splits());
        if (!source.mayFail()) return plan;
        int[] used = plan.used();
        unopened = source.size()
                - used.length
                - plan.unlabeled().values().stream()
                        .mapToInt(images -> images.length)
                        .sum();
        Map<Integer, String> problems = store.prepare(used, settings.workers(), processes, progress);
        if (problems.isEmpty()) return plan;
        List<String> bad = List.copyOf(problems.values());
        if (!settings.skipBadImages()) {
            throw new LimbeckException(bad.get(0)
                    + (bad.size() == 1 ? "" : " (and " + (bad.size() - 1) + " more of " + used.length + ")")
                    + "; remove or replace it" + ADVICE);
        }
        skipped.addAll(bad);
        return plan.without(problems.keySet());
    }
}
