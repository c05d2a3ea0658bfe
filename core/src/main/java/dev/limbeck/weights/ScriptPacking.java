package dev.limbeck.weights;

import dev.limbeck.weights.ScriptLexer.Token;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Check that the code of a quantized layer packs its convolution by the stride, dilation and groups of the layer's own state, which
 * {@link PackedState#checkLayer} checks. The packing runs while the file is opened, and divides by them without a look.
 */
final class ScriptPacking {
    private static final String PREPACK = "_prepack";
    /** The place in the state of each attribute that the packing reads. */
    private static final Map<String, Integer> STATE =
            Map.of("stride", 3, "padding", 4, "dilation", 5, "output_padding", 7, "groups", 8);

    private static final List<String> ARGUMENTS = List.of("stride", "padding", "dilation", "groups");
    private static final List<String> TRANSPOSED = List.of("stride", "padding", "output_padding", "dilation", "groups");
    private static final Set<String> MAY_BE_NUMBERS = Set.of("padding", "output_padding");
    private static final String NUMBERS = "numbers";
    private static final String PART = "#";

    private ScriptPacking() {}

    /** Return whether a class is a quantized convolution, such as {@code modules.conv.Conv2d} or {@code conv_relu.ConvReLU2d}. */
    static boolean isLayer(String name) {
        return ScriptUses.maySetState(name) && ScriptProgram.plain(name).contains(".conv");
    }

    /** Return why a source's packing is refused; null if it is as it should be. */
    static @Nullable String refusal(ScriptProgram.Source source) {
        List<Token> tokens = source.tokens();
        Map<String, String> meanings = new HashMap<>();
        for (int i = 0; i < tokens.size(); ) {
            int end = i + 1;
            while (end < tokens.size() && !tokens.get(end).isFirst()) end++;
            List<Token> line = tokens.subList(i, end);
            if (line.get(0).is("def")) meanings.clear();
            ScriptProgram.Declared within = source.within().get(i);
            boolean layer = within != null && isLayer(within.name());
            String reason = line(line, layer, meanings);
            if (reason != null) return reason;
            i = end;
        }
        return null;
    }

    private static @Nullable String line(List<Token> line, boolean layer, Map<String, String> meanings) {
        int equals = 0;
        while (equals < line.size() && !line.get(equals).is("=")) equals++;
        List<Token> left = line.subList(0, equals);
        List<Token> right = equals < line.size() ? line.subList(equals + 1, line.size()) : List.of();
        String packing = packing(line, layer, meanings);
        if (packing != null || !layer) return packing;
        String meaning = meaning(right, meanings);
        if (left.size() == 3 && left.get(0).is("self") && left.get(1).is(".")) {
            Integer place = STATE.get(left.get(2).text());
            boolean right3 = place == null || ("state" + place).equals(meaning);
            return right3 ? null : "its " + left.get(2).text() + " is not that of its state";
        }
        boolean unpacks = left.stream().anyMatch(token -> token.is(","));
        for (Token token : left) {
            if (!token.isName()) continue;
            if (meaning == null) meanings.remove(token.text());
            else meanings.put(token.text(), unpacks ? meaning + PART : meaning);
        }
        return null;
    }

    /** Return what an expression is: an attribute of the layer, a part of its state, literal numbers, or null for anything else. */
    private static @Nullable String meaning(List<Token> right, Map<String, String> meanings) {
        if (right.size() == 1) return meanings.get(right.get(0).text());
        if (right.size() == 3 && right.get(0).is("self") && right.get(1).is("."))
            return right.get(2).text();
        if (right.size() == 6
                && right.get(0).is("(")
                && right.get(1).is("state")
                && right.get(3).is("[")) {
            return "state" + right.get(4).text();
        }
        if (right.size() < 3
                || !right.get(0).is("[")
                || !right.get(right.size() - 1).is("]")) return null;
        String all = null;
        for (Token token : right.subList(1, right.size() - 1)) {
            if (token.is(",")) continue;
            boolean number = token.text().chars().allMatch(c -> c >= '0' && c <= '9');
            String one = number ? NUMBERS : meanings.get(token.text());
            if (one == null || all != null && !all.equals(one)) return null;
            all = one;
        }
        return all != null && all.endsWith(PART) ? all.substring(0, all.length() - PART.length()) : all;
    }

    private static @Nullable String packing(List<Token> line, boolean layer, Map<String, String> meanings) {
        for (int i = 0; i + 1 < line.size(); i++) {
            String name = line.get(i).text();
            if (!line.get(i).isName() || !name.contains("conv") || !name.endsWith(PREPACK)) continue;
            if (!layer) return "it is called outside of a quantized layer";
            List<List<Token>> arguments = arguments(line, i + 1);
            List<String> wanted = name.contains("transpose") ? TRANSPOSED : ARGUMENTS;
            if (arguments.size() != 2 + wanted.size()) return "its arguments are not those of a layer";
            for (int k = 0; k < wanted.size(); k++) {
                String given = meaning(arguments.get(2 + k), meanings);
                boolean right =
                        wanted.get(k).equals(given) || NUMBERS.equals(given) && MAY_BE_NUMBERS.contains(wanted.get(k));
                if (!right) return "its " + wanted.get(k) + " is not the layer's";
            }
        }
        return null;
    }

    /** Split the arguments of a call at its commas. */
    private static List<List<Token>> arguments(List<Token> line, int open) {
        List<List<Token>> all = new ArrayList<>();
        List<Token> one = new ArrayList<>();
        int depth = 0;
        for (int i = open; i < line.size(); i++) {
            Token token = line.get(i);
            if (token.is("(") || token.is("[")) depth++;
            if (token.is(")") || token.is("]")) depth--;
            if (depth == 0) break;
            if (i == open) continue;
            if (depth == 1 && token.is(",")) {
                all.add(one);
                one = new ArrayList<>();
            } else {
                one.add(token);
            }
        }
        if (!one.isEmpty()) all.add(one);
        return all;
    }
}
