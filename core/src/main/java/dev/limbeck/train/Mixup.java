package dev.limbeck.train;

import dev.limbeck.Settings;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Draws;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.commons.math3.distribution.BetaDistribution;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Mix every training image with another of its batch, and the task's loss with it: λ·loss(own labels) + (1 − λ)·loss(the
 * other's), λ ~ Beta(α, α) for each batch. A teacher is asked about the very same mixed images. Draws depend on the
 * learner's seed and the step only.
 */
public final class Mixup implements Callback {
    private static final long LOTS = 11;

    private final double alpha;
    private final boolean cut;
    private @Nullable Tensor otherLabels;
    private double share;

    private Mixup(double alpha, boolean cut) {
        this.alpha = Settings.positive("alpha", alpha);
        this.cut = cut;
    }

    /** Blend whole images: λ·x + (1 − λ)·other (Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018). */
    public static Mixup blend(double alpha) {
        return new Mixup(alpha, false);
    }

    /** Paste a box of the other image, 1 − λ of the area (Yun et al., "CutMix", ICCV 2019). */
    public static Mixup cut(double alpha) {
        return new Mixup(alpha, true);
    }

    @Override
    public void beforeBatch(Step step) {
        Batch batch = step.batch();
        Draws draws = Draws.of(step.fit().learner().seed(), LOTS, step.index());
        int[] order = IntStream.range(0, batch.size()).toArray();
        draws.shuffle(order);
        share = new BetaDistribution(alpha, alpha).inverseCumulativeProbability(draws.nextDouble());
        Tensor input = batch.input();
        Tensor mask = cut ? mask(input.size(2), input.size(3), draws) : Tensors.of(new float[] {(float) share}, 1);
        Tensor own = Tensors.to(mask, input.device());
        Tensor index =
                Tensors.to(Tensors.of(Arrays.stream(order).asLongStream().toArray(), order.length), input.device());
        // own·x + (1 − own)·other, without a tensor for 1 − own
        Tensor other = Ops.indexSelect(input, 0, index);
        Tensor mixed = other.add(input.sub(other).mul(own));
        otherLabels = Ops.indexSelect(batch.labels(), 0, index);
        step.replaceBatch(new Batch(List.of(mixed), batch.labels(), batch.indices()));
    }

    /** Return 1 where the own image stays, and set λ to the area that really does. */
    private Tensor mask(long height, long width, Draws draws) {
        double side = Math.sqrt(1 - share);
        double y = draws.nextDouble() * height;
        double x = draws.nextDouble() * width;
        int top = (int) Math.max(0, Math.round(y - side * height / 2));
        int bottom = (int) Math.min(height, Math.round(y + side * height / 2));
        int left = (int) Math.max(0, Math.round(x - side * width / 2));
        int right = (int) Math.min(width, Math.round(x + side * width / 2));
        float[] mask = new float[Math.toIntExact(height * width)];
        Arrays.fill(mask, 1);
        for (int row = top; row < bottom; row++) {
            Arrays.fill(mask, (int) (row * width) + left, (int) (row * width) + Math.max(left, right), 0);
        }
        share = 1 - Math.max(0, bottom - top) * Math.max(0, right - left) / (double) (height * width);
        return Tensors.of(mask, 1, 1, height, width);
    }

    @Override
    public void afterLoss(Step step) {
        Tensor labels = otherLabels;
        otherLabels = null;
        if (labels == null) return;
        // A row without label gives none of the other kind either; a batch of such rows has no loss to mix.
        if (LongStream.of(Tensors.toLongs(labels)).allMatch(label -> label < 0)) return;
        Tensor other = step.fit().learner().loss().apply(step.prediction(), labels);
        Tensor own = step.term(Step.TASK);
        step.setValue(Step.TASK, Ops.mul(own, share).add(Ops.mul(other, 1 - share)));
    }
}
