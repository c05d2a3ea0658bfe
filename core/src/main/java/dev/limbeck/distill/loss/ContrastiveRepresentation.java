package dev.limbeck.distill.loss;

import dev.limbeck.LimbeckException;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;

/**
 * Distinguish the teacher's embedding of the same image from embeddings of {@code negatives} images of other classes by
 * noise-contrastive estimation, and vice versa. Embeddings are trained linear maps to 128 dimensions, normalized to
 * length 1. Negatives come from two memory banks with one vector per training row, updated by a running mean. Works on
 * vectors; maps are averaged over positions. Suited to long trainings.
 *
 * <p>Tian, Krishnan and Isola, Contrastive Representation Distillation, ICLR 2020. The normalizing constants are those
 * of the first batch, as in the authors' code.
 *
 * @param negatives K ≥ 1 per row; 1024 is the default (the authors use 16384)
 * @param temperature T, positive; 0.07 is the default
 * @param momentum momentum of the memory banks, in [0, 1]; 0.5 is the default
 */
public record ContrastiveRepresentation(int negatives, double temperature, double momentum) implements FeatureLoss {
    private static final LossSetting<Integer> NEGATIVES = LossSetting.whole(
                    "negatives", 1024, "number of negatives per image")
            .atLeast(1);
    private static final LossSetting<Double> TEMPERATURE = LossSetting.temperature(0.07);
    private static final LossSetting<Double> MOMENTUM =
            LossSetting.number("momentum", 0.5, "momentum of the memory bank").inUnit();

    private static final long WIDTH = 128;
    private static final double EPSILON = 1e-7;

    public ContrastiveRepresentation {
        NEGATIVES.check(negatives);
        TEMPERATURE.check(temperature);
        MOMENTUM.check(momentum);
    }

    /** Use K 1024, T 0.07 and momentum 0.5. */
    public ContrastiveRepresentation() {
        this(NEGATIVES.defaultValue(), TEMPERATURE.defaultValue(), MOMENTUM.defaultValue());
    }

    @Override
    public Needs needs() {
        return Needs.NOTHING;
    }

    @Override
    public boolean remembersRows() {
        return true;
    }

    @Override
    public Bound bind(Shapes shapes) {
        return new Memory(this, shapes);
    }

    private static final class Memory extends LearnedLoss {
        private final ContrastiveRepresentation settings;
        private final Module student;
        private final Module teacher;
        private final Tensor studentMemory;
        private final Tensor teacherMemory;
        /** Logarithms of the normalizing constants of student and teacher; 0 before the first batch. */
        private final Tensor constants;
        /** Rows of other classes, for each label. */
        private final Map<Long, long[]> others = new HashMap<>();

        private final long rows;

        Memory(ContrastiveRepresentation settings, Shapes shapes) {
            this.settings = settings;
            int[] labels = shapes.labels();
            rows = labels.length;
            for (long label : IntStream.of(labels).distinct().asLongStream().toArray()) {
                long[] candidates = LongStream.range(0, rows)
                        .filter(row -> label < 0 || labels[(int) row] != label)
                        .toArray();
                if (candidates.length < (label < 0 ? 2 : 1)) {
                    throw new LimbeckException(
                            "ContrastiveRepresentation needs rows of at least two classes, found one; "
                                    + "use another loss");
                }
                others.put(label, candidates);
            }
            student = child("student", new Linear(shapes.student().get(0)[0], WIDTH));
            teacher = child("teacher", new Linear(shapes.teacher().get(0)[0], WIDTH));
            studentMemory = buffer("student_memory", unitVectors());
            teacherMemory = buffer("teacher_memory", unitVectors());
            constants = buffer("log_constants", Tensors.zeros(DType.FLOAT32, 2));
        }

        private Tensor unitVectors() {
            return Ops.normalize(Tensors.randn(rows, WIDTH), 1);
        }

        @Override
        public Tensor rows(Features features) {
            Tensor ours =
                    Ops.normalize(student.apply(Ops.embedding(features.student().get(0))), 1);
            Tensor theirs =
                    Ops.normalize(teacher.apply(Ops.embedding(features.teacher().get(0))), 1);
            Tensor picked = Tensors.to(pick(features), ours.device());
            Tensor ofStudent = likeness(teacherMemory, picked, ours, 0);
            Tensor ofTeacher = likeness(studentMemory, picked, theirs, 1);
            remember(features, ours, theirs);
            return contrast(ofStudent).add(contrast(ofTeacher));
        }

