package dev.limbeck.bench;

import dev.limbeck.LimbeckException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Parse {@code --name value} pairs; a benchmark defines their names and defaults. */
final class Options {
    private final Map<String, String> values;

    private Options(Map<String, String> values) {
        this.values = values;
    }

    /**
     * Parse the command line.
     *
     * @param defaults the known names with their default values
     * @throws LimbeckException naming the known options, if another one is given
     */
    static Options of(Map<String, String> defaults, String... arguments) {
        Map<String, String> values = new LinkedHashMap<>(defaults);
        for (int i = 0; i < arguments.length; i += 2) {
            String name = arguments[i].startsWith("--") ? arguments[i].substring(2) : arguments[i];
            if (!defaults.containsKey(name) || i + 1 == arguments.length) {
                throw new LimbeckException(
                        "expected --name value with a name of " + defaults.keySet() + ", found '" + arguments[i] + "'");
            }
            values.put(name, arguments[i + 1]);
        }
        return new Options(values);
    }

    String text(String name) {
        String value = values.get(name);
        if (value == null) throw new IllegalArgumentException("no option " + name);
        return value;
    }

    /** Return an option, or another text if it is empty. */
    String text(String name, String otherwise) {
        return text(name).isEmpty() ? otherwise : text(name);
    }

    List<String> list(String name) {
        return List.of(text(name).split(","));
    }

    int number(String name) {
        try {
            return Integer.parseInt(text(name));
        } catch (NumberFormatException e) {
            throw new LimbeckException("expected a whole number for --" + name + ", found '" + text(name) + "'", e);
        }
    }

    boolean flag(String name) {
        return Boolean.parseBoolean(text(name));
    }
}
