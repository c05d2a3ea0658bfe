package dev.limbeck.mlflow;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Write names as MLflow takes them, each as another: a server refuses a setting that is there twice, and mixes metrics of one name. */
final class TakenNames {
    private static final int LONGEST = 250;
    private static final String OTHER_THAN_NAMES = "[^\\w. /-]";

    private final Map<String, String> known = new HashMap<>();
    private final Set<String> used = new HashSet<>();

    /** Return what MLflow takes for each name, in the same order. A name that was asked for before has the same again. */
    Map<String, String> of(Collection<String> names) {
        // What MLflow takes as it is keeps its name, whatever stands before it.
        for (String name : names) {
            if (!known.containsKey(name) && taken(name).equals(name) && used.add(name)) known.put(name, name);
        }
        Map<String, String> all = new LinkedHashMap<>();
        for (String name : names) all.put(name, known.computeIfAbsent(name, this::free));
        return all;
    }

    private String free(String name) {
        String taken = taken(name);
        String free = taken;
        for (int i = 2; !used.add(free); i++) {
            String number = "_" + i;
            free = taken.substring(0, Math.min(taken.length(), LONGEST - number.length())) + number;
        }
        return free;
    }

    private static String taken(String name) {
        String taken = name.replaceAll(OTHER_THAN_NAMES, "_");
        return taken.length() > LONGEST ? taken.substring(0, LONGEST) : taken;
    }
}
