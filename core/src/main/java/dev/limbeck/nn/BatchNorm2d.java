package dev.limbeck.nn;

import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.LayerOps;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import java.util.Locale;
import org.bytedeco.pytorch.Tensor;

/**
 * Normalize each channel of N×C×H×W or N×C, with batch statistics in training mode and running statistics in evaluation
 * mode. A training batch must have more than one value per channel.
 *
 * <p>Ioffe and Szegedy, Batch Normalization, ICML 2015. The defaults are PyTorch's: momentum 0.1 and eps 1e-5.
 */
public final class BatchNorm2d extends Module {
    private static final double MOMENTUM = 0.1;
    private static final double EPS = 1e-5;

    private final Tensor weight;
    private final Tensor bias;
    private final Tensor runningMean;
    private final Tensor runningVar;
    private final Tensor batches;

    private final double eps;
    private final double momentum;

    public BatchNorm2d(long channels) {
        this(channels, EPS, MOMENTUM);
    }

    /**
     * Create a layer with custom constants.
     *
     * @param eps term added to the variance
     * @param momentum weight of the new batch in the running statistics, in (0, 1]
     */
    public BatchNorm2d(long channels, double eps, double momentum) {
        this.eps = eps;
        this.momentum = momentum;
        weight = parameter("weight", Tensors.full(1, DType.FLOAT32, channels));
        bias = parameter("bias", Tensors.zeros(DType.FLOAT32, channels));
        runningMean = buffer("running_mean", Tensors.zeros(DType.FLOAT32, channels));
        runningVar = buffer("running_var", Tensors.full(1, DType.FLOAT32, channels));
        batches = buffer("num_batches_tracked", Tensors.zeros(DType.INT64));
    }

    /** Return what is added to the variance. */
    public double eps() {
        return eps;
    }

    @Override
    protected Tensor forward(Tensor x) {
        if (isTraining()) {
            requireSeveral(x);
            try (NoGrad noGrad = NoGrad.on()) {
                Ops.increment_(batches);
            }
        }
        return LayerOps.batchNorm(x, weight, bias, runningMean, runningVar, isTraining(), momentum, eps);
    }

    /** The engine divides by the number of values less one, and would make the running variance NaN. */
    private static void requireSeveral(Tensor x) {
        if (x.numel() > x.size(1)) return;
        throw new LimbeckException("batch norm needs more than one value per channel in training, found a batch of "
                + x.size(0) + (x.dim() == 4 ? " at " + x.size(2) + "×" + x.size(3) : "")
                + "; use a larger batch (--batch-size)");
    }

    @Override
    public String script() {
        return String.format(Locale.ROOT, """
                def forward(self, x: Tensor):
                    return torch.batch_norm(x, self.weight, self.bias, self.running_mean, self.running_var, \
                False, %s, %s, True)
                """, momentum, eps);
    }
}
