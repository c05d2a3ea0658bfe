package dev.limbeck.train;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbeck.io.AtomicFile;
import dev.limbeck.io.IoErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * Keep texts by name in the run directory for trackers, such as the id under which a service knows the run. They stay there when the
 * run is resumed or complete.
 */
public final class TrackerNotes {
    /** File name in a run directory. */
    public static final String NAME = "tracking.json";

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path file;

    /** Use a file, which may be missing. */
    public TrackerNotes(Path file) {
        this.file = file;
    }

    /**
     * Return all notes.
     *
     * @throws dev.limbeck.LimbeckException if the file is damaged
     */
    public Map<String, String> all() {
        if (!Files.exists(file)) return Map.of();
        try {
            return JSON.readValue(file.toFile(), new TypeReference<Map<String, String>>() {});
        } catch (IOException e) {
            throw IoErrors.in(file, "is not as it was written, JSON of names and texts; remove it");
        }
    }

    /**
     * Set a note and keep the others.
     *
     * @throws dev.limbeck.LimbeckException if the file is damaged, or cannot be written
     */
    public void put(String name, String text) {
        Map<String, String> notes = new TreeMap<>(all());
        notes.put(name, text);
        try {
            AtomicFile.write(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(notes) + "\n");
        } catch (IOException e) {
            throw new IllegalStateException("a map of texts is always JSON", e);
        }
    }
}
