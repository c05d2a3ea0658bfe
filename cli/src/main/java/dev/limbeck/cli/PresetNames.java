package dev.limbeck.cli;

import dev.limbeck.recipe.Presets;
import java.util.Iterator;

/** List the names of presets for the completion of shells. */
final class PresetNames implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
        return Presets.names().iterator();
    }
}
