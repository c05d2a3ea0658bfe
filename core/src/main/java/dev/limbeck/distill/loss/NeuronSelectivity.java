package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Match the distributions of channel responses: the squared maximum mean discrepancy of the channels' maps, normalized
 * to length 1, with the kernel k(a, b) = (a·b)². Needs no adapter. Accepts N×C×H×W of equal H and W. Suited to
 * convolutional networks of different widths. The cost grows with the square of the channels.
 *
 * <p>Huang and Wang, Like What You Like: Knowledge Distill via Neuron Selectivity Transfer, 2017 (polynomial kernel, d
 * = 2, c = 0). Rounding may give values slightly below 0.
 */
public record NeuronSelectivity() implements DirectFeatureLoss {
    @Override
    public Needs needs() {
        return Needs.POSITIONS;
    }

    @Override
    public Tensor rows(Tensor student, Tensor teacher) {
        Tensor ours = Ops.normalize(Maps.channels(student), 2);
        Tensor theirs = Ops.normalize(Maps.channels(teacher), 2);
        return kernel(theirs, theirs).add(kernel(ours, ours)).sub(Ops.mul(kernel(ours, theirs), 2));
    }

    private static Tensor kernel(Tensor a, Tensor b) {
        return Maps.rowMean(a.bmm(b.transpose(1, 2)).square());
    }

    /** Register the loss. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super("neuron-selectivity", "NST: distributions of channel responses", values -> new NeuronSelectivity());
        }
    }
}
