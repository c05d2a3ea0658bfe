package com.example.limbeck;

import dev.limbeck.distill.loss.DirectFeatureLoss;
import dev.limbeck.distill.loss.FeatureLossType;
import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/** Compute 1 − the cosine between the features of both networks. Both have the same shape, N×C×H×W or N×C. */
public record CosineFeatures() implements DirectFeatureLoss {
    @Override
    public Tensor rows(Tensor student, Tensor teacher) {
        Tensor ours = Ops.normalize(student.flatten(1, -1), 1);
        Tensor theirs = Ops.normalize(teacher.flatten(1, -1), 1);
        return Ops.add(Ops.sum(ours.mul(theirs), 1).neg(), 1);
    }

    /** Register the loss by name. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super("cosine-features", "the angle between the features", values -> new CosineFeatures());
        }
    }
}
