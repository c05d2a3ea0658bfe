package dev.limbeck.weights;

import dev.limbeck.weights.ScriptLexer.Kind;
import dev.limbeck.weights.ScriptLexer.Token;
import dev.limbeck.weights.ScriptProgram.Declared;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Find every operator that a program names, whether it calls it or not, and refuse what no network needs. It goes by words and
 * not by types: a name behind a dot counts as the operator of that name unless it is an attribute of {@code self}.
 */
final class ScriptUses {
    private static final String CLASSES = "__torch__.torch.classes.";

    /** Where a state may be set by the class's own code: weights of quantized layers are packed as they are read. */
    private static final List<String> PACKING =
            List.of("__torch__.torch.ao.nn.", "__torch__.torch.nn.quantized", "__torch__.torch.nn.intrinsic.");

    private final ScriptProgram program;
    private final Set<String> declared = new HashSet<>();
    private final Map<String, Integer> operators = new TreeMap<>();
    private final Map<String, String> refused = new LinkedHashMap<>();
    private final Set<String> unknown = new HashSet<>();

    private ScriptUses(ScriptProgram program) {
        this.program = program;
        for (Declared type : program.classes().values()) {
            declared.addAll(type.attributes().keySet());
            declared.addAll(type.members().keySet());
            declared.addAll(type.methods().keySet());
        }
    }

    /** Look through a program. */
    static ScriptUses of(ScriptProgram program) {
        ScriptUses uses = new ScriptUses(program);
        for (Declared type : program.classes().values()) uses.checkState(type);
        for (ScriptProgram.Source source : program.sources()) {
            uses.scan(source);
            String packing = ScriptPacking.refusal(source);
            if (packing != null) uses.refused.put("packing a quantized convolution in " + source.path(), packing);
        }
        return uses;
    }

    /** Return how often each operator of PyTorch's is named. */
    Map<String, Integer> operators() {
        return operators;
    }

    /** Return what is refused, with the reason. */
    Map<String, String> refused() {
        return refused;
    }

    /** Return the operators that are unknown or not allowed. */
    Set<String> unknown() {
        return unknown;
    }

    /** Return whether a class that LibTorch brings along may be read from a file. */
    static boolean isPacked(String name) {
        return name.startsWith(CLASSES) && PackedState.isKnown(name.substring(CLASSES.length()));
    }

    /** Return whether a class's own code may run while a file is read. */
    static boolean maySetState(String name) {
        String plain = ScriptProgram.plain(name);
        return PACKING.stream().anyMatch(plain::startsWith);
    }

    private void checkState(Declared type) {
        if (type.methods().containsKey("__setstate__") && !maySetState(type.name())) {
            refused.put(type.name() + ".__setstate__", "runs while the file is opened");
        }
    }

    private void scan(ScriptProgram.Source source) {
        List<Token> tokens = source.tokens();
        Deque<Boolean> lists = new ArrayDeque<>();
        for (int i = 0; i < tokens.size(); i++) {
            Token token = tokens.get(i);
            if (token.kind() == Kind.SIGN) bracket(tokens, i, lists);
            if (token.kind() == Kind.NUMBER && Boolean.TRUE.equals(lists.peek())) checkSize(token.text());
            if (!token.isName()) continue;
            if (token.isFirst() && token.is("import")) {
                while (i + 1 < tokens.size() && !tokens.get(i + 1).isFirst()) i++;
            } else if (i > 0 && tokens.get(i - 1).is(".")) {
                member(tokens, i, source.within().get(i));
            } else if (token.is("torch")) {
                i = operator("aten", tokens, i);
            } else if (token.is("ops")) {
                String namespace = memberAt(tokens, i);
                if (namespace == null) refused.put("ops", "is named without an operator");
                else i = operator(namespace, tokens, i + 2);
            } else if (token.is("__torch__")) {
                i = path(tokens, i);
            } else if (token.is("CONSTANTS")) {
                // Its members are numbered tensors.
                i = memberAt(tokens, i) == null ? i : i + 2;
            } else if (token.is("getattr") || token.is("hasattr")) {
                attributeByText(tokens, i);
            } else {
                String reason = ScriptOperators.refusalOfName(token.text());
                if (reason != null && !isDeclaredHere(tokens, i)) refused.put(token.text(), reason);
            }
        }
    }

    /** Follow whether the innermost open bracket is that of a list, and not of a call, an index or a type. */
    private static void bracket(List<Token> tokens, int at, Deque<Boolean> lists) {
        Token token = tokens.get(at);
        if (token.is("(") || token.is("{")) lists.push(false);
        if (token.is("[")) {
            Token before = at == 0 ? token : tokens.get(at - 1);
            lists.push(!before.isName() && !before.is(")") && !before.is("]"));
        }
        if ((token.is(")") || token.is("]") || token.is("}")) && !lists.isEmpty()) lists.pop();
    }

