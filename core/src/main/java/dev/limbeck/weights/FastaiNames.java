package dev.limbeck.weights;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Give the tensors of fastai's vision learner a network's names. It cuts a network into a list of its children, {@code 0.},
 * and puts a head behind, {@code 1.}, so that layers are numbered, those without weights too.
 *
 * <p>Source: fastai 2, {@code vision/learner.py} ({@code create_body}, {@code create_head}, {@code add_head}).
 */
final class FastaiNames {
    private static final Pattern NUMBERED = Pattern.compile("([01])\\.(0|[1-9]\\d{0,5})\\..+");

    /** The layer behind the head's pooling and flattening, by which its form is known. */
    private static final String FIRST_OF_HEAD = "1.2.weight";

    private FastaiNames() {}

    /** Return whether names are of this form, with fastai's head. */
    static boolean matches(Collection<String> names) {
        return names.contains(FIRST_OF_HEAD)
                && names.stream().allMatch(name -> NUMBERED.matcher(name).matches());
    }

    /**
     * Return a network's names for those of a file; empty where the file is of another form or has other parts.
     *
     * @param needed in the order of the network's layers, the head's last
     */
    static Map<String, String> of(Collection<String> names, Collection<String> needed) {
        if (!matches(names)) return Map.of();
        List<String> children = distinct(needed, 1);
        String head = children.remove(children.size() - 1);
        List<String> ofHead = distinct(
                needed.stream().filter(name -> name.startsWith(head + ".")).toList(), 2);
        TreeSet<Integer> body = new TreeSet<>();
        TreeSet<Integer> behind = new TreeSet<>();
        for (String name : names) {
            Matcher parts = NUMBERED.matcher(name);
            if (parts.matches()) {
                (parts.group(1).equals("0") ? body : behind).add(Integer.parseInt(parts.group(2)));
            }
        }
        if (body.size() != children.size() || behind.size() != ofHead.size()) return Map.of();
        Map<String, String> places = new HashMap<>();
        List<Integer> bodyNumbers = List.copyOf(body);
        List<Integer> headNumbers = List.copyOf(behind);
        for (int i = 0; i < children.size(); i++) places.put("0." + bodyNumbers.get(i), children.get(i));
        for (int i = 0; i < ofHead.size(); i++) places.put("1." + headNumbers.get(i), ofHead.get(i));
        Map<String, String> renamed = new HashMap<>();
        for (String name : names) {
            int second = name.indexOf('.', 2);
            renamed.put(name, places.get(name.substring(0, second)) + name.substring(second));
        }
        return renamed;
    }

    /** Return the different first parts of names, in order. */
    private static List<String> distinct(Collection<String> names, int parts) {
        return new ArrayList<>(names.stream()
                .map(name -> String.join(".", List.of(name.split("\\.")).subList(0, parts)))
                .distinct()
                .toList());
    }
}
