package dev.limbeck.distill.loss;

import dev.limbeck.nn.Module;
import dev.limbeck.nn.Sequential;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Compare layers of a student with layers of a teacher. The object only holds settings; {@link #bind} creates the
 * parameters and state of one training run.
 */
public interface FeatureLoss {
    /** Dimensions that must be equal in both networks; adapters and pooling provide this. */
    enum Needs {
        /** Any shapes with the same batch size. */
        NOTHING,
        /** Equal positions: height and width. */
        POSITIONS,
        /** Equal channels. */
        CHANNELS,
        /** Equal positions and channels. */
        SHAPE
    }

    /**
     * Hold the shapes of the features.
     *
     * @param student shapes without the batch dimension, one per layer
     * @param teacher the same number of shapes
     * @param labels labels of all training rows; −1 for none
     */
    record Shapes(List<long[]> student, List<long[]> teacher, int[] labels) {}

    /**
     * Hold the features of one batch.
     *
     * @param student one tensor per layer, in the form that the loss {@link #needs}
     * @param teacher the same number of tensors, without autograd
     * @param labels int64, N; −1 for none
     * @param indices positions of the rows in the training split
     * @param mask for a {@link TokenLoss}: bool, N×length, false for padding; null for others
     */
    record Features(
            List<Tensor> student,
            List<Tensor> teacher,
            Tensor labels,
            int[] indices,
            @Nullable Tensor mask) {
        /** Hold features without a mask. */
        public Features(List<Tensor> student, List<Tensor> teacher, Tensor labels, int[] indices) {
            this(student, teacher, labels, indices, null);
        }
    }

    /** Compute the loss in one training run. */
    interface Bound {
        /** Return N values, or a scalar if rows cannot be separated. The student and {@link #learned} get gradients. */
        Tensor rows(Features features);

        /** Return the module that is trained and checkpointed with the student, but is not part of it. */
        default Module learned() {
            return new Sequential();
        }

        /** Return what it holds besides parameters, in words for the log; empty for nothing. */
        default String holds() {
            return "";
        }
    }

    Needs needs();

    /** Return the number of layers of each network per comparison; 0 for any number from two. */
    default int layers() {
        return 1;
    }

    /** Return whether positions of a map are compared, so a map needs more than one. */
    default boolean needsManyPositions() {
        return false;
    }

    /** Return whether rows are compared with each other, so a batch needs at least two. */
    default boolean relational() {
        return false;
    }

    /** Return whether a vector of each training row is kept from epoch to epoch, so all rows must be seen by this process. */
    default boolean remembersRows() {
        return false;
    }

    /**
     * Create the parameters and state of one training run.
     *
     * @throws dev.limbeck.LimbeckException if the loss does not support such shapes
     */
    Bound bind(Shapes shapes);

    /** Return the name of the recorded loss term. */
    default String name() {
        return getClass().getSimpleName();
    }
}
