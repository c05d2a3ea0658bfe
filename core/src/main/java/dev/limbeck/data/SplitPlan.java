package dev.limbeck.data;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.commons.codec.digest.DigestUtils;

/** Assign rows to splits: as the source defines them, or at random within each class. */
public final class SplitPlan {
    private static final int VALID_STREAM = 1;
    private static final int LIMIT_STREAM = 2;

    private final RowSource source;
    private final int[] usable;
    private final long seed;
    private final Map<Split, int[]> rows = new EnumMap<>(Split.class);
    /** Rows whose known label must not be used. */
    private final boolean[] hidden;

    private final Map<Split, int[]> unlabeled = new EnumMap<>(Split.class);
    private final SplitSettings settings;
    private boolean drawn;
    private final Task task;

    /**
     * Assign the splits.
     *
     * @param usable indices of the usable rows, ascending
     */
    public SplitPlan(RowSource source, int[] usable, SplitSettings settings) {
        this(source, usable, settings, Set.of());
    }

    private SplitPlan(RowSource source, int[] usable, SplitSettings settings, Set<Integer> lost) {
        this.source = source;
        this.usable = usable;
        seed = settings.seed();
        hidden = new boolean[source.size()];
        this.settings = settings;
        checkFit(source.task().kind());
        for (Split split : Split.values()) {
            rows.put(
                    split,
                    Arrays.stream(usable).filter(i -> source.split(i) == split).toArray());
        }
        if (usesLabels()) {
            leaveUnlabeled(Split.VALID);
            leaveUnlabeled(Split.TEST);
        }
        if (rows.get(Split.VALID).length == 0 && settings.validFraction() > 0) {
            takeValidation(settings.validFraction());
        }
        limitLabels(settings);
        rows.replaceAll((split, drawn) ->
                Arrays.stream(drawn).filter(row -> !lost.contains(row)).toArray());
        if (settings.balanced()) checkLabels();
        task = standardized(source.task());
    }

    private boolean usesLabels() {
        return source.task().kind() != Task.Kind.EMBEDDING;
    }

    /** Return the rows of all splits, ascending. */
    public int[] used() {
        return rows.values().stream().flatMapToInt(Arrays::stream).sorted().toArray();
    }

    /**
     * Return a plan without some rows, which turned out to be unreadable. They are left out before splits are drawn, as if the source
     * had not listed them; but if other rows, which are not {@link #used}, would then be drawn for them, only they are dropped.
     */
    public SplitPlan without(Set<Integer> lost) {
        Set<Integer> known = Arrays.stream(used()).boxed().collect(Collectors.toSet());
        int[] left = Arrays.stream(usable).filter(row -> !lost.contains(row)).toArray();
        SplitPlan again = new SplitPlan(source, left, settings);
        return Arrays.stream(again.used()).allMatch(known::contains)
                ? again
                : new SplitPlan(source, usable, settings, lost);
    }

    /** Set a regression's means and deviations to those of the training rows. Data to evaluate may have none. */
    private Task standardized(Task given) {
        if (!(given instanceof Task.Regression regression) || of(Split.TRAIN).length == 0) return given;
        List<Double> means = new ArrayList<>();
        List<Double> deviations = new ArrayList<>();
        for (int target = 0; target < regression.outputs(); target++) {
            int column = target;
            double[] known = Arrays.stream(of(Split.TRAIN))
                    .mapToDouble(row -> values(row)[column])
                    .filter(value -> !Double.isNaN(value))
                    .toArray();
            double mean = Arrays.stream(known).average().orElse(0);
            double square = Arrays.stream(known)
                    .map(value -> (value - mean) * (value - mean))
                    .average()
                    .orElse(0);
            // The mean of equal numbers may be rounded, and would then have a deviation.
            if (!(square > 0) || Arrays.stream(known).allMatch(value -> value == known[0])) {
                throw new LimbeckException("the target '" + regression.names().get(target) + "' "
                        + (known.length == 0
                                ? "is unknown for all training " + source.noun() + "s"
                                : "is " + known[0] + " for all training " + source.noun() + "s")
                        + " of " + source.origin() + "; leave it out (label_columns, --label-columns)");
            }
            means.add(mean);
            deviations.add(Math.sqrt(square));
        }
        return new Task.Regression(regression.names(), means, deviations);
    }

    /** Return the task, with the scale of its targets. */
    public Task task() {
        return task;
    }

    /** Return the numbers for training and evaluation, NaN where unknown, for tasks other than single-label. */
    public double[] values(int row) {
        double[] values = source.values(row).clone();
        if (hidden[row]) Arrays.fill(values, Double.NaN);
        return values;
    }

