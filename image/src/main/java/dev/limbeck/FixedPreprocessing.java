package dev.limbeck;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Describe inputs with a single fixed format.
 *
 * @param kind kind of data
 * @param facts metadata entries in a fixed order
 */
record FixedPreprocessing(String kind, Map<String, String> facts) implements Preprocessing {
    FixedPreprocessing {
        facts = Collections.unmodifiableMap(new LinkedHashMap<>(facts));
    }

    @Override
    public Map<String, String> toMetadata() {
        return facts;
    }

    @Override
    public Preprocessing with(Map<String, String> said) {
        Map<String, String> all = new LinkedHashMap<>(facts);
        all.replaceAll((key, value) -> said.getOrDefault(key, value));
        return new FixedPreprocessing(kind, all);
    }

    @Override
    public String identity() {
        return kind + " " + facts;
    }
}
