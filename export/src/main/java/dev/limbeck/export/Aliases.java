package dev.limbeck.export;

import dev.limbeck.export.Operands.Unsupported;
import dev.limbeck.tensor.ScriptGraph.Node;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Track which values of a graph share memory. A graph without memory cannot express one thing: a read of a value after
 * an in-place operation changed it under another name.
 */
final class Aliases {
    private static final Set<String> VIEWS = Set.of(
            "prim::ListConstruct",
            "aten::alias",
            "aten::contiguous",
            "aten::detach",
            "aten::dropout",
            "aten::expand",
            "aten::feature_dropout",
            "aten::flatten",
            "aten::narrow",
            "aten::permute",
            "aten::reshape",
            "aten::select",
            "aten::slice",
            "aten::squeeze",
            "aten::t",
            "aten::to",
            "aten::transpose",
            "aten::unsqueeze",
            "aten::view");

    /** Names that share memory, for each name. */
    private final Map<String, Set<String>> shared = new HashMap<>();

    private final Set<String> stale = new HashSet<>();

    static boolean isInPlace(Node node) {
        return node.op().startsWith("aten::")
                && node.op().endsWith("_")
                && !node.op().startsWith("aten::_");
    }

    boolean isStale(String name) {
        return stale.contains(name);
    }

    /**
     * Process the next operation.
     *
     * @throws Unsupported if it reads a value that was changed under another name
     */
    void follow(Node node) {
        for (String input : node.inputs()) {
            if (isStale(input)) {
                throw new Unsupported("it reads %" + input + ", which an operation in place changed by another name");
            }
        }
        String made = node.outputs().get(0);
        if (isInPlace(node)) {
            stale.addAll(of(node.inputs().get(0)));
        } else if (VIEWS.contains(node.op())) {
            Set<String> all = of(made);
            // Besides lists, which alias all elements, views alias the first input.
            int count = node.op().equals("prim::ListConstruct") ? node.inputs().size() : 1;
            for (String input : node.inputs().subList(0, count)) all.addAll(of(input));
            all.forEach(name -> shared.put(name, all));
        }
    }

    private Set<String> of(String name) {
        return shared.computeIfAbsent(name, first -> new HashSet<>(Set.of(first)));
    }
}
