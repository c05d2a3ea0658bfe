package dev.limbeck.distill.loss;

import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.Tensors;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;

/** Compare one layer of each network by a formula without parameters or state. It works on plain tensors. */
public interface DirectFeatureLoss extends FeatureLoss {
    /** Return what both features must agree in: their whole shape, unless a loss says that less will do. */
    @Override
    default Needs needs() {
        return Needs.SHAPE;
    }

    /**
     * Compute the loss of each row. Call {@link #of} to use a loss, which checks arguments and takes the mean.
     *
     * @param teacher features without autograd
     * @return N values, or a scalar if rows cannot be separated
     */
    Tensor rows(Tensor student, Tensor teacher);

    /**
     * Compute the mean loss over the rows. Only the student gets gradients.
     *
     * @param student N×C×H×W, or N×C for a loss on vectors
     * @param teacher features with a shape allowed by {@link #needs}
     * @return a scalar
     * @throws LimbeckException if the shapes do not match, a relational loss gets one row, or a map has one position and the loss needs more
     */
    default Tensor of(Tensor student, Tensor teacher) {
        if (!fits(student.shape(), teacher.shape())) {
            throw new LimbeckException(name() + " compares features of equal "
                    + switch (needs()) {
                        case NOTHING -> "rows";
                        case POSITIONS -> "rows, height and width";
                        case CHANNELS -> "rows and channels";
                        case SHAPE -> "shape";
                    }
                    + ", found " + Tensors.shapeText(student.shape()) + " and " + Tensors.shapeText(teacher.shape())
                    + "; use an adapter");
        }
        if (needsManyPositions() && positions(student.shape()) < 2) {
            throw new LimbeckException(name() + " needs maps with more than one position, found "
                    + Tensors.shapeText(student.shape()) + "; compare layers before the pooling");
        }
        if (relational() && student.size(0) < 2) {
            throw new LimbeckException(
                    name() + " compares rows with each other, found a batch of 1; use batches of 2 or more");
        }
        return RowMean.of(rows(student, teacher.detach()), null);
    }

    private static long positions(long... shape) {
        return Arrays.stream(shape).skip(2).reduce(1, Math::multiplyExact);
    }

    private boolean fits(long[] student, long[] teacher) {
        if (student[0] != teacher[0]) return false;
        return switch (needs()) {
            case NOTHING -> true;
            case POSITIONS -> student.length == 4 && teacher.length == 4 && Arrays.equals(student, 2, 4, teacher, 2, 4);
            case CHANNELS -> student.length == teacher.length && student[1] == teacher[1];
            case SHAPE -> Arrays.equals(student, teacher);
        };
    }

    @Override
    default boolean needsManyPositions() {
        return needs() == Needs.POSITIONS;
    }

    @Override
    default Bound bind(Shapes shapes) {
        return features -> rows(features.student().get(0), features.teacher().get(0));
    }
}
