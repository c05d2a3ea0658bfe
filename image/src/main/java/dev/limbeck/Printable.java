package dev.limbeck;

import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Make text from files and users safe to display: names of classes, files and tensors, other libraries' messages.
 * Characters that a terminal or a page would interpret are replaced by a question mark: control characters (C0 with
 * escapes and line breaks, DEL, C1), bidirectional controls, invisible characters, line and paragraph separators, and
 * unpaired surrogates. The joiners in Indic and Persian words and in emoji are kept. Data files, such as run.json, keep
 * names unchanged.
 */
public final class Printable {
    private static final int LONGEST_LINE = 8_000;
    private static final int LONGEST_QUOTE = 200;

    private static final int NON_JOINER = 0x200c;
    private static final int JOINER = 0x200d;
    private static final int SOFT_HYPHEN = 0xad;
    /**
     * Visible signs before or around numbers in Arabic and Syriac, though Unicode classifies them as format characters.
     */
    private static final String VISIBLE = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2";

    private static final String MARKDOWN = "\\`*_[]<>#|&~!";

    private Printable() {}

    /**
     * Return a text as one line: each line break with the whitespace around it becomes one space. Long texts are
     * truncated.
     */
    public static String line(String text) {
        String cut = cut(text, LONGEST_LINE);
        if (isSafe(cut)) return cut;
        return replaced(cut.lines().map(String::strip).collect(Collectors.joining(" ")), false);
    }

    /** Return a text with its line breaks. */
    public static String lines(String text) {
        return isSafe(text) ? text : replaced(text, true);
    }

    /** Return a text from a file for use in a message, truncated to 200 characters. */
    public static String quote(String text) {
        return replaced(cut(text, LONGEST_QUOTE), false);
    }

    /** Return a text as one line of Markdown that renders literally. */
    public static String markdown(String text) {
        StringBuilder escaped = new StringBuilder();
        line(text).codePoints().forEach(c -> {
            if (MARKDOWN.indexOf(c) >= 0) escaped.append('\\');
            escaped.appendCodePoint(c);
        });
        // Markdown renderers turn URLs into links.
        return escaped.toString().replace("://", "\\://").replace("www.", "www\\.");
    }

    /** Return a text for a Markdown code span. */
    public static String markdownCode(String text) {
        return line(text).replace('`', '?');
    }

    /**
     * Return a column name for the header of a CSV file, quoted if necessary (RFC 4180) and never interpreted as a
     * formula.
     */
    public static String csv(String text) {
        String safe = line(text);
        if (!safe.isEmpty() && "=+-@".indexOf(safe.charAt(0)) >= 0) safe = "'" + safe;
        return safe.contains(",") || safe.contains("\"") ? '"' + safe.replace("\"", "\"\"") + '"' : safe;
    }

    /** Return an equivalent JSON document that is safe to display: unsafe characters are escaped. */
    public static String json(String document) {
        if (isSafe(document)) return document;
        StringBuilder escaped = new StringBuilder();
        document.codePoints().forEach(c -> {
            if (c == '\n' || !isUnfit(c)) escaped.appendCodePoint(c);
            else
                for (char half : Character.toChars(c))
                    escaped.append(String.format(Locale.ROOT, "\\u%04x", (int) half));
        });
        return escaped.toString();
    }

    private static String cut(String text, int longest) {
        return text.length() > longest ? text.substring(0, longest) + "…" : text;
    }

    private static boolean isSafe(String text) {
        return text.codePoints().noneMatch(Printable::isUnfit);
    }

    private static String replaced(String text, boolean keepBreaks) {
        StringBuilder replaced = new StringBuilder();
        text.codePoints().forEach(c -> {
            boolean kept = !isUnfit(c) || keepBreaks && (c == '\n' || c == '\t');
            replaced.appendCodePoint(kept ? c : '?');
        });
        return replaced.toString();
    }

    /** Return whether a character must not be displayed. */
    static boolean isUnfit(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SURROGATE ->
                true;
            case Character.FORMAT -> c != NON_JOINER && c != JOINER && c != SOFT_HYPHEN && VISIBLE.indexOf(c) < 0;
            default -> false;
        };
    }
}
