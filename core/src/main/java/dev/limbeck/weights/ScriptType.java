package dev.limbeck.weights;

import dev.limbeck.weights.ScriptLexer.Kind;
import dev.limbeck.weights.ScriptLexer.Token;
import java.util.ArrayList;
import java.util.List;

/** Name a type of TorchScript, such as {@code Dict[str, List[Tensor]]}. */
record ScriptType(String name, List<ScriptType> arguments) {
    private static final int DEEPEST = 64;

    /** Stand for what a field may hold that nothing is known of. */
    static final ScriptType ANY = new ScriptType("Any", List.of());

    /**
     * Parse a whole text.
     *
     * @throws IllegalArgumentException if it is no type
     */
    static ScriptType parse(String text) {
        List<Token> tokens = ScriptLexer.tokens(text);
        int[] at = {0};
        ScriptType type = parse(tokens, at, 0);
        if (at[0] != tokens.size()) throw wrong();
        return type;
    }

    /** Parse the type that begins at a token, and move behind it. */
    static ScriptType parse(List<Token> tokens, int[] at) {
        return parse(tokens, at, 0);
    }

    private static ScriptType parse(List<Token> tokens, int[] at, int depth) {
        if (depth > DEEPEST) throw wrong();
        Token first = token(tokens, at[0]);
        if (first.is("(") || first.is("["))
            return new ScriptType("()", list(tokens, at, first.is("(") ? ")" : "]", depth));
        if (first.kind() == Kind.TEXT) {
            // A class that is not defined yet may be named by a text.
            at[0]++;
            return new ScriptType(first.text(), List.of());
        }
        if (!first.isName()) throw wrong();
        StringBuilder name = new StringBuilder(first.text());
        at[0]++;
        while (at[0] + 1 < tokens.size()
                && tokens.get(at[0]).is(".")
                && tokens.get(at[0] + 1).isName()) {
            name.append('.').append(tokens.get(at[0] + 1).text());
            at[0] += 2;
        }
        if (at[0] < tokens.size() && tokens.get(at[0]).is("[")) {
            return new ScriptType(name.toString(), list(tokens, at, "]", depth));
        }
        return new ScriptType(name.toString(), List.of());
    }

    private static List<ScriptType> list(List<Token> tokens, int[] at, String end, int depth) {
        List<ScriptType> types = new ArrayList<>();
        at[0]++;
        while (!token(tokens, at[0]).is(end)) {
            types.add(parse(tokens, at, depth + 1));
            if (token(tokens, at[0]).is(",")) at[0]++;
            else if (!token(tokens, at[0]).is(end)) throw wrong();
        }
        at[0]++;
        return List.copyOf(types);
    }

    private static Token token(List<Token> tokens, int at) {
        if (at >= tokens.size()) throw wrong();
        return tokens.get(at);
    }

    private static IllegalArgumentException wrong() {
        return new IllegalArgumentException("has a type that is none");
    }

    ScriptType argument(int index) {
        return index < arguments.size() ? arguments.get(index) : ANY;
    }

    @Override
    public String toString() {
        if (arguments.isEmpty()) return name;
        String inner = arguments.stream()
                .map(ScriptType::toString)
                .reduce((a, b) -> a + ", " + b)
                .orElse("");
        return name + "[" + inner + "]";
    }
}
