package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.Task;
import dev.limbeck.data.ClassNames;
import dev.limbeck.data.Split;
import dev.limbeck.data.SplitPlan;
import dev.limbeck.image.ImagePreprocessing;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/** Summarize the images in one line, and list possible mistakes. */
final class DataSummary {
    /** The character that Java inserts for undecodable bytes. */
    static final char UNREADABLE = '\uFFFD';

    private static final int MOST_RARE = 3;
    private static final int MOST_COLUMNS = 6;
    /** Deviation of a target as a share of its mean, for three digits in float32. */
    private static final double LEAST_DEVIATION = 1e-4;
    /** A class with less than this share of the median class size is rare. */
    private static final double RARE = 0.2;
    /** Images scaled by more than this factor are reported. */
    private static final double MUCH = 2;
    /** A size is typical if at least this share of the images has it. */
    private static final double FREQUENT = 0.25;

    private final ImageSource source;
    private final SplitPlan plan;
    private final ImagePreprocessing preprocessing;
    private final Task task;
    /** Labeled training images of each class; empty for tasks without classes. */
    private final int[] trained;

    DataSummary(ImageSource source, SplitPlan plan, Task task, ImagePreprocessing preprocessing) {
        this.source = source;
        this.plan = plan;
        this.task = task;
        this.preprocessing = preprocessing;
        trained = counts(Split.TRAIN);
    }

    /** Reject class names that differ from the names of their files. */
    static void checkNames(ImageSource source) {
        for (String name : source.classNames()) {
            if (name.indexOf(UNREADABLE) < 0) continue;
            throw new LimbeckException("the class name '" + name + "' in " + source.origin()
                    + " is not what its folder is called: " + unreadable());
        }
    }

    /** Explain why a name has undecodable characters, and what to do. */
    static String unreadable() {
        String encoding = String.valueOf(System.getProperty("sun.jnu.encoding"));
        return encoding.equalsIgnoreCase("UTF-8")
                ? "it holds bytes that are not UTF-8; rename it"
                : "Java reads names as " + encoding + "; start it in a UTF-8 locale, such as LC_ALL=C.UTF-8";
    }

    private int[] counts(Split split) {
        if (task.kind() != Task.Kind.SINGLE_LABEL) return new int[0];
        int[] counts = new int[source.classNames().size()];
        for (int image : plan.of(split)) {
            int label = plan.label(image);
            if (label >= 0) counts[label]++;
        }
        return counts;
    }

    /**
     * Return the summary line.
     *
     * @param store provides the sizes of the loaded images
     * @param skipped number of unreadable images
     * @param unopened number of images that may be unreadable and that no split uses
     */
    String line(PixelStore store, int skipped, int unopened) {
        int total =
                Arrays.stream(Split.values()).mapToInt(s -> plan.of(s).length).sum();
        List<String> parts = new ArrayList<>();
        parts.add(count(total, "image"));
        parts.add(
                switch (task.kind()) {
                    case SINGLE_LABEL -> source.classNames().size() + " classes" + rare();
                    case MULTI_LABEL -> count(task.outputs(), "label") + columns();
                    case REGRESSION -> count(task.outputs(), "target") + columns();
                    case EMBEDDING -> "labels not used";
                });
        parts.add(splits());
        long without = Arrays.stream(plan.of(Split.TRAIN))
                .filter(i -> plan.label(i) < 0)
                .count();
        if (without > 0 && task.kind() != Task.Kind.EMBEDDING) parts.add(number(without) + " train without labels");
        parts.add("shown at " + preprocessing.width() + "×" + preprocessing.height() + scaled(store));
        if (skipped > 0) parts.add(number(skipped) + " left out that cannot be read");
        plan.unlabeled()
                .forEach((split, images) ->
                        parts.add(number(images.length) + " " + split.label() + " left out without labels"));
        if (unopened > 0) parts.add(number(unopened) + " beyond the limit not opened");
        long unused = source.leftOut().stream()
                .filter(file -> file.reason() == SkippedFile.Reason.UNUSED)
                .count();
        if (unused > 0) parts.add(number(unused) + " beside the splits not used");
        return String.join(", ", parts);
    }

