package dev.limbeck.recipe;

import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import dev.limbeck.Printable;
import java.util.List;
import java.util.stream.Collectors;

/** Say in words why a value of a recipe is of a wrong type. */
final class WrongValue {
    private WrongValue() {}

    /** Return the setting, what it must be, and the value found if it is a single one. */
    static String words(JsonMappingException e, JsonNode recipe) {
        JsonNode at = recipe;
        for (JsonMappingException.Reference part : e.getPath()) {
            at = part.getFieldName() == null ? at.path(part.getIndex()) : at.path(part.getFieldName());
        }
        String found = at.isValueNode() ? ", found '" + Printable.quote(at.asText()) + "'" : "";
        return path(e.getPath()) + " must be " + expected(e) + found;
    }

    private static String expected(JsonMappingException e) {
        if (!(e instanceof MismatchedInputException mismatch))
            return "another value (" + firstLine(e.getOriginalMessage()) + ")";
        Class<?> type = mismatch.getTargetType();
        if (type == Integer.class || type == Long.class || type == int.class || type == long.class)
            return "a whole number";
        if (type == Double.class) return "a number";
        if (type == Boolean.class) return "true or false";
        if (type == String.class) return "text";
        return type != null && List.class.isAssignableFrom(type) ? "a list" : "keys with values";
    }

    /** Return the dotted name of a setting. */
    static String path(List<JsonMappingException.Reference> path) {
        return path.stream()
                .map(part -> part.getFieldName() == null ? String.valueOf(part.getIndex()) : part.getFieldName())
                .collect(Collectors.joining("."));
    }

    /** Return the first line of a parser's message. */
    static String firstLine(String message) {
        return message.lines().findFirst().orElse(message).strip();
    }
}
