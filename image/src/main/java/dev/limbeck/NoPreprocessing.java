package dev.limbeck;

import java.util.Map;

/** Leave inputs unchanged. */
enum NoPreprocessing implements Preprocessing {
    INSTANCE;

    @Override
    public String kind() {
        return "none";
    }

    @Override
    public Map<String, String> toMetadata() {
        return Map.of();
    }

    @Override
    public Preprocessing with(Map<String, String> said) {
        return this;
    }

    @Override
    public String identity() {
        return "{}";
    }
}
