package dev.limbeck.distill.loss;

import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.LayerOps;
import dev.limbeck.tensor.Ops;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;

/**
 * Compare the change of features between two layers: the mean squared difference of the matrices Σ a·b/(H·W) over
 * positions, one number per channel of the first and second layer. The larger map is pooled to the smaller one's size.
 * A pair has two layers of each network. Accepts N×C×H×W. Suited to networks with the same stages.
 *
 * <p>Yim et al., A Gift from Knowledge Distillation: Fast Optimization, Network Minimization and Transfer Learning,
 * CVPR 2017.
 */
public record FlowOfSolution() implements FeatureLoss {
    @Override
    public Needs needs() {
        return Needs.CHANNELS;
    }

    @Override
    public int layers() {
        return 2;
    }

    @Override
    public Bound bind(Shapes shapes) {
        if (Stream.concat(shapes.student().stream(), shapes.teacher().stream()).anyMatch(shape -> shape.length != 3)) {
            throw new LimbeckException("FlowOfSolution compares maps, found a vector; pair layers before the pooling");
        }
        return features -> {
            Tensor ours = flow(features.student().get(0), features.student().get(1));
            Tensor theirs = flow(features.teacher().get(0), features.teacher().get(1));
            return Maps.rowMean(ours.sub(theirs).square());
        };
    }

    /** Return N×Ca×Cb for N×Ca×H×W and N×Cb×H'×W'. */
    private static Tensor flow(Tensor a, Tensor b) {
        long height = Math.min(a.size(2), b.size(2));
        long width = Math.min(a.size(3), b.size(3));
        Tensor first = pooled(a, height, width).flatten(2, -1);
        Tensor second = pooled(b, height, width).flatten(2, -1);
        return Ops.div(first.bmm(second.transpose(1, 2)), height * width);
    }

    private static Tensor pooled(Tensor x, long height, long width) {
        return x.size(2) == height && x.size(3) == width ? x : LayerOps.adaptiveAvgPool2d(x, height, width);
    }

    /** Register the loss. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super("flow", "FSP: change of features between two layers", values -> new FlowOfSolution());
        }
    }
}
