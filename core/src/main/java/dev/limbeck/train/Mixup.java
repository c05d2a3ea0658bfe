package dev.limbeck.train;

import dev.limbeck.LimbeckException;
import dev.limbeck.Settings;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Draws;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.commons.math3.distribution.BetaDistribution;
import org.bytedeco.pytorch.Tensor;

/**
 * Mix each training image with another image of its batch, and mix the task loss accordingly: λ·loss(own labels) + (1 −
 * λ)·loss(other labels), with λ ~ Beta(α, α) per batch. The teacher sees the same mixed images. Random draws depend
 * only on the learner's seed and the step.
 */
public final class Mixup implements Callback {
    private static final int IMAGE_DIMENSIONS = 3;

    private static final long LOTS = 11;

    private final double alpha;
    private final boolean cut;

    private Mixup(double alpha, boolean cut) {
        this.alpha = Settings.positive("alpha", alpha);
        this.cut = cut;
    }

    /** Blend whole images: λ·x + (1 − λ)·other (Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018). */
    public static Mixup blend(double alpha) {
        return new Mixup(alpha, false);
    }

    /** Paste a box of the other image with an area share of 1 − λ (Yun et al., "CutMix", ICCV 2019). */
    public static Mixup cut(double alpha) {
        return new Mixup(alpha, true);
    }

    @Override
    public void beforeFit(TrainingContext fit) {
        List<InputSpec> inputs = fit.data().inputs();
        boolean floats = inputs.stream().allMatch(input -> input.type().isFloatingPoint());
        boolean images = inputs.size() == 1 && inputs.get(0).shape().length == IMAGE_DIMENSIONS;
        if (cut ? images : floats) return;
        throw new LimbeckException((cut ? "cutmix mixes images" : "mixup mixes floating-point inputs") + ", found "
                + inputs.stream().map(InputSpec::toString).collect(Collectors.joining(", ")) + "; leave it out");
    }

    @Override
    public TrainingTask decorate(TrainingTask task) {
        return step -> {
            Batch batch = step.batch();
            Draws draws = Draws.of(step.fit().seed(), LOTS, step.index());
            int[] order = IntStream.range(0, batch.size()).toArray();
            draws.shuffle(order);
            double share = new BetaDistribution(alpha, alpha).inverseCumulativeProbability(draws.nextDouble());
            Tensor index = Tensors.to(
                    Tensors.of(Arrays.stream(order).asLongStream().toArray(), order.length),
                    batch.inputs().device());
            Tensor others = Ops.indexSelect(batch.targets(), 0, index);
            if (cut) {
                Box box = new Box(draws.nextDouble(), draws.nextDouble(), Math.sqrt(1 - share));
                share = box.share(batch.input().size(2), batch.input().size(3));
                step.replaceBatch(
                        batch.changed(input -> mixed(input, index, box.outside(input.size(2), input.size(3)))));
            } else {
                float own = (float) share;
                step.replaceBatch(batch.changed(input -> mixed(input, index, Tensors.of(new float[] {own}, 1))));
            }
            step.mixTargets(others, share);
            task.forward(step);
        };
    }

    /** Compute own·x + (1 − own)·other without a tensor for 1 − own. */
    private static Tensor mixed(Tensor input, Tensor index, Tensor own) {
        Tensor other = Ops.indexSelect(input, 0, Tensors.to(index, input.device()));
        return other.add(input.sub(other).mul(Tensors.to(own, input.device())));
    }

    /** Hold a box by its center and side, as shares of the image's height and width. */
    private record Box(double y, double x, double side) {
        private int first(double center, long length) {
            return (int) Math.max(0, Math.round(center * length - side * length / 2));
        }

        private int end(double center, long length) {
            int end = (int) Math.min(length, Math.round(center * length + side * length / 2));
            return Math.max(first(center, length), end);
        }

        /** Return a mask that is 1 outside the box, where the original image stays. */
        Tensor outside(long height, long width) {
            float[] mask = new float[Math.toIntExact(height * width)];
            Arrays.fill(mask, 1);
            for (int row = first(y, height); row < end(y, height); row++) {
                Arrays.fill(mask, (int) (row * width) + first(x, width), (int) (row * width) + end(x, width), 0);
            }
            return Tensors.of(mask, 1, 1, height, width);
        }

        /** Return the share of the area outside the box. */
        double share(long height, long width) {
            int cut = (end(y, height) - first(y, height)) * (end(x, width) - first(x, width));
            return 1 - cut / (double) (height * width);
        }
    }
}
