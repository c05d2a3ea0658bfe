package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/**
 * Hold what a teacher computed for a batch, outside the graph, in the scope that is open.
 *
 * @param logits rows×classes
 * @param features of the layers that were requested, float32, by the layer's path
 */
public record TeacherResult(Tensor logits, Map<String, Tensor> features) {
    /** Hold logits alone. */
    public static TeacherResult of(Tensor logits) {
        return new TeacherResult(logits, Map.of());
    }

    /**
     * Return the features of a layer.
     *
     * @throws LimbeckException if the layer took no part
     */
    public Tensor feature(String layer) {
        Tensor found = features.get(layer);
        if (found == null) {
            throw new LimbeckException("layer '" + layer + "' took no part when the teacher computed; name another");
        }
        return found;
    }

    /** Return the same features with changed logits. */
    public TeacherResult withLogits(UnaryOperator<Tensor> change) {
        return new TeacherResult(change.apply(logits), features);
    }
}
