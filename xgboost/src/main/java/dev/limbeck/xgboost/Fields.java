package dev.limbeck.xgboost;

import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Read the values of a map by name and kind.
 *
 * @param place of the map in the file, for messages
 */
record Fields(String place, Map<?, ?> values) {
    /**
     * Make them of a value.
     *
     * @throws LimbeckException if it is no map
     */
    static Fields of(String place, @Nullable Object value) {
        if (value instanceof Map<?, ?> map) return new Fields(place, map);
        throw new LimbeckException("must have a map as " + place + ", found " + words(value)
                + "; save it with XGBoost 1.0 or later (save_model)");
    }

    private static String words(@Nullable Object value) {
        if (value == null) return "nothing";
        if (value instanceof double[] || value instanceof List) return "a list";
        return value instanceof Map ? "a map" : "'" + Printable.quote(value.toString()) + "'";
    }

    /** Make the exception about a damaged part. */
    LimbeckException wrong(String expected, Object found) {
        return wrong(expected, found, "save it again with XGBoost (save_model)");
    }

    /** Make the exception with another advice. */
    LimbeckException wrong(String expected, Object found, String advice) {
        return new LimbeckException("must have " + expected + " in " + place + ", found "
                + Printable.quote(found.toString()) + "; " + advice);
    }

    boolean has(String name) {
        return values.get(name) != null;
    }

    Fields map(String name) {
        return of(place + "." + name, values.get(name));
    }

    String text(String name) {
        if (values.get(name) instanceof String text) return text;
        throw wrong("a text as " + name, words(values.get(name)));
    }

    /** Read a whole number from 0 up, which XGBoost writes as a text. */
    int count(String name) {
        Object value = values.get(name);
        if (value instanceof String text && text.matches("[0-9]{1,9}")) return Integer.parseInt(text);
        throw wrong("a whole number as " + name, words(value));
    }

    /** Read a list of numbers. */
    double[] numbers(String name) {
        if (values.get(name) instanceof double[] numbers) return numbers;
        throw wrong("a list of numbers as " + name, words(values.get(name)));
    }

    /** Read a list of maps. */
    List<Fields> maps(String name) {
        if (values.get(name) instanceof double[] numbers && numbers.length == 0) return List.of();
        if (!(values.get(name) instanceof List<?> list)) {
            throw wrong("a list of maps as " + name, words(values.get(name)));
        }
        List<Fields> maps = new ArrayList<>();
        for (Object one : list) maps.add(of(place + "." + name + "[" + maps.size() + "]", one));
        return maps;
    }

    /** Read a list of texts; an absent one is empty. */
    List<String> texts(String name) {
        Object value = values.get(name);
        if (value == null || value instanceof double[] numbers && numbers.length == 0) return List.of();
        if (value instanceof List<?> list && list.stream().allMatch(String.class::isInstance)) {
            return list.stream().map(String.class::cast).toList();
        }
        throw wrong("a list of texts as " + name, words(value));
    }
}
