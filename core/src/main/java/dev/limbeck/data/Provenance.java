package dev.limbeck.data;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/**
 * Tell where the inputs of a batch come from, so that another model can be shown the same rows in another form, and answers
 * about them can be found again.
 *
 * @param split whose positions the batch's indices are
 * @param view number of the draw that augmented the rows; {@link #PLAIN} if they are as they are
 * @param changes what was done to the inputs afterward, in order, such as mixing rows
 */
public record Provenance(Split split, int view, List<UnaryOperator<Tensor>> changes) {
    /** The view of rows that are not augmented. */
    public static final int PLAIN = -1;

    public Provenance {
        changes = List.copyOf(changes);
    }

    /** Tell of rows that nothing was done to since. */
    public Provenance(Split split, int view) {
        this(split, view, List.of());
    }

    Provenance and(UnaryOperator<Tensor> change) {
        List<UnaryOperator<Tensor>> all = new ArrayList<>(changes);
        all.add(change);
        return new Provenance(split, view, all);
    }
}
