package dev.limbeck.xgboost;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/**
 * Check a tree of a booster: its lists have one value a node, its nodes form one tree, and its features and categories are within their
 * bounds.
 */
final class BoosterTree {
    private static final int LEAF = -1;
    /** XGBoost's own bound of a category. */
    private static final int MOST_CATEGORIES = 1 << 24;

    private final Fields tree;
    private final int nodes;

    private BoosterTree(Fields tree) {
        this.tree = tree;
        nodes = tree.map("tree_param").count("num_nodes");
    }

    /**
     * Check a tree.
     *
     * @return bytes of the sets of categories that XGBoost makes of it
     * @throws dev.limbeck.LimbeckException if it is damaged, or has several numbers a leaf
     */
    static long check(Fields tree, int features) {
        return new BoosterTree(tree).check(features);
    }

    private long check(int features) {
        Fields sizes = tree.map("tree_param");
        if (nodes < 1) throw tree.wrong("at least one node", "none");
        if (sizes.has("size_leaf_vector") && sizes.count("size_leaf_vector") > 1) {
            throw tree.wrong(
                    "one number a leaf",
                    "leaves of several (multi_strategy=multi_output_tree)",
                    "train one tree per output");
        }
        if (sizes.count("num_feature") != features)
            throw tree.wrong(features + " features", sizes.count("num_feature"));
        int[] left = children("left_children");
        int[] right = children("right_children");
        shape(left, right);
        for (double feature : perNode("split_indices")) {
            if (!within(feature, features)) throw tree.wrong("features below " + features, feature);
        }
        int[] parents = whole("parents", nodes);
        for (int i = 0; i < nodes; i++) {
            if (left[i] == LEAF) continue;
            if (parents[left[i]] != i || parents[right[i]] != i) throw tree.wrong("parents of the children", "others");
        }
        for (String name : new String[] {"split_conditions", "base_weights", "loss_changes", "sum_hessian"})
            perNode(name);
        flags("default_left");
        return tree.has("split_type") ? categories(flags("split_type"), left) : 0;
    }

    private static boolean within(double value, int below) {
        return value == Math.rint(value) && value >= 0 && value < below;
    }

    private double[] perNode(String name) {
        double[] values = tree.numbers(name);
        if (values.length != nodes) throw tree.wrong(nodes + " numbers of " + name, values.length);
        return values;
    }

    private int[] whole(String name, int count) {
        double[] values = tree.numbers(name);
        if (values.length != count) throw tree.wrong(count + " numbers of " + name, values.length);
        for (double value : values) {
            if (value != Math.rint(value) || Math.abs(value) > Integer.MAX_VALUE)
                throw tree.wrong("whole " + name, value);
        }
        return Arrays.stream(values).mapToInt(value -> (int) value).toArray();
    }

    private int[] flags(String name) {
        int[] flags = whole(name, nodes);
        for (int flag : flags) if (flag < 0 || flag > 1) throw tree.wrong("0 or 1 as " + name, flag);
        return flags;
    }

    private int[] children(String name) {
        int[] children = whole(name, nodes);
        for (int child : children) {
            // The first node is no child.
            if (child != LEAF && (child < 1 || child >= nodes)) throw tree.wrong("nodes below " + nodes, child);
        }
        return children;
    }

    /** Walk from the first node: each node is reached once at most, so there is no circle. */
    private void shape(int[] left, int... right) {
        boolean[] seen = new boolean[nodes];
        int[] open = new int[nodes + 1];
        int count = 1;
        while (count > 0) {
            int node = open[--count];
            if (seen[node]) throw tree.wrong("nodes with one parent", "a second parent of node " + node);
            seen[node] = true;
            if (left[node] == LEAF != (right[node] == LEAF)) throw tree.wrong("two children or none", "one");
            if (left[node] == LEAF) continue;
            if (left[node] == right[node]) throw tree.wrong("two different children", "one twice");
            open[count++] = left[node];
            open[count++] = right[node];
        }
        for (int i = 0; i < nodes; i++) {
            // Pruned nodes stay in the lists.
            if (!seen[i] && left[i] != LEAF)
                throw tree.wrong("reachable nodes", "node " + i + " that no node leads to");
        }
    }

    private long categories(int[] types, int... left) {
        double[] of = tree.numbers("categories");
        int[] splits = whole("categories_nodes", tree.numbers("categories_nodes").length);
        int[] starts = whole("categories_segments", splits.length);
        int[] sizes = whole("categories_sizes", splits.length);
        Set<Integer> nodesOfWords = new HashSet<>();
        long bytes = 0;
        for (int i = 0; i < splits.length; i++) {
            int node = splits[i];
            if (node < 0 || node >= nodes || types[node] != 1 || left[node] == LEAF || i > 0 && node <= splits[i - 1]) {
                throw tree.wrong("nodes of categories in order", node);
            }
            nodesOfWords.add(node);
            if (starts[i] < 0 || sizes[i] < 1 || (long) starts[i] + sizes[i] > of.length) {
                throw tree.wrong("categories within their list", starts[i] + " and " + sizes[i] + " more");
            }
            double most = 0;
            for (int j = starts[i]; j < starts[i] + sizes[i]; j++) {
                if (!within(of[j], MOST_CATEGORIES)) throw tree.wrong("categories below " + MOST_CATEGORIES, of[j]);
                most = Math.max(most, of[j]);
            }
            bytes += (long) most / 8 + 8;
        }
        for (int i = 0; i < nodes; i++) {
            if (types[i] == 1 && left[i] != LEAF && !nodesOfWords.contains(i)) {
                throw tree.wrong("categories of node " + i, "none");
            }
        }
        return bytes;
    }
}