    private void checkFit(Task.Kind kind) {
        if (kind == Task.Kind.SINGLE_LABEL) return;
        String needless = settings.balanced()
                ? "balanced batches need"
                : settings.labelsPerClass() > 0 ? "a limit of labels per class needs" : null;
        if (needless != null) {
            throw new LimbeckException(
                    needless + " one class per " + source.noun() + ", found " + kind.words() + "; leave it out");
        }
    }

    /** Remove unlabeled rows from an evaluation split. */
    private void leaveUnlabeled(Split split) {
        int[] without = Arrays.stream(of(split)).filter(i -> label(i) < 0).toArray();
        if (without.length == 0) return;
        unlabeled.put(split, without);
        rows.put(split, Arrays.stream(of(split)).filter(i -> label(i) >= 0).toArray());
    }

    /** Return the rows removed from each split because they have no label. */
    public Map<Split, int[]> unlabeled() {
        return unlabeled;
    }

    /** Describe the rows of a split that were removed for lack of a label; empty if there are none. */
    public String unlabeledWords(Split split) {
        int[] without = unlabeled.get(split);
        return without == null ? "" : " (without a label: " + without.length + ")";
    }

    /** Return whether the validation split was drawn from the training rows. */
    public boolean isDrawn() {
        return drawn;
    }

    /** Say that {@code keep_unlabeled} changes nothing, if it does not. */
    public List<String> warnings() {
        int[] train = of(Split.TRAIN);
        boolean needless =
                settings.keepUnlabeled() && train.length > 0 && targets(train).known() == train.length;
        return needless
                ? List.of("keep_unlabeled changes nothing: every training " + source.noun()
                        + " has a label, and no limit (labels_per_class, max_train_samples) takes one away")
                : List.of();
    }

    /** Describe the active limit of training labels; empty if there is none. */
    public String limitWords() {
        if (settings.labelsPerClass() > 0) return " (of each class " + settings.labelsPerClass() + " are taken)";
        return settings.maxTrainSamples() > 0 ? " (" + settings.maxTrainSamples() + " of all are taken)" : "";
    }

    private void checkLabels() {
        long without = Arrays.stream(of(Split.TRAIN)).filter(i -> label(i) < 0).count();
        if (without > 0) {
            throw new LimbeckException("balanced batches need a label for every training " + source.noun() + ", found "
                    + without + " without; leave balanced out, or use class weights");
        }
    }

    private void limitLabels(SplitSettings settings) {
        if (settings.labelsPerClass() > 0) {
            List<int[]> classes = trainClasses(LIMIT_STREAM);
            keep(
                    classes,
                    classes.stream()
                            .mapToInt(members -> Math.min(members.length, settings.labelsPerClass()))
                            .toArray(),
                    settings.keepUnlabeled());
        } else if (settings.maxTrainSamples() > 0) {
            limit(settings.maxTrainSamples(), settings.keepUnlabeled());
        }
    }

    /** Return the rows of a split, ascending. */
    public int[] of(Split split) {
        return rows.get(split);
    }

    /** Return the positions of all training rows in random order. */
    public int[] shuffled(Draws draws) {
        int[] order = IntStream.range(0, of(Split.TRAIN).length).toArray();
        draws.shuffle(order);
        return order;
    }

    /** Return an equal number of training positions per class, in turn; rows of a class are shuffled. */
    public int[] balanced(Draws draws) {
        int[] train = of(Split.TRAIN);
        List<int[]> classes = new ArrayList<>();
        for (int c = 0; c < source.classNames().size(); c++) {
            int label = c;
            int[] members = IntStream.range(0, train.length)
                    .filter(i -> label(train[i]) == label)
                    .toArray();
            if (members.length > 0) classes.add(members);
        }
        int[] order = new int[train.length];
        for (int i = 0; i < order.length; i++) {
            int[] members = classes.get(i % classes.size());
            int turn = i / classes.size() % members.length;
            if (turn == 0) draws.shuffle(members);
            order[i] = members[turn];
        }
        draws.shuffle(order);
        return order;
    }

    /** Return the label for training and evaluation; −1 for none. */
    public int label(int row) {
        return hidden[row] ? -1 : source.label(row);
    }

    /** Return the targets of rows, standardized for a regression. */
    public Targets targets(int... rows) {
        if (task.kind() == Task.Kind.SINGLE_LABEL || !usesLabels()) {
            return Targets.labels(Arrays.stream(rows).map(this::label).toArray());
        }
        float[] values = new float[rows.length * task.outputs()];
        for (int row = 0; row < rows.length; row++) {
            double[] own = values(rows[row]);
            for (int column = 0; column < own.length; column++) {
                values[row * own.length + column] = (float)
                        (task instanceof Task.Regression regression
                                ? regression.standardized(column, own[column])
                                : own[column]);
            }
        }
        return Targets.values(task.outputs(), values);
    }

