package dev.limbeck.data;

import dev.limbeck.Decimals;
import dev.limbeck.Names;
import java.math.BigDecimal;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Compare the names of classes as people read them. */
public final class ClassNames {
    private ClassNames() {}

    /** Normalize case, Unicode form and surrounding spaces of a name. */
    public static String folded(String name) {
        return Normalizer.normalize(name, Normalizer.Form.NFKC).strip().toLowerCase(Locale.ROOT);
    }

    /** Return a line for each group of names that may be those of one class. */
    public static List<String> alike(List<String> names) {
        Map<Object, List<String>> groups = new LinkedHashMap<>();
        for (String name : names) {
            groups.computeIfAbsent(key(name), key -> new ArrayList<>()).add(name);
        }
        List<String> lines = new ArrayList<>();
        groups.forEach((key, group) -> {
            if (group.size() < 2) return;
            lines.add("classes " + Names.quoted(group)
                    + (key instanceof BigDecimal ? " are equal as numbers" : " differ in case, spaces or signs only")
                    + "; give them one name if they are one class");
        });
        return lines;
    }

    /** Return what alike names have in common: a number, or a text. */
    private static Object key(String name) {
        String folded = folded(name);
        if (Decimals.isIn(folded)) {
            try {
                return new BigDecimal(folded).stripTrailingZeros();
            } catch (ArithmeticException | NumberFormatException e) {
                // Its exponent is beyond those of BigDecimal.
            }
        }
        return folded.replaceAll("[\\s_-]+", " ");
    }
}
