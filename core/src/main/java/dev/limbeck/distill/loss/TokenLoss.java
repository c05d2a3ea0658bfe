package dev.limbeck.distill.loss;

import java.util.List;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;

/**
 * Compare layers that give a vector for each token of a text, N×length×width. Both networks read the same tokens. Padding has no
 * part: it changes neither the loss nor a gradient.
 */
public interface TokenLoss extends FeatureLoss {
    /** Return which paths inside an encoder's layer are compared if no layer is named; the empty path is the layer's own output. */
    List<String> parts();

    /** Return whether only the last layers of both encoders are compared if no layer is named. */
    default boolean lastLayerOnly() {
        return false;
    }

    /**
     * Compute the loss of each text.
     *
     * @param student as many layers as the loss compares at once, each N×length×width
     * @param teacher the same number of layers without autograd; their width may differ, unless the loss {@link #needs} channels
     * @param mask bool, N×length; false for padding
     * @return N values
     */
    Tensor rows(List<Tensor> student, List<Tensor> teacher, Tensor mask);

    @Override
    default int layers() {
        return parts().size();
    }

    @Override
    default Bound bind(Shapes shapes) {
        return features ->
                rows(features.student(), features.teacher(), Objects.requireNonNull(features.mask(), "a mask"));
    }
}