    /** Return a SHA-256 in hex over class names, splits, file names, targets and contents. */
    public String fingerprint() {
        MessageDigest digest = DigestUtils.getSha256Digest();
        update(digest, String.join("\n", source.classNames()));
        for (Split split : Split.values()) {
            update(digest, split.name());
            for (int i : of(split)) update(digest, source.name(i) + "|" + targetText(i) + "|" + source.signature(i));
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void update(MessageDigest digest, String line) {
        digest.update((line + '\n').getBytes(StandardCharsets.UTF_8));
    }

    private String targetText(int row) {
        return task.kind() == Task.Kind.SINGLE_LABEL || !usesLabels()
                ? String.valueOf(label(row))
                : Arrays.toString(values(row));
    }

    private void takeValidation(double fraction) {
        boolean[] taken = new boolean[source.size()];
        List<int[]> classes = trainClasses(VALID_STREAM);
        int[] counts = validCounts(classes, fraction);
        for (int c = 0; c < counts.length; c++) {
            for (int i = 0; i < counts[c]; i++) taken[classes.get(c)[i]] = true;
        }
        int[] train = rows.get(Split.TRAIN);
        rows.put(Split.VALID, Arrays.stream(train).filter(i -> taken[i]).toArray());
        drawn = true;
        rows.put(Split.TRAIN, Arrays.stream(train).filter(i -> !taken[i]).toArray());
    }

    /**
     * Return the number of validation rows per class: its share, rounded on its own. While their sum is below the share of all rows, the largest
     * classes without a row get one.
     */
    private static int[] validCounts(List<int[]> classes, double fraction) {
        int[] counts = new int[classes.size()];
        int total = 0;
        int missing = 0;
        List<Integer> without = new ArrayList<>();
        for (int c = 0; c < counts.length; c++) {
            int size = classes.get(c).length;
            total += size;
            // Each class keeps at least one training row.
            counts[c] = Math.max(0, Math.min((int) Math.round(size * fraction), size - 1));
            missing -= counts[c];
            if (counts[c] == 0 && size > 1) without.add(c);
        }
        missing += Math.max(1, (int) Math.round(total * fraction));
        without.sort((a, b) -> Integer.compare(classes.get(b).length, classes.get(a).length));
        for (int c : without.subList(0, Math.max(0, Math.min(missing, without.size())))) counts[c] = 1;
        return counts;
    }

    private void limit(int most, boolean keepUnlabeled) {
        List<int[]> classes = trainClasses(LIMIT_STREAM);
        long total = classes.stream().mapToLong(members -> members.length).sum();
        if (most >= total) return;
        // Largest remainders: each share is rounded down, then the remaining rows go to the largest remainders.
        int[] shares = new int[classes.size()];
        List<Integer> byRemainder = new ArrayList<>();
        int left = most;
        for (int c = 0; c < shares.length; c++) {
            shares[c] = (int) ((long) most * classes.get(c).length / total);
            left -= shares[c];
            byRemainder.add(c);
        }
        byRemainder.sort((a, b) ->
                Long.compare((long) most * classes.get(b).length % total, (long) most * classes.get(a).length % total));
        for (int c : byRemainder.subList(0, left)) shares[c]++;
        keep(classes, shares, keepUnlabeled);
    }

    /** Keep the labels of this many rows per class; the others are removed or become unlabeled. */
    private void keep(List<int[]> classes, int[] shares, boolean keepUnlabeled) {
        boolean[] kept = new boolean[source.size()];
        for (int c = 0; c < shares.length; c++) {
            for (int i = 0; i < shares[c]; i++) kept[classes.get(c)[i]] = true;
        }
        if (keepUnlabeled) {
            for (int i : rows.get(Split.TRAIN)) hidden[i] = !kept[i];
            return;
        }
        rows.put(
                Split.TRAIN,
                Arrays.stream(rows.get(Split.TRAIN))
                        .filter(i -> kept[i] || usesLabels() && source.label(i) < 0)
                        .toArray());
    }

    /** Return the labeled training rows of each class in random order; all of them if there are no classes. */
    private List<int[]> trainClasses(int purpose) {
        List<IntStream.Builder> members = new ArrayList<>();
        int kinds = usesLabels() ? source.classNames().size() : 1;
        for (int c = 0; c < kinds; c++) members.add(IntStream.builder());
        for (int row : rows.get(Split.TRAIN)) {
            if (!usesLabels()) members.get(0).add(row);
            else if (source.label(row) >= 0) members.get(source.label(row)).add(row);
        }
        List<int[]> classes = new ArrayList<>();
        for (IntStream.Builder builder : members) {
            int[] ofClass = builder.build().toArray();
            Draws.of(seed, purpose, classes.size()).shuffle(ofClass);
            classes.add(ofClass);
        }
        return classes;
    }
}