    /** Describe each label by its share, and each target by mean and deviation, over the training images. */
    private String columns() {
        List<String> parts = new ArrayList<>();
        for (int column = 0; column < Math.min(task.outputs(), MOST_COLUMNS); column++) {
            String name = task.names().get(column);
            if (task instanceof Task.Regression regression) {
                parts.add(String.format(
                        Locale.ROOT,
                        "%s %.4g ± %.4g",
                        name,
                        regression.means().get(column),
                        regression.deviations().get(column)));
            } else {
                int known = 0;
                int present = 0;
                for (int image : plan.of(Split.TRAIN)) {
                    double value = plan.values(image)[column];
                    if (Double.isNaN(value)) continue;
                    known++;
                    if (value >= 0.5) present++;
                }
                parts.add(String.format(Locale.ROOT, "%s %.0f %%", name, 100.0 * present / Math.max(1, known)));
            }
        }
        int more = task.outputs() - parts.size();
        return " (" + String.join(", ", parts) + (more > 0 ? " and " + more + " more" : "") + ")";
    }

    /** Warn of labels that all training images have, or none. */
    private void warnOfConstant(List<String> lines) {
        if (task instanceof Task.Regression regression) {
            for (int target = 0; target < regression.outputs(); target++) {
                double mean = regression.means().get(target);
                double deviation = regression.deviations().get(target);
                if (deviation > Math.abs(mean) * LEAST_DEVIATION) continue;
                lines.add(String.format(
                        Locale.ROOT,
                        "the target '%s' varies by %.3g around %.3g, which 32-bit predictions can hardly show; subtract a"
                                + " constant from it",
                        regression.names().get(target),
                        deviation,
                        mean));
            }
        }
        if (task.kind() != Task.Kind.MULTI_LABEL) return;
        for (int column = 0; column < task.outputs(); column++) {
            int at = column;
            long different = Arrays.stream(plan.of(Split.TRAIN))
                    .mapToObj(image -> plan.values(image)[at])
                    .filter(value -> !value.isNaN())
                    .distinct()
                    .count();
            if (different > 1) continue;
            lines.add(
                    "the label '" + task.names().get(column) + "' is the same for all training images or unknown, so it"
                            + " cannot be learned; leave it out (label_columns, --label-columns)");
        }
    }

    private String splits() {
        List<String> parts = new ArrayList<>();
        for (Split split : Split.values()) {
            int size = plan.of(split).length;
            if (size == 0) continue;
            boolean drawn = split == Split.VALID && plan.isDrawn();
            parts.add(number(size) + " " + split.label() + (drawn ? " drawn at random" : ""));
        }
        return String.join(" / ", parts);
    }

    /** List the classes with far fewer images than most, including those split off for validation. */
    private String rare() {
        if (plan.of(Split.TRAIN).length == 0) return "";
        int[] known = trained.clone();
        if (plan.isDrawn()) {
            int[] drawn = counts(Split.VALID);
            for (int c = 0; c < known.length; c++) if (known[c] > 0) known[c] += drawn[c];
        }
        boolean whole = plan.of(Split.TEST).length == 0 && (plan.isDrawn() || plan.of(Split.VALID).length == 0);
        String where = whole ? "" : plan.isDrawn() ? " train and valid" : " train";
        int[] sorted = Arrays.stream(known).filter(n -> n > 0).sorted().toArray();
        int median = sorted.length == 0 ? 0 : sorted[sorted.length / 2];
        List<Integer> rare = IntStream.range(0, known.length)
                .filter(c -> known[c] < RARE * median)
                .boxed()
                .sorted((a, b) -> Integer.compare(known[a], known[b]))
                .toList();
        if (rare.isEmpty()) return "";
        List<String> named = rare.stream()
                .limit(MOST_RARE)
                .map(c -> source.classNames().get(c) + (known[c] == 0 ? " none" : " only " + known[c] + where))
                .toList();
        int more = rare.size() - named.size();
        return " (" + String.join(", ", named) + (more > 0 ? " and " + more + " more rare ones" : "") + ")";
    }

