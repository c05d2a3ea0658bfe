package dev.limbeck.distill;

import static dev.limbeck.distill.loss.Divergence.Kind.FORWARD;
import static dev.limbeck.distill.loss.Divergence.Kind.JEFFREYS;
import static dev.limbeck.distill.loss.Divergence.Kind.JENSEN_SHANNON;
import static dev.limbeck.distill.loss.Divergence.Kind.REVERSE;
import static dev.limbeck.distill.loss.Divergence.Kind.SKEW;
import static dev.limbeck.distill.loss.Divergence.Kind.SKEW_REVERSE;
import static dev.limbeck.distill.loss.Divergence.Kind.TOTAL_VARIATION;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.ClosedForm;
import dev.limbeck.LimbeckException;
import dev.limbeck.Softmax;
import dev.limbeck.Task;
import dev.limbeck.distill.loss.DecoupledKD;
import dev.limbeck.distill.loss.Dist;
import dev.limbeck.distill.loss.Divergence;
import dev.limbeck.distill.loss.HardLabel;
import dev.limbeck.distill.loss.LogitLoss;
import dev.limbeck.distill.loss.LogitMse;
import dev.limbeck.distill.loss.LossType;
import dev.limbeck.distill.loss.Losses;
import dev.limbeck.distill.loss.MultiLabel;
import dev.limbeck.distill.loss.NormalizedKD;
import dev.limbeck.distill.loss.OneForAll;
import dev.limbeck.distill.loss.OutputKind;
import dev.limbeck.distill.loss.RowTemperature;
import dev.limbeck.distill.loss.SoftCrossEntropy;
import dev.limbeck.distill.loss.SoftTarget;
import dev.limbeck.distill.loss.StandardizedLogits;
import dev.limbeck.distill.loss.WeightedSoftLabel;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class LogitLossTest {
    private static final int ROWS = 4;
    private static final int CLASSES = 5;
    /** Compute a separate temperature for each row. */
    private static final UnaryOperator<Tensor> OWN = teacher -> Ops.add(Ops.norm(teacher, 1), 1);

    static Stream<Arguments> golden() {
        return Stream.of(
                Arguments.of("KD KL batchmean*T^2, T=1", new SoftTarget(1)),
                Arguments.of("KD KL batchmean*T^2, T=4", new SoftTarget(4)),
                Arguments.of("KD KL batchmean*T^2, T=5 (fasterai SoftTarget default)", new SoftTarget(5)),
                Arguments.of("soft CE *T^2, T=4", new SoftCrossEntropy(4).scaled()),
                Arguments.of("soft CE no T^2, T=4 (TextBrewer ce)", new SoftCrossEntropy(4)),
                Arguments.of("MSE logits (mean over B*C)", new LogitMse()),
                Arguments.of("hard distillation CE(argmax teacher)", new HardLabel()),
                Arguments.of("DKD a=1 b=8 T=4", new DecoupledKD(1, 8, 4)),
                Arguments.of("TCKD*T^2, T=4", new DecoupledKD(1, 0, 4)),
                Arguments.of("NCKD*T^2, T=4", new DecoupledKD(0, 1, 4)),
                Arguments.of("NKD temp=1 gamma=1.5", new NormalizedKD(1.5, 1)),
                Arguments.of("LogitStd KD (unbiased std) T=2, *T^2", new StandardizedLogits()),
                Arguments.of("DIST inter only tau=1", new Dist(1, 0, 1)),
                Arguments.of("DIST intra only tau=1", new Dist(0, 1, 1)),
                Arguments.of("DIST b=g=1 tau=1", new Dist(1, 1, 1)),
                Arguments.of("DIST b=g=1 tau=4", new Dist(1, 1, 4)),
                Arguments.of("OFA eps=1.5 tau=1", new OneForAll(1.5)),
                Arguments.of("WSLD T=2 (mmrazor form)", new WeightedSoftLabel(2)),
                Arguments.of("divergence forward T=2", new Divergence(FORWARD, 2)),
                Arguments.of("divergence reverse T=1", new Divergence(REVERSE, 1)),
                Arguments.of("divergence reverse T=4", new Divergence(REVERSE, 4)),
                Arguments.of("divergence jeffreys T=2", new Divergence(JEFFREYS, 2)),
                Arguments.of("divergence jensen-shannon T=1 share=0.5", new Divergence(JENSEN_SHANNON, 1)),
                Arguments.of("divergence jensen-shannon T=2 share=0.1", new Divergence(JENSEN_SHANNON, 2, 0.1, false)),
                Arguments.of("divergence jensen-shannon T=1 share=0.9", new Divergence(JENSEN_SHANNON, 1, 0.9, false)),
                Arguments.of("divergence total-variation T=1", new Divergence(TOTAL_VARIATION, 1)),
                Arguments.of("divergence total-variation T=3", new Divergence(TOTAL_VARIATION, 3)),
                Arguments.of("divergence skew T=1 share=0.1", new Divergence(SKEW, 1)),
                Arguments.of("divergence skew T=2 share=0.3", new Divergence(SKEW, 2, 0.3, false)),
                Arguments.of("divergence skew-reverse T=1 share=0.1", new Divergence(SKEW_REVERSE, 1)),
                Arguments.of("divergence skew-reverse T=2 share=0.3", new Divergence(SKEW_REVERSE, 2, 0.3, false)),
                Arguments.of("divergence forward T=2 sigmoid", new Divergence(FORWARD, 2, 0.5, true)),
                Arguments.of("divergence reverse T=2 sigmoid", new Divergence(REVERSE, 2, 0.5, true)),
                Arguments.of("divergence jeffreys T=1 sigmoid", new Divergence(JEFFREYS, 1, 0.5, true)),
                Arguments.of(
                        "divergence jensen-shannon T=2 share=0.3 sigmoid",
                        new Divergence(JENSEN_SHANNON, 2, 0.3, true)),
                Arguments.of("divergence total-variation T=1 sigmoid", new Divergence(TOTAL_VARIATION, 1, 0.5, true)),
                Arguments.of("divergence skew T=1 share=0.2 sigmoid", new Divergence(SKEW, 1, 0.2, true)),
                Arguments.of(
                        "divergence skew-reverse T=2 share=0.2 sigmoid", new Divergence(SKEW_REVERSE, 2, 0.2, true)),
                Arguments.of(
                        "CE(labels)", (LogitLoss) (student, teacher, labels) -> Ops.crossEntropy(student, labels)));
    }

    @ParameterizedTest
    @MethodSource("golden")
    void equalsTheReference(String row, LogitLoss loss) {
        try (Scope scope = Scope.open()) {
            LossProof.golden(row, inputs -> loss.compute(inputs[0], teacher(), labels()), student());
        }
    }

    private static Stream<LogitLoss> divergences() {
        return Stream.of(Divergence.Kind.values())
                .flatMap(kind -> Stream.of(
                        new Divergence(kind, 1),
                        new Divergence(kind, 2.5, 0.3, false),
                        new Divergence(kind, 1.5, 0.2, true)));
    }

    @Test
    void divergencesAreNamedBySettingsAndZeroForEqualLogits() {
        LossType type = Losses.byName("divergence");
        assertThat(type.logits(Map.of("kind", "jensen-shannon", "beta", "0.25", "temperature", 2)))
                .isEqualTo(new Divergence(JENSEN_SHANNON, 2, 0.25, false));
        assertThat(type.logits(Map.of("kind", "skew", "alpha", 0.3, "sigmoid", true)))
                .isEqualTo(new Divergence(SKEW, 1, 0.3, true));
        try (Scope scope = Scope.open()) {
            divergences()
                    .forEach(loss -> assertThat(
                                    loss.compute(teacher(), teacher(), labels()).item_double())
                            .as(loss.toString())
                            .isEqualTo(0, within(1e-12)));
            assertThat(new Divergence(FORWARD, 4)
                            .compute(student(), teacher(), labels())
                            .item_double())
                    .isEqualTo(
                            new SoftTarget(4)
                                    .compute(student(), teacher(), labels())
                                    .item_double(),
                            within(1e-12));
            assertThat(new Divergence(FORWARD, 2, 0.5, true)
                            .compute(student(), teacher(), labels())
                            .item_double())
                    .isEqualTo(
                            new MultiLabel(2)
                                    .compute(student(), teacher(), labels())
                                    .item_double(),
                            within(1e-12));
        }
        assertThat(type.logits(Map.of("sigmoid", true)).fits(Task.Kind.MULTI_LABEL))
                .isTrue();
        assertThat(type.logits(Map.of("sigmoid", true)).fits(Task.Kind.REGRESSION))
                .isFalse();
        assertThat(type.logits(Map.of()).fits(Task.Kind.MULTI_LABEL)).isFalse();
        assertThat(new Divergence(REVERSE, 1).needs()).isEqualTo(OutputKind.PROBABILITIES);
        assertThat(new Divergence(FORWARD, 1).needs()).isEqualTo(OutputKind.TOP_CLASSES);
    }

    @Test
    void divergencesRefuseSettingsThatChangeNothing() {
        LossType type = Losses.byName("divergence");
        assertThatThrownBy(() -> type.logits(Map.of("kind", "reverse", "alpha", 0.3)))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("the divergence reverse has no alpha, found 0.3; leave it out, or choose another kind");
        assertThatThrownBy(() -> type.logits(Map.of("kind", "skew", "alpha", 1)))
                .hasMessage("alpha must be above 0 and below 1, found 1.0");
        assertThatThrownBy(() -> type.logits(Map.of("kind", "symmetric")))
                .hasMessage("kind must be one of forward, reverse, jeffreys, jensen-shannon, total-variation, skew, "
                        + "skew-reverse, found 'symmetric'");
    }

    static Stream<LogitLoss> losses() {
        return Stream.concat(
                Stream.concat(
                        divergences(),
                        Losses.types().stream()
                                .filter(type -> !type.comparesFeatures())
                                .map(type -> type.logits(Map.of()))),
                Stream.of(
                        new SoftTarget(2.5),
                        new SoftCrossEntropy(1.7).scaled(),
                        new DecoupledKD(0.7, 3, 2.5),
                        new NormalizedKD(0.8, 2.5),
                        new Dist(0.6, 1.7, 2.5),
                        new WeightedSoftLabel(3.5),
                        new OneForAll(1.9),
                        new StandardizedLogits(new DecoupledKD(2, 0.5, 1.5)),
                        new StandardizedLogits(new Dist(2, 0.5, 1.5)),
                        new MultiLabel(2.5),
                        new RowTemperature(OWN, new SoftTarget(1)),
                        new RowTemperature(OWN, new Dist(0.6, 1.7, 1)),
                        new RowTemperature(OWN, new StandardizedLogits(new DecoupledKD(2, 0.5, 1.5)))));
    }

    /** Return all losses except the one whose weights have no gradient, which has its own test. */
    static Stream<LogitLoss> smooth() {
        return losses().filter(loss -> !(loss instanceof WeightedSoftLabel));
    }

    @ParameterizedTest
    @MethodSource("smooth")
    void gradientEqualsFiniteDifferences(LogitLoss loss) {
        try (Scope scope = Scope.open()) {
            LossProof.finiteDifferences(inputs -> loss.compute(inputs[0], teacher(), labels()), student());
        }
    }

    @Test
    void weightedSoftLabelIsAWeightedSoftCrossEntropy() {
        try (Scope scope = Scope.open()) {
            LogitLoss label = (student, teacher, labels) -> Ops.logSoftmax(student, 1)
                    .gather(1, labels.unsqueeze(1))
                    .squeeze(1)
                    .neg();
            double[] ours = Tensors.toDoubles(label.rows(student(), teacher(), labels()));
            double[] theirs = Tensors.toDoubles(label.rows(teacher(), teacher(), labels()));
            double[] weights = new double[ROWS];
            double mean = 0;
            for (int i = 0; i < ROWS; i++) {
                weights[i] = 1 - Math.exp(-ours[i] / (theirs[i] + 1e-7));
                mean += weights[i] / ROWS;
            }
            Tensor one = student();
            Tensor other = student();
            one.set_requires_grad(true);
            other.set_requires_grad(true);
            new WeightedSoftLabel(3.5).compute(one, teacher(), labels()).backward();
            Ops.mul(
                            new SoftCrossEntropy(3.5)
                                    .scaled()
                                    .compute(other, teacher(), labels(), Tensors.of(weights, ROWS)),
                            mean)
                    .backward();
            assertThat(Tensors.toDoubles(one.grad())).containsExactly(Tensors.toDoubles(other.grad()), within(1e-12));
        }
    }

    @ParameterizedTest
    @MethodSource("losses")
    void noGradientReachesTheTeacher(LogitLoss loss) {
        try (Scope scope = Scope.open()) {
            Tensor student = student();
            student.set_requires_grad(true);
            Tensor teacher = teacher();
            teacher.set_requires_grad(true);
            loss.compute(student, teacher, labels()).backward();
            assertThat(Tensors.hasGrad(teacher)).isFalse();
        }
    }

    @ParameterizedTest
    @MethodSource("losses")
    void doesNotDependOnTheBatchSize(LogitLoss loss) {
        try (Scope scope = Scope.open()) {
            double once = loss.compute(student(), teacher(), labels()).item_double();
            double twice = loss.compute(
                            Ops.cat(0, student(), student()),
                            Ops.cat(0, teacher(), teacher()),
                            Ops.cat(0, labels(), labels()))
                    .item_double();
            // A correlation's epsilon against a zero norm weighs less in a longer column.
            assertThat(twice).isEqualTo(once, within(loss.toString().contains("Dist") ? 1e-6 : 1e-12));
        }
    }

    @ParameterizedTest
    @MethodSource("losses")
    void staysFiniteAtExtremeLogits(LogitLoss loss) {
        try (Scope scope = Scope.open()) {
            for (DType type : List.of(DType.FLOAT64, DType.FLOAT32)) {
                Tensor extreme = Tensors.to(Ops.mul(student(), 1e4), type);
                Tensor moderate = Tensors.to(student(), type);
                Tensor equal = Tensors.zeros(type, ROWS, CLASSES);
                Tensor teacher = Tensors.to(teacher(), type);
                staysFinite(loss, extreme, Ops.mul(teacher, 1e4));
                staysFinite(loss, extreme, Ops.mul(teacher, -1e4));
                staysFinite(loss, extreme, extreme);
                staysFinite(loss, moderate, Ops.mul(teacher, 1e4));
                staysFinite(loss, extreme, equal);
                // A classifier initialized with zeros gives equal logits.
                staysFinite(loss, equal, teacher);
            }
        }
    }

    private static void staysFinite(LogitLoss loss, Tensor student, Tensor teacher) {
        Tensor ours = student.detach().clone();
        ours.set_requires_grad(true);
        Tensor value = loss.compute(ours, teacher, labels());
        value.backward();
        assertThat(Ops.allFinite(value)).isTrue();
        assertThat(Ops.allFinite(ours.grad())).isTrue();
    }

    /**
     * Add two classes with negligible logits, which must change nothing; losses over all classes get every class twice.
     */
    @ParameterizedTest
    @MethodSource("losses")
    void doesNotDependOnTheNumberOfClasses(LogitLoss loss) {
        try (Scope scope = Scope.open()) {
            String name = loss.toString();
            // Standardized logits, and temperatures computed from all logits, change with more classes.
            if (name.contains("Standardized") || name.contains("RowTemperature")) return;
            boolean overClasses = loss instanceof LogitMse || loss instanceof Dist;
            Tensor never = Ops.mul(Tensors.full(1, DType.FLOAT64, ROWS, 2), -1e4);
            Tensor ours = Ops.cat(1, student(), overClasses ? student() : never);
            Tensor theirs = Ops.cat(1, teacher(), overClasses ? teacher() : never);
            double more = loss.compute(ours, theirs, labels()).item_double();
            double fewer = loss.compute(student(), teacher(), labels()).item_double();
            assertThat(more).isEqualTo(fewer, within(1e-6 * Math.abs(fewer)));
        }
    }

    @Test
    void distRefusesASingleRow() {
        try (Scope scope = Scope.open()) {
            Tensor one = student().narrow(0, 0, 1);
            Tensor label = Tensors.of(new long[] {0}, 1);
            for (LogitLoss loss :
                    List.of(new Dist(), new StandardizedLogits(new Dist()), new RowTemperature(OWN, new Dist()))) {
                assertThatThrownBy(() -> loss.compute(one, one, label))
                        .isInstanceOf(LimbeckException.class)
                        .hasMessageEndingWith(
                                "compares rows with each other, found a batch of 1; use batches of 2 or more");
            }
            assertThat(new Dist(1, 0, 1).compute(one, one, label).item_double()).isEqualTo(0, within(1e-6));
        }
    }

    @ParameterizedTest
    @MethodSource("losses")
    void refusesOtherClassCountsInPlaceOfBroadcasting(LogitLoss loss) {
        try (Scope scope = Scope.open()) {
            assertThatThrownBy(() -> loss.compute(student(), Tensors.of(new double[ROWS], ROWS, 1), labels()))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageContaining("4×5 and 4×1");
        }
    }

    @ParameterizedTest
    @MethodSource("losses")
    void weightsCountRows(LogitLoss loss) {
        try (Scope scope = Scope.open()) {
            Tensor twiceAndNever = Tensors.of(new double[] {2, 1, 1, 0}, ROWS);
            Tensor rows = Tensors.of(new long[] {0, 0, 1, 2}, 4);
            double weighted =
                    loss.compute(student(), teacher(), labels(), twiceAndNever).item_double();
            double repeated = loss.compute(
                            Ops.indexSelect(student(), 0, rows),
                            Ops.indexSelect(teacher(), 0, rows),
                            Ops.indexSelect(labels(), 0, rows))
                    .item_double();
            assertThat(weighted).isEqualTo(repeated, within(1e-6 * Math.abs(repeated)));
            Tensor none = Tensors.of(new double[ROWS], ROWS);
            assertThat(loss.compute(student(), teacher(), labels(), none).item_double())
                    .isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("losses")
    void denseOutputsAreRowsByPosition(LogitLoss loss) {
        try (Scope scope = Scope.open()) {
            // Positions 0…3 of one 2×2 image; all positions of a second image are ignored.
            Tensor labels = Tensors.of(new long[] {0, 3, 1, 4, -100, -100, -100, -100}, 2, 2, 2);
            double dense = loss.compute(
                            Ops.cat(0, dense(student()), dense(teacher())),
                            Ops.cat(0, dense(teacher()), dense(student())),
                            labels)
                    .item_double();
            double rows = loss.compute(student(), teacher(), labels()).item_double();
            assertThat(dense).isEqualTo(rows, within(1e-6 * Math.abs(rows)));
        }
    }

    private static Tensor dense(Tensor rows) {
        return rows.t().reshape(1, CLASSES, 2, 2);
    }

    @ParameterizedTest
    @MethodSource("losses")
    void rowsWithoutLabelCountOnlyWhereNoLabelIsNeeded(LogitLoss loss) {
        try (Scope scope = Scope.open()) {
            double all = loss.compute(student(), teacher(), Tensors.of(new long[] {0, 3, 1, -1}, ROWS))
                    .item_double();
            Tensor first = Tensors.of(new long[] {0, 1, 2}, 3);
            double labeled = loss.compute(
                            Ops.indexSelect(student(), 0, first),
                            Ops.indexSelect(teacher(), 0, first),
                            Ops.indexSelect(labels(), 0, first))
                    .item_double();
            double expected = loss.needsLabels()
                    ? labeled
                    : loss.compute(student(), teacher(), labels()).item_double();
            assertThat(all).isEqualTo(expected, within(1e-6 * Math.abs(expected)));
        }
    }

    @ParameterizedTest
    @MethodSource("losses")
    void float32IsNearFloat64(LogitLoss loss) {
        try (Scope scope = Scope.open()) {
            double exact = loss.compute(student(), teacher(), labels()).item_double();
            Tensor value =
                    loss.compute(Tensors.to(student(), DType.FLOAT32), Tensors.to(teacher(), DType.FLOAT32), labels());
            assertThat(DType.of(value)).isEqualTo(DType.FLOAT32);
            assertThat(value.item_double()).isEqualTo(exact, within(1e-5 * Math.max(1, Math.abs(exact))));
        }
    }

    @Test
    void decoupledStillPullsWhereTheStudentIsMostWrong() {
        try (Scope scope = Scope.open()) {
            Tensor student = Tensors.of(new double[] {-60, 60, 0}, 1, 3);
            student.set_requires_grad(true);
            Tensor teacher = Tensors.of(new double[] {60, -60, 0}, 1, 3);
            new DecoupledKD(1, 0, 1)
                    .compute(student, teacher, Tensors.of(new long[] {0}, 1))
                    .backward();
            assertThat(Tensors.toDoubles(student.grad())[0]).isEqualTo(-1, within(1e-9));
        }
    }

    @Test
    void normalizedIsNotDecoupled() {
        try (Scope scope = Scope.open()) {
            // With the target term alone, NKD decreases with the teacher's confidence, but DKD is 0 for equal networks.
            assertThat(new DecoupledKD(1, 1.5, 1)
                            .compute(teacher(), teacher(), labels())
                            .item_double())
                    .isEqualTo(0, within(1e-12));
            assertThat(new NormalizedKD(1.5, 1)
                            .compute(teacher(), teacher(), labels())
                            .item_double())
                    .isGreaterThan(0.5);
        }
    }

    @Test
    void distIsZeroForEqualLogits() {
        try (Scope scope = Scope.open()) {
            assertThat(new Dist().compute(teacher(), teacher(), labels()).item_double())
                    .isEqualTo(0, within(1e-6));
        }
    }

    @Test
    void softTargetIsZeroForEqualLogits() {
        try (Scope scope = Scope.open()) {
            assertThat(new SoftTarget(3).compute(teacher(), teacher(), labels()).item_double())
                    .isEqualTo(0, within(1e-12));
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -1, Double.NaN, Double.POSITIVE_INFINITY})
    void refusesTemperaturesThatAreNotPositive(double temperature) {
        assertThatThrownBy(() -> new SoftTarget(temperature))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith("temperature must be a positive number, found");
        assertThatThrownBy(() -> new SoftCrossEntropy(temperature)).isInstanceOf(LimbeckException.class);
    }

    @Test
    void softensTheTutorialsExample() {
        double[] logits = {1.2, 5.1, 2.9, 0.3};
        assertThat(Softmax.of(logits, 1)).containsExactly(new double[] {0.0178, 0.8777, 0.0972, 0.0072}, within(1e-4));
        assertThat(Softmax.of(logits, 3)).containsExactly(new double[] {0.1394, 0.5116, 0.2457, 0.1033}, within(1e-4));
    }

    private static Tensor student() {
        return ClosedForm.float64(k -> 2 * Math.sin(1.3 * (k / CLASSES) + 0.7 * (k % CLASSES) + 0.2), ROWS, CLASSES);
    }

    private static Tensor teacher() {
        return ClosedForm.float64(k -> 3 * Math.cos(0.9 * (k / CLASSES) - 0.4 * (k % CLASSES) + 0.5), ROWS, CLASSES);
    }

    private static Tensor labels() {
        return Tensors.of(new long[] {0, 3, 1, 4}, ROWS);
    }
}
