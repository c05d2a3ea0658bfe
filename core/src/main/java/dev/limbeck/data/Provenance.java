package dev.limbeck.data;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/**
 * Hold the provenance of a batch's inputs. It allows alternate views of the same rows, and identifies cached outputs.
 *
 * @param split split that the batch's indices refer to
 * @param view index of the augmentation draw; {@link #PLAIN} for no augmentation
 * @param changes later changes of the inputs, in order, such as mixup
 */
public record Provenance(Split split, int view, List<UnaryOperator<Tensor>> changes) {
    /** The view without augmentation. */
    public static final int PLAIN = -1;

    public Provenance {
        changes = List.copyOf(changes);
    }

    /** Create the provenance of rows without later changes. */
    public Provenance(Split split, int view) {
        this(split, view, List.of());
    }

    Provenance and(UnaryOperator<Tensor> change) {
        List<UnaryOperator<Tensor>> all = new ArrayList<>(changes);
        all.add(change);
        return new Provenance(split, view, all);
    }
}