    /** Return the typical original size, if many images are scaled strongly. */
    private String scaled(PixelStore store) {
        int[] used = Arrays.stream(Split.values())
                .flatMapToInt(split -> Arrays.stream(plan.of(split)))
                .toArray();
        int[] known = Arrays.stream(used).filter(store::knowsSize).toArray();
        if (known.length == 0) {
            // Sources without an image check have one image size.
            if (used.length > 0) store.pixels(used[0]);
            known = Arrays.stream(used).limit(1).toArray();
        }
        if (known.length == 0) return "";
        int enlarged = 0;
        int shrunk = 0;
        for (int image : known) {
            double scale = preprocessing
                    .resize()
                    .shrinks(store.width(image), store.height(image), preprocessing.width(), preprocessing.height());
            if (scale > MUCH) shrunk++;
            if (scale < 1 / MUCH) enlarged++;
        }
        List<String> parts = new ArrayList<>();
        if (shrunk > 0) parts.add(share(shrunk, known.length) + " shrunk");
        if (enlarged > 0) parts.add(share(enlarged, known.length) + " enlarged");
        if (parts.isEmpty()) return "";
        return " (from " + typical(store, known) + ", " + String.join(" and ", parts) + " more than twice)";
    }

    /** Return the most frequent size, or the median by area if no size is frequent. */
    private static String typical(PixelStore store, int[] known) {
        Map<String, Integer> counts = new LinkedHashMap<>();
        List<String> byArea = Arrays.stream(known)
                .boxed()
                .sorted(Comparator.comparingLong(i -> (long) store.width(i) * store.height(i)))
                .map(i -> store.width(i) + "×" + store.height(i))
                .toList();
        byArea.forEach(size -> counts.merge(size, 1, Integer::sum));
        if (counts.size() == 1) return byArea.get(0);
        var frequent = Collections.max(counts.entrySet(), Map.Entry.comparingByValue());
        boolean clear = frequent.getValue() >= FREQUENT * known.length;
        return "typically " + (clear ? frequent.getKey() : byArea.get(byArea.size() / 2));
    }

    private static String share(int some, int all) {
        return some == all ? "all" : number(some);
    }

    /** Return one line per possible mistake. */
    List<String> warnings() {
        List<String> lines = new ArrayList<>(plan.warnings());
        plan.unlabeled()
                .forEach((split, images) -> lines.add(count(images.length, split.label() + " image")
                        + " without a label, such as " + source.name(images[0]) + ": nothing is judged by "
                        + (images.length == 1 ? "it" : "them")));
        warnOfUntrained(lines);
        warnOfConstant(lines);
        for (Split split : List.of(Split.VALID, Split.TEST)) {
            boolean drawn = split == Split.VALID && plan.isDrawn();
            if (plan.of(split).length == 0) {
                if (drawn && plan.of(Split.TRAIN).length > 0)
                    lines.add("no validation image could be drawn, since no class has two labeled training images: "
                            + "nothing is validated; add images or a validation split");
                continue;
            }
            int[] here = counts(split);
            // The only image of a class is never split off.
            int least = drawn ? 2 : 1;
            List<String> missing = IntStream.range(0, here.length)
                    .filter(c -> here[c] == 0 && trained[c] >= least)
                    .mapToObj(source.classNames()::get)
                    .toList();
            if (missing.isEmpty()) continue;
            lines.add("no " + split.label() + " image of " + classes(missing) + ": " + split.label()
                    + " results say nothing about " + (missing.size() == 1 ? "it" : "them"));
        }
        lines.addAll(ClassNames.alike(source.classNames()));
        return lines;
    }

    /** The network would have an untrained output for each. */
    private void warnOfUntrained(List<String> lines) {
        if (plan.of(Split.TRAIN).length == 0) return;
        List<String> untrained = IntStream.range(0, trained.length)
                .filter(c -> trained[c] == 0)
                .mapToObj(source.classNames()::get)
                .toList();
        if (untrained.isEmpty()) return;
        int judged = 0;
        for (Split split : List.of(Split.VALID, Split.TEST)) {
            int[] here = counts(split);
            judged += IntStream.range(0, here.length)
                    .filter(c -> trained[c] == 0)
                    .map(c -> here[c])
                    .sum();
        }
        lines.add("no labeled training image of " + classes(untrained) + plan.limitWords()
                + ": the network has an output for " + (untrained.size() == 1 ? "it" : "each") + " and never learns it"
                + (judged == 0 ? "" : ", so " + count(judged, "image") + " of valid and test count as wrong")
                + "; add training images, or remove the class");
    }

    private static String classes(List<String> names) {
        return (names.size() == 1 ? "class " : "classes ") + Names.quoted(names);
    }

    private static String count(long number, String noun) {
        return number(number) + " " + noun + (number == 1 ? "" : "s");
    }

    private static String number(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }
}
