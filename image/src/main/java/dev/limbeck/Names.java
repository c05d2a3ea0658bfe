package dev.limbeck;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Find the names a user may have meant. */
public final class Names {
    private static final int MOST_QUOTED = 5;

    private Names() {}

    /** Write names in quotation marks, five of them at most: {@code 'a', 'b', 'c', 'd', 'e' and 7 more}. */
    public static String quoted(Collection<String> names) {
        String first = names.stream().limit(MOST_QUOTED).collect(Collectors.joining("', '", "'", "'"));
        return names.size() <= MOST_QUOTED ? first : first + " and " + (names.size() - MOST_QUOTED) + " more";
    }

    /**
     * Return up to {@code most} of the candidates that lie nearest to {@code name} by edit distance, nearest first; of
     * those equally far, the ones whose characters lie closer: layer4 before layer1 for layer5.
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

    /** Make the exception for a name that is not among the known ones: {@code no loss 'x'; nearest: a, b}. */
    public static LimbeckException unknown(String kind, String name, Collection<String> known) {
        return unknown(kind, name, "", known);
    }

    /** Make the same exception with a place: {@code no layer 'layer5' in resnet18; nearest: layer4, layer3}. */
    public static LimbeckException unknown(String kind, String name, String place, Collection<String> known) {
        String where = place.isEmpty() ? "" : " in " + place;
        return new LimbeckException("no " + kind + " '" + name + "'" + where
                + (known.isEmpty() ? "" : "; nearest: " + String.join(", ", nearest(name, known, 3))));
    }

    /** Return whether few typos, another case or a missing ending turn one name into the other. */
    public static boolean isNear(String name, String other) {
        String a = name.toLowerCase(Locale.ROOT);
        String b = other.toLowerCase(Locale.ROOT);
        // One typo in three characters; a missing plural or ending beside.
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
