package dev.limbeck.onnx;

import dev.limbeck.LimbeckException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Read a JSON list of strings, the only JSON in an exported file. A JSON library would be larger than the predictor.
 */
final class JsonStrings {
    private final String text;
    private int at;

    private JsonStrings(String text) {
        this.text = text;
    }

    static List<String> list(String text, Path file) {
        try {
            return new JsonStrings(text).list();
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new LimbeckException(file + " has class names that are not a JSON list of strings", e);
        }
    }

    private List<String> list() {
        List<String> strings = new ArrayList<>();
        expect('[');
        if (next() == ']') return strings;
        at--;
        do {
            strings.add(string());
        } while (next() == ',');
        if (text.charAt(at - 1) != ']' || !text.substring(at).isBlank()) throw new IllegalArgumentException(text);
        return List.copyOf(strings);
    }

    private char next() {
        while (Character.isWhitespace(text.charAt(at))) at++;
        return text.charAt(at++);
    }

    private void expect(char wanted) {
        if (next() != wanted) throw new IllegalArgumentException(text);
    }

    private String string() {
        expect('"');
        StringBuilder string = new StringBuilder();
        for (char c = text.charAt(at++); c != '"'; c = text.charAt(at++)) {
            string.append(c == '\\' ? escaped() : c);
        }
        return string.toString();
    }

    private char escaped() {
        char c = text.charAt(at++);
        switch (c) {
            case 'b':
                return '\b';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'u':
                at += 4;
                return (char) Integer.parseInt(text.substring(at - 4, at), 16);
            default:
                return c;
        }
    }
}
