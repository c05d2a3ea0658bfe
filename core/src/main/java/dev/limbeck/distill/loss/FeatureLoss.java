package dev.limbeck.distill.loss;

import dev.limbeck.nn.Module;
import dev.limbeck.nn.Sequential;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * Compare what layers of a student compute with what layers of a teacher do. A loss is a specification, a value; what has
 * to be learned or remembered on the way is made by {@link #bind} and belongs to one training run.
 */
public interface FeatureLoss {
    /** Say in what the features of both networks must agree; adapters and resampling see to it. */
    enum Needs {
        /** Any shapes, of equally many rows. */
        NOTHING,
        /** As many positions: height and width. */
        POSITIONS,
        /** As many channels. */
        CHANNELS,
        /** Both. */
        SHAPE
    }

    /**
     * Say what the loss will see.
     *
     * @param student shapes without the rows, one for each layer
     * @param teacher as many
     * @param labels of all training rows, −1 where there is none
     */
    record Shapes(List<long[]> student, List<long[]> teacher, int[] labels) {}

    /**
     * Hold what layers computed for one batch.
     *
     * @param student one tensor for each layer, as the loss {@link #needs} it
     * @param teacher as many, outside the graph
     * @param labels int64, N; −1 where there is none
     * @param indices the rows' places in the training split
     */
    record Features(List<Tensor> student, List<Tensor> teacher, Tensor labels, int[] indices) {}

    /** Compute the loss in one training run. */
    interface Bound {
        /** Return N values, or a scalar where rows can't be told apart; gradients flow to the student and {@link #learned}. */
        Tensor rows(Features features);

        /** Return what is trained with the student and kept in checkpoints, and is not part of the student. */
        default Module learned() {
            return new Sequential();
        }
    }

    Needs needs();

    /** Return how many layers of each network one use compares; 0 if any number from two does. */
    default int layers() {
        return 1;
    }

    /** Return whether the positions of a map are compared, so that it needs more than one. */
    default boolean needsManyPositions() {
        return false;
    }

    /** Return whether rows are compared with each other, so that a batch needs two at least. */
    default boolean relational() {
        return false;
    }

    /**
     * Make what one training run needs.
     *
     * @throws dev.limbeck.LimbeckException if the loss can't be computed for such shapes
     */
    Bound bind(Shapes shapes);

    /** Return the name under which the term is recorded. */
    default String name() {
        return getClass().getSimpleName();
    }
}
