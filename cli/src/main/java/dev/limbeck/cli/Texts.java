package dev.limbeck.cli;

import dev.limbeck.data.Modalities;
import dev.limbeck.train.Metric;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Format results. */
final class Texts {
    private static final int LONGEST = 1000;
    private static final int BAR = 40;

    private Texts() {}

    /** Format without the user's locale, which must not change numbers. */
    static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    /** Return a text as YAML reads it whatever its characters are. */
    static String quoted(Object text) {
        return "'" + String.valueOf(text).replace("'", "''") + "'";
    }

    /** Return the first of some names, and how many there are if that is not all. */
    static String first(int most, List<String> names) {
        String first = String.join(", ", names.subList(0, Math.min(most, names.size())));
        return names.size() > most ? first + ", … (" + names.size() + ")" : first;
    }

    static String percent(double share) {
        return Double.isNaN(share) ? "-" : String.format(Locale.ROOT, "%.2f %%", 100 * share);
    }

    static String metrics(Map<String, Double> metrics) {
        return metrics.entrySet().stream()
                .map(entry -> entry.getKey() + " " + Metric.text(entry.getKey(), entry.getValue()))
                .collect(Collectors.joining(", "));
    }

    /** Format shares by name. */
    static String shares(Map<String, Double> shares) {
        return shares.entrySet().stream()
                .map(entry -> entry.getKey() + " " + percent(entry.getValue()))
                .collect(Collectors.joining(", "));
    }

    /** Format numbers by name. */
    static String numbers(Map<String, Double> numbers) {
        return numbers.entrySet().stream()
                .map(entry -> entry.getKey() + " " + format("%.4g", entry.getValue()))
                .collect(Collectors.joining(", "));
    }

    /** Format names and values, such as preprocessing. */
    static String pairs(Map<?, ?> facts) {
        return facts.entrySet().stream()
                .map(entry -> entry.getKey() + " " + shortened(String.valueOf(entry.getValue())))
                .collect(Collectors.joining(", "));
    }

    /** Describe a preprocessing; of images, a file may say a part only. */
    static String preprocessing(Map<String, String> said) {
        return said.containsKey(Modalities.KEY)
                ? Modalities.ofSaved(said).preprocessing(said).describe()
                : pairs(said);
    }

    /** Cut a long text, such as a vocabulary, and say how long it is. */
    static String shortened(String text) {
        return text.length() <= LONGEST
                ? text
                : text.substring(0, LONGEST) + "… (" + String.format(Locale.ROOT, "%,d", text.length())
                        + " characters)";
    }

    /** Draw a probability as a bar with its value. */
    static String bar(String label, int width, double probability) {
        return String.format(Locale.ROOT, "  %-" + width + "s  %6.4f  %s", label, probability, "█".repeat((int)
                        Math.round(BAR * probability)));
    }
}
