package dev.limbeck.data.image;

import dev.limbeck.data.Draws;
import dev.limbeck.data.Split;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Divide images into splits: as the source says, and by lot within each class where it does not. */
final class SplitPlan {
    private static final int VALID_LOTS = 1;
    private static final int LIMIT_LOTS = 2;

    private final ImageSource source;
    private final long seed;
    private final Map<Split, int[]> images = new EnumMap<>(Split.class);

    /**
     * Divide.
     *
     * @param usable the images to use, ascending
     * @param validFraction share of each class of the training images that becomes the validation split, unless the
     *     source has one
     * @param trainLimit most labelled training images, shared among the classes in proportion; 0 for all
     */
    SplitPlan(ImageSource source, int[] usable, long seed, double validFraction, int trainLimit) {
        this.source = source;
        this.seed = seed;
        for (Split split : Split.values()) {
            images.put(
                    split,
                    Arrays.stream(usable).filter(i -> source.split(i) == split).toArray());
        }
        if (images.get(Split.VALID).length == 0 && validFraction > 0) takeValidation(validFraction);
        if (trainLimit > 0) limit(trainLimit);
    }

    /** Return a split's images, ascending. */
    int[] of(Split split) {
        return images.get(split);
    }

    private void takeValidation(double fraction) {
        boolean[] taken = new boolean[source.size()];
        for (int[] members : trainClasses(VALID_LOTS)) {
            int count = (int) Math.round(members.length * fraction);
            for (int i = 0; i < count; i++) taken[members[i]] = true;
        }
        int[] train = images.get(Split.TRAIN);
        images.put(Split.VALID, Arrays.stream(train).filter(i -> taken[i]).toArray());
        images.put(Split.TRAIN, Arrays.stream(train).filter(i -> !taken[i]).toArray());
    }

    private void limit(int most) {
        List<int[]> classes = trainClasses(LIMIT_LOTS);
        long total = classes.stream().mapToLong(members -> members.length).sum();
        if (most >= total) return;
        // Largest remainders: every class gets its share rounded down, the rest goes to those that lost most.
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
        boolean[] kept = new boolean[source.size()];
        for (int c = 0; c < shares.length; c++) {
            for (int i = 0; i < shares[c]; i++) kept[classes.get(c)[i]] = true;
        }
        images.put(
                Split.TRAIN,
                Arrays.stream(images.get(Split.TRAIN))
                        .filter(i -> kept[i] || source.label(i) < 0)
                        .toArray());
    }

    /** Return the labelled training images of each class in an order drawn by lot. */
    private List<int[]> trainClasses(int purpose) {
        List<IntStream.Builder> members = new ArrayList<>();
        for (int c = 0; c < source.classNames().size(); c++) members.add(IntStream.builder());
        for (int image : images.get(Split.TRAIN)) {
            if (source.label(image) >= 0) members.get(source.label(image)).add(image);
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