    /** Lists of numbers are sizes, strides and paddings; the kernels cut them to 32 bits, and divide by what is left. */
    private void checkSize(String number) {
        boolean whole = number.chars().allMatch(c -> c >= '0' && c <= '9');
        if (whole && (number.length() > 10 || Long.parseLong(number) > Integer.MAX_VALUE)) {
            refused.put("the size " + number, "is beyond what its kernels count");
        }
    }

    /** Return whether a name is that of an attribute where a class declares it, or of a function. */
    private static boolean isDeclaredHere(List<Token> tokens, int at) {
        return tokens.get(at).isFirst()
                        && at + 1 < tokens.size()
                        && tokens.get(at + 1).is(":")
                || at > 0 && tokens.get(at - 1).is("def");
    }

    private static @Nullable String memberAt(List<Token> tokens, int at) {
        return at + 2 < tokens.size()
                        && tokens.get(at + 1).is(".")
                        && tokens.get(at + 2).isName()
                ? tokens.get(at + 2).text()
                : null;
    }

    private int operator(String namespace, List<Token> tokens, int at) {
        String name = memberAt(tokens, at);
        if (name == null) {
            refused.put(namespace.equals("aten") ? "torch" : namespace, "is named without an operator");
            return at;
        }
        use(namespace + "::" + name);
        if (isDivision(name) && dividesByZero(tokens, at + 3)) {
            refused.put(namespace + "::" + name + " by 0", "ends the process");
        }
        return at + 2;
    }

    private void use(String operator) {
        operators.merge(operator, 1, Integer::sum);
        String reason = ScriptOperators.refusal(operator);
        if (reason != null) refused.put(operator, reason);
        else if (!ScriptOperators.isAllowed(operator)) unknown.add(operator);
    }

    private static boolean isDivision(String name) {
        return name.equals("remainder") || name.equals("floordiv");
    }

    /** Return whether the last argument of a call is the number 0: whole numbers are divided without a look at it. */
    private static boolean dividesByZero(List<Token> tokens, int open) {
        if (open >= tokens.size() || !tokens.get(open).is("(")) return false;
        int depth = 0;
        for (int i = open; i < tokens.size(); i++) {
            if (tokens.get(i).is("(")) depth++;
            if (tokens.get(i).is(")") && --depth == 0) {
                int last = tokens.get(i - 1).is(",") ? i - 2 : i - 1;
                return tokens.get(last).is("0") && tokens.get(last - 1).is(",");
            }
        }
        return false;
    }

    private void member(List<Token> tokens, int at, @Nullable Declared within) {
        String name = tokens.get(at).text();
        boolean ownAttribute = at >= 2
                && tokens.get(at - 2).is("self")
                && (at < 3 || !tokens.get(at - 3).is("."))
                && within != null
                && (within.attributes().containsKey(name) || within.members().containsKey(name));
        if (!ownAttribute) member(name);
    }

    private void member(String name) {
        String reason = ScriptOperators.refusalOfMember(name);
        if (reason != null) refused.put("aten::" + name, reason);
        else if (!declared.contains(name) && !ScriptOperators.isMember(name)) unknown.add("aten::" + name);
    }

    /** Look at the name that {@code getattr(value, "name")} asks for. */
    private void attributeByText(List<Token> tokens, int at) {
        int depth = 0;
        for (int i = at + 1; i < tokens.size(); i++) {
            Token token = tokens.get(i);
            if (token.is("(")) depth++;
            if (token.is(")") && --depth == 0) {
                int last = tokens.get(i - 1).is(",") ? i - 2 : i - 1;
                if (tokens.get(last).kind() == Kind.TEXT)
                    member(tokens.get(last).text());
                else refused.put("getattr", "is asked for a name that is computed");
                return;
            }
        }
        refused.put("getattr", "is named without being called");
    }

    /** Look at {@code __torch__.a.b.Name}, which is a class, a function, or a place for them. */
    private int path(List<Token> tokens, int at) {
        StringBuilder path = new StringBuilder("__torch__");
        int i = at;
        boolean found = false;
        while (memberAt(tokens, i) != null && !found) {
            path.append('.').append(memberAt(tokens, i));
            i += 2;
            found = program.find(path.toString()) != null || program.isFunction(path.toString());
        }
        String name = path.toString();
        if (name.startsWith(CLASSES) && !isPacked(name)) {
            refused.put(name.substring(CLASSES.length()), "is a class of LibTorch's own that no network needs");
        }
        return i;
    }
}
