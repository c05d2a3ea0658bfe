package dev.limbeck.compare;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import dev.limbeck.data.Targets;
import dev.limbeck.train.Metric;
import java.util.List;

/** Check the rows that judge runs, before hours of training. */
final class JudgedRows {
    private static final int MOST_NAMED = 3;

    private JudgedRows() {}

    /**
     * Return the split that a comparison judges by: test, or validation if there is none.
     *
     * @throws LimbeckException if there is neither, or it can judge nothing
     */
    static Split ofComparison(Data data) {
        if (!data.has(Split.TEST) && !data.has(Split.VALID)) {
            throw new LimbeckException(
                    "a comparison is judged on test or validation rows, but the data has neither; add"
                            + " test rows (a folder or file named test, --test-data), or set valid_fraction above 0");
        }
        Split split = data.has(Split.TEST) ? Split.TEST : Split.VALID;
        require(data, split);
        return split;
    }

    /**
     * Check that the main metric of a split can differ between models.
     *
     * @throws LimbeckException if no row has a label, or every label is the same in all rows: average precision then has no value, or is 1
     */
    static void require(Data data, Split split) {
        Targets targets = data.targets(split);
        Task task = data.task();
        if (targets.known() == 0) {
            throw new LimbeckException("runs are judged by labels of the " + split.label()
                    + " split, but none of its rows has one; give some labels");
        }
        if (task.kind() != Task.Kind.MULTI_LABEL) return;
        List<String> constant = targets.constant(task);
        if (constant.size() < targets.columns()) return;
        throw new LimbeckException("runs are judged by "
                + Metric.main(task.kind()).name() + " on the " + split.label()
                + " split, but every label is the same in all of its rows ("
                + String.join(", ", constant.subList(0, Math.min(MOST_NAMED, constant.size())))
                + (constant.size() > MOST_NAMED ? ", …" : "") + "); use more rows of that split");
    }
}
