package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Recognize names of split folders in any case and with common affixes: {@code Training}, {@code seg_train} beside
 * {@code seg_test}, {@code train2017}, {@code 01_train}. The word {@code eval} means validation if no other folder
 * does, else test if no other folder does.
 */
final class SplitNames {
    private enum Role {
        TRAIN(Set.of("train", "training", "trainset", "traindata", "trainingset", "trn"), "training"),
        VALID(
                Set.of(
                        "valid",
                        "val",
                        "validation",
                        "validate",
                        "validset",
                        "validationset",
                        "valset",
                        "dev",
                        "devel",
                        "development",
                        "devset"),
                "validation"),
        TEST(Set.of("test", "testing", "tests", "testset", "testdata", "testingset", "tst"), "test"),
        EVAL(Set.of("eval", "evaluation", "evalset", "evaluate"), "evaluation");

        private final Set<String> words;
        private final String name;

        Role(Set<String> words, String name) {
            this.words = words;
            this.name = name;
        }
    }

    /** Affixes of split names without a meaning of their own. */
    private static final Set<String> GENERIC = Set.of(
            "set",
            "sets",
            "dataset",
            "datasets",
            "data",
            "images",
            "image",
            "imgs",
            "img",
            "pictures",
            "pics",
            "photos",
            "jpg",
            "jpeg",
            "png",
            "folder",
            "dir",
            "files",
            "samples",
            "split",
            "part",
            "fold",
            "public",
            "private",
            "labelled",
            "labeled",
            "unlabelled",
            "unlabeled",
            "labels",
            "raw",
            "clean",
            "noisy",
            "new",
            "old",
            "final",
            "small",
            "full",
            "big",
            "aug",
            "augmented",
            "cropped",
            "crops",
            "resized",
            "original",
            "orig",
            "only");

    /** Hold the split of a name and the text around the split's word. */
    private record Meaning(Role role, String around) {}

    private static final Pattern BETWEEN_WORDS = Pattern.compile(
            "[^\\p{L}\\p{N}]+" + "|(?<=\\p{Ll})(?=\\p{Lu})" + "|(?<=\\p{L})(?=\\p{N})" + "|(?<=\\p{N})(?=\\p{L})");

    private SplitNames() {}

    private static @Nullable Meaning meaning(String name) {
        Role role = null;
        List<String> around = new ArrayList<>();
        for (String word : BETWEEN_WORDS.split(Normalizer.normalize(name, Normalizer.Form.NFKC))) {
            String lower = word.toLowerCase(Locale.ROOT);
            if (lower.isEmpty()) continue;
            Role found = null;
            for (Role known : Role.values()) if (known.words.contains(lower)) found = known;
            if (found != null && role != null) return null;
            if (found != null) role = found;
            around.add(found != null ? "*" : lower.matches("\\d+") ? "#" : lower);
        }
        return role == null ? null : new Meaning(role, String.join(" ", around));
    }

    /** Return whether a name contains a split's word. */
    static boolean isSplit(String name) {
        return meaning(name) != null;
    }

    /** Return whether a name contains a split's word with only numbers, letters and common affixes around it. */
    static boolean isGeneric(String name) {
        Meaning meaning = meaning(name);
        return meaning != null
                && Arrays.stream(meaning.around.split(" "))
                        .allMatch(word -> word.codePointCount(0, word.length()) == 1 || GENERIC.contains(word));
    }

    /** Return whether the names mean different splits. */
    static boolean differ(Collection<String> names) {
        return names.stream()
                        .map(SplitNames::meaning)
                        .filter(meaning -> meaning != null)
                        .map(meaning -> meaning.role)
                        .distinct()
                        .count()
                > 1;
    }

    /** Return whether a name is only a split's word. */
    static boolean isPlain(String name) {
        Meaning meaning = meaning(name);
        return meaning != null && meaning.around.equals("*");
    }

    /** Return the split that a name alone stands for; null if none. */
    static @Nullable Split named(String name) {
        return isPlain(name) && isTraining(name) ? Split.TRAIN : judging(name);
    }

    /** Return the evaluation split that a name alone stands for; null if none. */
    static @Nullable Split judging(String name) {
        Meaning meaning = meaning(name);
        if (meaning == null || !meaning.around.equals("*") || meaning.role == Role.TRAIN) return null;
        return meaning.role == Role.TEST ? Split.TEST : Split.VALID;
    }