        /** Select N×(1+K) rows of the memory banks: the row itself, then K of other classes. */
        private Tensor pick(Features features) {
            int[] own = features.indices();
            int count = settings.negatives;
            double[] draws = Tensors.toDoubles(Ops.uniform_(Tensors.zeros(DType.FLOAT64, own.length, count), 0, 1));
            long[] labels = Tensors.toLongs(features.labels());
            long[] picked = new long[own.length * (count + 1)];
            for (int row = 0; row < own.length; row++) {
                int at = row * (count + 1);
                picked[at] = own[row];
                long[] from = others.get(labels[row]);
                for (int k = 0; k < count; k++) {
                    int drawn = (int) (draws[row * count + k] * from.length);
                    // Only a row without a label may be among its own negatives.
                    if (from[drawn] == own[row]) drawn = (drawn + 1) % from.length;
                    picked[at + 1 + k] = from[drawn];
                }
            }
            return Tensors.of(picked, own.length, count + 1L);
        }

        /** Return memory·vector/T − log Z for the selected rows, N×(1+K): its exponential would overflow for a small T. */
        private Tensor likeness(Tensor memory, Tensor picked, Tensor vectors, int side) {
            Tensor remembered =
                    Ops.indexSelect(memory, 0, picked.flatten()).reshape(picked.size(0), picked.size(1), WIDTH);
            Tensor products = remembered.bmm(vectors.unsqueeze(2)).squeeze(2);
            Tensor scaled = Ops.div(products, settings.temperature);
            Tensor constant = constants.narrow(0, side, 1);
            if (constant.item_double() == 0) {
                try (Scope scope = Scope.open();
                        NoGrad noGrad = NoGrad.on()) {
                    Ops.fill_(constant, logMeanExp(Tensors.toDoubles(scaled.detach())) + Math.log(rows));
                }
            }
            return Ops.add(scaled, -constant.item_double());
        }

        private static double logMeanExp(double... values) {
            double most = DoubleStream.of(values).max().orElse(0);
            return most
                    + Math.log(DoubleStream.of(values)
                            .map(value -> Math.exp(value - most))
                            .average()
                            .orElse(1));
        }

        /** Return −log(h₀/(h₀ + c)) − Σ log(noise/(hₖ + c)) for logarithms of likenesses h, where c is the noise and a little more. */
        private Tensor contrast(Tensor likeness) {
            double noise = settings.negatives / (double) rows;
            double floor = Math.log(noise + EPSILON);
            Tensor own = likeness.narrow(1, 0, 1).squeeze(1);
            Tensor other = likeness.narrow(1, 1, settings.negatives);
            Tensor yes = Ops.softplus(Ops.add(own.neg(), floor));
            Tensor no = Ops.sum(Ops.softplus(Ops.add(other, -floor)), 1);
            return Ops.add(yes.add(no), settings.negatives * (floor - Math.log(noise)));
        }

        private void remember(Features features, Tensor ours, Tensor theirs) {
            try (Scope scope = Scope.open();
                    NoGrad noGrad = NoGrad.on()) {
                Tensor index = Tensors.to(
                        Tensors.of(
                                Arrays.stream(features.indices()).asLongStream().toArray(), features.indices().length),
                        ours.device());
                remember(studentMemory, index, ours.detach());
                remember(teacherMemory, index, theirs.detach());
            }
        }

        private void remember(Tensor memory, Tensor index, Tensor vectors) {
            Tensor moved = Ops.mul(Ops.indexSelect(memory, 0, index), settings.momentum)
                    .add(Ops.mul(vectors, 1 - settings.momentum));
            Ops.putRows_(memory, index, Ops.normalize(moved, 1));
        }
    }

    /** Register the loss. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super(
                    "contrastive",
                    "CRD: contrast with other rows, in memory banks of all training rows",
                    values -> new ContrastiveRepresentation(
                            values.get(NEGATIVES), values.get(TEMPERATURE), values.get(MOMENTUM)),
                    NEGATIVES,
                    TEMPERATURE,
                    MOMENTUM);
        }
    }
}
