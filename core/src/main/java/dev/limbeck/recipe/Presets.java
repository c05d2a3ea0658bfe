package dev.limbeck.recipe;

import dev.limbeck.Names;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Provide parts of recipes for common aims. They are plain YAML, and every value can be overridden. */
public final class Presets {
    private static final List<String> NAMES = List.of("patient", "quick", "few-labels");

    private Presets() {}

    /** Return the names. */
    public static List<String> names() {
        return NAMES;
    }

    /**
     * Return a preset as YAML, with comments.
     *
     * @throws dev.limbeck.LimbeckException with the nearest names, if there is none
     */
    public static String yaml(String name) {
        if (!NAMES.contains(name)) throw Names.unknown("preset", name, NAMES);
        try (InputStream text = Presets.class.getResourceAsStream("presets/" + name + ".yaml")) {
            if (text == null) throw new IllegalStateException("the preset " + name + " is missing in the jar");
            return new String(text.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
