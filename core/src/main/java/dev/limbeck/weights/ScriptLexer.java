package dev.limbeck.weights;

import java.util.ArrayList;
import java.util.List;

/**
 * Split TorchScript source into words as LibTorch's lexer does. What it would read in two ways, or what no serialized
 * program has (comments on types, letters beyond ASCII outside of texts), is refused.
 */
final class ScriptLexer {
    enum Kind {
        NAME,
        NUMBER,
        TEXT,
        SIGN
    }

    /**
     * A word of the source.
     *
     * @param text of a text literal, what stands between its quotes
     * @param indent how far its line is indented, if it is the first of a logical line; else −1
     */
    record Token(Kind kind, String text, int indent) {
        boolean is(String sign) {
            return kind != Kind.TEXT && text.equals(sign);
        }

        boolean isName() {
            return kind == Kind.NAME;
        }

        boolean isFirst() {
            return indent >= 0;
        }
    }

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int at;
    private int depth;
    private int indent;
    private boolean fresh = true;

    private ScriptLexer(String source) {
        this.source = source;
    }

    /**
     * Split a source.
     *
     * @throws IllegalArgumentException in one line, where it is none
     */
    static List<Token> tokens(String source) {
        ScriptLexer lexer = new ScriptLexer(source);
        lexer.indent = lexer.indentation();
        while (lexer.at < source.length()) lexer.next();
        return lexer.tokens;
    }

    private void next() {
        char c = source.charAt(at);
        if (c == '\n') {
            at++;
            if (depth > 0) return;
            fresh = true;
            indent = indentation();
        } else if (c == ' ' || c == '\t' || c == '\r' || c == '\f') {
            at++;
        } else if (c == '\\' && at + 1 < source.length() && source.charAt(at + 1) == '\n') {
            at += 2;
        } else if (c == '#') {
            comment();
        } else if (isLetter(c)) {
            int start = at;
            while (at < source.length() && (isLetter(source.charAt(at)) || isDigit(source.charAt(at)))) at++;
            add(Kind.NAME, source.substring(start, at));
        } else if (isDigit(c) || c == '.' && at + 1 < source.length() && isDigit(source.charAt(at + 1))) {
            number();
        } else if (c == '"' || c == '\'') {
            text(c);
        } else {
            sign(c);
        }
    }

    private int indentation() {
        int start = at;
        while (at < source.length() && source.charAt(at) == ' ') at++;
        return at - start;
    }

    private void comment() {
        int end = source.indexOf('\n', at);
        String comment = source.substring(at, end < 0 ? source.length() : end);
        if (comment.contains("type:")) throw wrong("has a comment on types");
        at += comment.length();
    }

    private void number() {
        int start = at;
        digits();
        if (at < source.length() && source.charAt(at) == '.') {
            at++;
            digits();
        }
        if (at < source.length() && (source.charAt(at) | 0x20) == 'e') {
            at++;
            if (at < source.length() && (source.charAt(at) == '-' || source.charAt(at) == '+')) at++;
            digits();
        }
        if (at < source.length() && source.charAt(at) == 'j') at++;
        if (at < source.length() && (isLetter(source.charAt(at)) || source.charAt(at) == '.')) {
            throw wrong("has a number that is none");
        }
        add(Kind.NUMBER, source.substring(start, at));
    }

    private void digits() {
        while (at < source.length() && isDigit(source.charAt(at))) at++;
    }

    private void text(char quote) {
        String one = String.valueOf(quote);
        String mark = source.startsWith(one.repeat(3), at) ? one.repeat(3) : one;
        int start = at + mark.length();
        int end = start;
        while (end < source.length() && !source.startsWith(mark, end)) {
            char c = source.charAt(end);
            if (c == '\n' && mark.length() == 1) throw wrong("has a text without an end");
            if (c < ' ' && c != '\n' && c != '\t' && c != '\r' || c == 127) throw wrong("has a control character");
            if (c == '\\') end++;
            end++;
        }
        if (end >= source.length()) throw wrong("has a text without an end");
        add(Kind.TEXT, source.substring(start, end));
        at = end + mark.length();
    }

    private void sign(char c) {
        if (c <= ' ' || c >= 127 || c == '\\' || c == '$' || c == '`' || c == '?' || c == ';') {
            throw wrong("has the character " + (int) c);
        }
        if (c == '(' || c == '[' || c == '{') depth++;
        if (c == ')' || c == ']' || c == '}') depth--;
        if (depth < 0) throw wrong("closes a bracket that is not open");
        at++;
        add(Kind.SIGN, String.valueOf(c));
    }

    private void add(Kind kind, String text) {
        tokens.add(new Token(kind, text, fresh ? indent : -1));
        fresh = false;
    }

    private IllegalArgumentException wrong(String what) {
        long line = source.substring(0, Math.min(at, source.length()))
                        .chars()
                        .filter(c -> c == '\n')
                        .count()
                + 1;
        return new IllegalArgumentException(what + " in line " + line);
    }

    private static boolean isLetter(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_';
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
