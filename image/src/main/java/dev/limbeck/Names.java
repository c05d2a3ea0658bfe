package dev.limbeck;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Find known names that are similar to a mistyped one. */
public final class Names {
    private static final int MOST_QUOTED = 5;

    private Names() {}

    /** Quote names, at most five of them: {@code 'a', 'b', 'c', 'd', 'e' and 7 more}. */
    public static String quoted(Collection<String> names) {
        String first = names.stream().limit(MOST_QUOTED).collect(Collectors.joining("', '", "'", "'"));
        return names.size() <= MOST_QUOTED ? first : first + " and " + (names.size() - MOST_QUOTED) + " more";
    }

    /**
     * Return up to {@code most} candidates with the smallest edit distance to {@code name}, nearest first. Ties are
     * broken by the distance between characters: layer4 before layer1 for layer5.
     */
    public static List<String> nearest(String name, Collection<String> candidates, int most) {
        String wanted = name.toLowerCase(Locale.ROOT);
        return candidates.stream()
                .distinct()
                .sorted(Comparator.comparingInt((String c) -> distance(wanted, c.toLowerCase(Locale.ROOT)))
                        .thenComparingInt(c -> gap(wanted, c.toLowerCase(Locale.ROOT)))
                        .thenComparing(Comparator.naturalOrder()))
                .limit(most)
                .collect(Collectors.toList());
    }

    /** Create the exception for an unknown name: {@code no loss 'x'; nearest: a, b}. */
    public static LimbeckException unknown(String kind, String name, Collection<String> known) {
        return unknown(kind, name, "", known);
    }

    /** Create the same exception with a location: {@code no layer 'layer5' in resnet18; nearest: layer4, layer3}. */
    public static LimbeckException unknown(String kind, String name, String place, Collection<String> known) {
        String where = place.isEmpty() ? "" : " in " + place;
        return new LimbeckException("no " + kind + " '" + Printable.quote(name) + "'" + where
                + (known.isEmpty() ? "" : "; nearest: " + String.join(", ", nearest(name, known, 3))));
    }

    /** Return whether two names differ only by a few typos, by case, by a plural s or by a file extension. */
    public static boolean isNear(String name, String other) {
        String a = name.toLowerCase(Locale.ROOT);
        String b = other.toLowerCase(Locale.ROOT);
        // One typo per three characters, besides a missing plural s or file extension.
        int allowed = Math.max(1, Math.min(3, Math.min(a.length(), b.length()) / 3));
        if (distance(a, b) <= allowed) return true;
        return Math.min(a.length(), b.length()) >= 3
                && (withoutEnding(a).equals(withoutEnding(b)) || a.equals(b + "s") || b.equals(a + "s"));
    }

    private static String withoutEnding(String name) {
        int dot = name.lastIndexOf('.');
        return dot > 0 ? name.substring(0, dot) : name;
    }

    private static int gap(String a, String b) {
        return IntStream.range(0, Math.min(a.length(), b.length()))
                .map(i -> Math.abs(a.charAt(i) - b.charAt(i)))
                .sum();
    }

    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) row[j] = j;
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
