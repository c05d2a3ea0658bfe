package dev.limbeck.distill.loss;

import dev.limbeck.nn.BatchNorm2d;
import dev.limbeck.nn.Conv2d;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.Sequential;
import dev.limbeck.tensor.LayerOps;
import dev.limbeck.tensor.Ops;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Let deep layers of the student review with shallow ones: from the deepest on, each layer's features are fused with
 * what came from the deeper ones by trained blocks with an attention of their own, and compared with the teacher's
 * layer of that depth at several sizes (full, 4, 2 and 1; weights 1, ½, ¼, ⅛ over their sum). The sum over the layers.
 * A pair names the layers from shallow to deep. Takes N×C×H×W of each layer. For convolutional networks with stages of
 * several resolutions.
 *
 * <p>Chen et al., Distilling Knowledge via Knowledge Review, CVPR 2021.
 */
public record ReviewKD() implements FeatureLoss {
    private static final long[] SIZES = {4, 2, 1};
    private static final long WIDEST = 512;

    /** Compare two maps of one shape, N×C×H×W, at several resolutions. Return N values. */
    public static Tensor compare(Tensor student, Tensor teacher) {
        Tensor sum = Maps.rowMean(student.sub(teacher).square());
        double weight = 1;
        double total = 1;
        for (long size : SIZES) {
            if (size >= student.size(2)) continue;
            weight /= 2;
            total += weight;
            Tensor difference = LayerOps.adaptiveAvgPool2d(student, size, size)
                    .sub(LayerOps.adaptiveAvgPool2d(teacher, size, size));
            sum = sum.add(Ops.mul(Maps.rowMean(difference.square()), weight));
        }
        return Ops.div(sum, total);
    }

    @Override
    public Needs needs() {
        return Needs.POSITIONS;
    }

    @Override
    public int layers() {
        return 0;
    }

    @Override
    public Bound bind(Shapes shapes) {
        return new Review(shapes);
    }

    private static final class Review extends LearnedLoss {
        private final List<Fusion> fusions = new ArrayList<>();

        Review(Shapes shapes) {
            int last = shapes.student().size() - 1;
            long middle = WIDEST;
            for (long[] shape : shapes.student()) middle = Math.min(middle, shape[0]);
            middle = Math.max(middle, Math.min(WIDEST, shapes.student().get(last)[0]));
            for (int i = 0; i <= last; i++) {
                fusions.add(child(
                        "fusion" + i,
                        new Fusion(
                                shapes.student().get(i)[0],
                                middle,
                                shapes.teacher().get(i)[0],
                                i < last)));
            }
        }

        @Override
        public Tensor rows(Features features) {
            Tensor sum = null;
            Tensor deeper = null;
            for (int i = fusions.size() - 1; i >= 0; i--) {
                Fusion fusion = fusions.get(i);
                deeper = fusion.fuse(features.student().get(i), deeper);
                Tensor value = compare(fusion.out(deeper), features.teacher().get(i));
                sum = sum == null ? value : sum.add(value);
            }
            if (sum == null) throw new IllegalStateException("a review needs layers");
            return sum;
        }
    }

    /** Fuse a layer's features with those of deeper layers. */
    private static final class Fusion extends Module {
        private final Module in;
        private final Module out;
        private final Module attention;

        Fusion(long student, long middle, long teacher, boolean fuses) {
            in = child("in", new Sequential(Conv2d.of(student, middle, 1, 1, 0), new BatchNorm2d(middle)));
            out = child("out", new Sequential(Conv2d.of(middle, teacher, 3, 1, 1), new BatchNorm2d(teacher)));
            attention = fuses ? child("attention", Projections.conv(2 * middle, 2, 1)) : new Sequential();
        }

        Tensor fuse(Tensor own, @Nullable Tensor deeper) {
            Tensor x = in.apply(own);
            if (deeper == null) return x;
            Tensor y = Ops.upsampleNearest(deeper, x.size(2), x.size(3));
            Tensor shares = attention.apply(Ops.cat(1, x, y)).sigmoid();
            return x.mul(shares.narrow(1, 0, 1)).add(y.mul(shares.narrow(1, 1, 1)));
        }

        Tensor out(Tensor fused) {
            return out.apply(fused);
        }

        @Override
        protected Tensor forward(Tensor x) {
            return out(fuse(x, null));
        }
    }

    /** Register the loss. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super(
                    "review",
                    "ReviewKD: deep layers fused with shallow ones; two layers or more",
                    values -> new ReviewKD());
        }
    }
}