    /** Return whether a name may be that of a training split. */
    static boolean isTraining(String name) {
        Meaning meaning = meaning(name);
        return meaning != null && meaning.role == Role.TRAIN;
    }

    /** Return whether a name may be that of a validation split. */
    static boolean isValidation(String name) {
        Meaning meaning = meaning(name);
        return meaning != null && (meaning.role == Role.VALID || meaning.role == Role.EVAL);
    }

    /** Return whether two names mean the same split. */
    static boolean isSame(String one, String other) {
        Meaning meaning = meaning(one);
        Meaning second = meaning(other);
        return meaning != null && second != null && meaning.role == second.role;
    }

    /**
     * Find the splits among sibling names.
     *
     * @return the name of each split; empty without a training split
     * @throws LimbeckException if two names mean the same split
     */
    static Map<Split, String> among(Collection<String> names) {
        Map<String, Map<Role, List<String>>> groups = new TreeMap<>();
        for (String name : names) {
            Meaning meaning = meaning(name);
            if (meaning == null) continue;
            groups.computeIfAbsent(meaning.around, around -> new EnumMap<>(Role.class))
                    .computeIfAbsent(meaning.role, role -> new ArrayList<>())
                    .add(name);
        }
        String around = trainingGroup(groups);
        if (around == null) return Map.of();
        Map<Role, List<String>> chosen = groups.remove(around);
        Map<Split, String> splits = new LinkedHashMap<>();
        splits.put(Split.TRAIN, only(Role.TRAIN, chosen.get(Role.TRAIN)));
        take(splits, chosen);
        // Names may be less similar, such as train and test_images.
        Map<Role, List<String>> others = new EnumMap<>(Role.class);
        groups.values()
                .forEach(group -> group.forEach((role, of) ->
                        others.computeIfAbsent(role, r -> new ArrayList<>()).addAll(of)));
        take(splits, others);
        return splits;
    }

    /**
     * Find the splits, ignoring the text around their words; empty without a training split, or if two names mean the
     * same split.
     */
    static Map<Split, String> apart(Collection<String> names) {
        Map<Role, List<String>> byRole = new EnumMap<>(Role.class);
        for (String name : names) {
            Meaning meaning = meaning(name);
            if (meaning != null)
                byRole.computeIfAbsent(meaning.role, role -> new ArrayList<>()).add(name);
        }
        boolean clear = byRole.size() > 1
                && byRole.containsKey(Role.TRAIN)
                && byRole.values().stream().allMatch(of -> of.size() == 1);
        if (!clear) return Map.of();
        Map<Split, String> splits = new LinkedHashMap<>();
        splits.put(Split.TRAIN, byRole.get(Role.TRAIN).get(0));
        take(splits, byRole);
        return splits;
    }

    /** Choose the text around the split words: none, or that of two of the splits. */
    private static @Nullable String trainingGroup(Map<String, Map<Role, List<String>>> groups) {
        Map<Role, List<String>> plain = groups.get("*");
        if (plain != null && plain.containsKey(Role.TRAIN)) return "*";
        List<String> possible = groups.entrySet().stream()
                .filter(group -> group.getValue().containsKey(Role.TRAIN)
                        && group.getValue().size() > 1)
                .map(Map.Entry::getKey)
                .toList();
        if (possible.size() > 1) {
            throw new LimbeckException(groups.values().stream()
                            .filter(group -> group.size() > 1)
                            .flatMap(group -> group.getOrDefault(Role.TRAIN, List.of()).stream())
                            .collect(Collectors.joining("' and '", "the folders '", "'"))
                    + " both look like the training split; move one away, or name a folder with one of them");
        }
        return possible.isEmpty() ? null : possible.get(0);
    }

    private static void take(Map<Split, String> splits, Map<Role, List<String>> names) {
        take(splits, Split.VALID, Role.VALID, names);
        take(splits, Split.TEST, Role.TEST, names);
        if (!splits.containsKey(Split.VALID)) take(splits, Split.VALID, Role.EVAL, names);
        else take(splits, Split.TEST, Role.EVAL, names);
    }

    private static void take(Map<Split, String> splits, Split split, Role role, Map<Role, List<String>> names) {
        List<String> found = names.get(role);
        if (found == null || splits.containsKey(split)) return;
        splits.put(split, only(role, found));
    }

    private static String only(Role role, List<String> names) {
        if (names.size() > 1) {
            throw new LimbeckException("the folders '" + String.join("' and '", names) + "' all look like the "
                    + role.name + " split; merge them, or move all but one away");
        }
        return names.get(0);
    }
}
