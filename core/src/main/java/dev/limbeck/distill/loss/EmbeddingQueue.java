package dev.limbeck.distill.loss;

import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.Locale;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;

/**
 * Compare how both networks see an image beside others: KL(pₜ ‖ pₛ) over a queue of K embeddings that the teacher gave
 * to earlier images, with pₜ = softmax(cos(t, queue)/Tₜ) and pₛ = softmax(cos(W·s, queue)/T). The embeddings in the queue
 * act as classes, so no labels are needed. A trained linear map W aligns different widths. After each batch, the
 * teacher's embeddings replace the oldest ones; the first batch is compared with itself. Works on vectors; maps are
 * averaged over positions.
 *
 * <p>Fang et al., SEED: Self-supervised Distillation for Visual Representation, ICLR 2021. The authors use a queue of
 * 65,536, T 0.2 and Tₜ 0.01, and put the teacher's embedding of the image itself into the queue, too.
 *
 * @param queue K, at most the number of training rows; 0, the default, for the largest power of two up to a quarter of
 *     them, and at most 4,096
 * @param temperature T, positive; 0.1 is the default
 * @param teacherTemperature Tₜ, positive; 0.05 is the default
 */
public record EmbeddingQueue(int queue, double temperature, double teacherTemperature) implements FeatureLoss {
    private static final LossSetting<Integer> QUEUE = LossSetting.whole(
                    "queue", 0, "number of the teacher's embeddings to compare with; 0: fitted to the data")
            .atLeast(0);
    private static final LossSetting<Double> TEMPERATURE = LossSetting.temperature(0.1);
    private static final LossSetting<Double> TEACHER_TEMPERATURE =
            LossSetting.number("teacher-T", 0.05, "the teacher's temperature").positive();

    private static final int LARGEST = 4096;
    private static final int SHARE = 4;

    public EmbeddingQueue {
        QUEUE.check(queue);
        TEMPERATURE.check(temperature);
        TEACHER_TEMPERATURE.check(teacherTemperature);
    }

    /** Use a queue fitted to the data, T 0.1 and Tₜ 0.05. */
    public EmbeddingQueue() {
        this(QUEUE.defaultValue(), TEMPERATURE.defaultValue(), TEACHER_TEMPERATURE.defaultValue());
    }

    @Override
    public Needs needs() {
        return Needs.CHANNELS;
    }

    /** Return the size of the queue for a number of training rows. */
    int size(int rows) {
        if (queue > rows) {
            throw new LimbeckException("the queue must hold at most one embedding for each of " + rows
                    + " training rows, found " + queue + "; use a smaller queue, or leave it out");
        }
        return queue > 0 ? queue : Integer.highestOneBit(Math.max(1, Math.min(LARGEST, rows / SHARE)));
    }

    @Override
    public Bound bind(Shapes shapes) {
        return new Memory(this, size(shapes.labels().length), shapes.teacher().get(0)[0]);
    }

    private static final class Memory extends LearnedLoss {
        private final EmbeddingQueue settings;
        private final long size;
        private final Tensor entries;
        /** Number of embeddings that ever entered. */
        private final Tensor entered;

        Memory(EmbeddingQueue settings, int size, long width) {
            this.settings = settings;
            this.size = size;
            entries = buffer("queue", Tensors.zeros(DType.FLOAT32, size, width));
            entered = buffer("entered", Tensors.zeros(DType.INT64, 1));
        }

        @Override
        public String holds() {
            return String.format(Locale.ROOT, "a queue of %,d of the teacher's embeddings", size);
        }

        @Override
        public Tensor rows(Features features) {
            Tensor ours = Ops.normalize(Ops.embedding(features.student().get(0)), 1);
            Tensor theirs =
                    Ops.normalize(Ops.embedding(features.teacher().get(0).detach()), 1);
            boolean first = entered.item_long() == 0;
            if (first) enter(theirs);
            Tensor others = Tensors.to(entries.narrow(0, 0, Math.min(size, entered.item_long())), DType.of(ours))
                    .clone()
                    .t();
            Tensor student = Ops.logSoftmax(Ops.div(ours.matmul(others), settings.temperature), 1);
            Tensor teacher = Ops.logSoftmax(Ops.div(theirs.matmul(others), settings.teacherTemperature), 1);
            if (!first) enter(theirs);
            return Ops.sum(teacher.exp().mul(teacher.sub(student)), 1);
        }

        /** Replace the oldest embeddings by those of a batch. */
        private void enter(Tensor embeddings) {
            try (Scope scope = Scope.open();
                    NoGrad noGrad = NoGrad.on()) {
                long count = Math.min(size, embeddings.size(0));
                long from = entered.item_long();
                long[] places =
                        LongStream.range(0, count).map(i -> (from + i) % size).toArray();
                Tensor latest = embeddings.detach().narrow(0, embeddings.size(0) - count, count);
                Ops.putRows_(
                        entries,
                        Tensors.to(Tensors.of(places, places.length), entries.device()),
                        Tensors.to(latest, DType.FLOAT32));
                Ops.fill_(entered, from + count);
            }
        }
    }

    /** Register the loss. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super(
                    "embedding-queue",
                    "SEED: similarities to a queue of the teacher's embeddings; without labels",
                    values -> new EmbeddingQueue(
                            values.get(QUEUE), values.get(TEMPERATURE), values.get(TEACHER_TEMPERATURE)),
                    QUEUE,
                    TEMPERATURE,
                    TEACHER_TEMPERATURE);
        }
    }
}
