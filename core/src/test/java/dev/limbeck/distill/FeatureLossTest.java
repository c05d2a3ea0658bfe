package dev.limbeck.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.ClosedForm;
import dev.limbeck.LimbeckException;
import dev.limbeck.distill.loss.ActivationBoundaries;
import dev.limbeck.distill.loss.AttentionTransfer;
import dev.limbeck.distill.loss.ChannelWise;
import dev.limbeck.distill.loss.ContrastiveRepresentation;
import dev.limbeck.distill.loss.CorrelationCongruence;
import dev.limbeck.distill.loss.DirectFeatureLoss;
import dev.limbeck.distill.loss.FactorTransfer;
import dev.limbeck.distill.loss.FeatureLoss;
import dev.limbeck.distill.loss.FeatureLoss.Features;
import dev.limbeck.distill.loss.FeatureLoss.Shapes;
import dev.limbeck.distill.loss.FitNet;
import dev.limbeck.distill.loss.FlowOfSolution;
import dev.limbeck.distill.loss.InterChannelCorrelation;
import dev.limbeck.distill.loss.NeuronSelectivity;
import dev.limbeck.distill.loss.OverhaulFeature;
import dev.limbeck.distill.loss.ProbabilisticTransfer;
import dev.limbeck.distill.loss.RelationalAngle;
import dev.limbeck.distill.loss.RelationalDistance;
import dev.limbeck.distill.loss.ReviewKD;
import dev.limbeck.distill.loss.SimilarityPreserving;
import dev.limbeck.distill.loss.VariationalInformation;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class FeatureLossTest {
    private static final DirectFeatureLoss DISTANCE = new RelationalDistance();
    private static final DirectFeatureLoss ANGLE = new RelationalAngle();

    static Stream<Arguments> golden() {
        return Stream.of(
                map("FitNet MSE mean", new FitNet()),
                map("AT code form p=2 (mean over B*HW)", new AttentionTransfer(2)),
                map("AT paper form (sum_i ||.||_2 / B)", new AttentionTransfer().asInPaper()),
                map("SP (row L2, /B^2)", new SimilarityPreserving()),
                vector("PKT (mean over B*B)", new ProbabilisticTransfer()),
                vector("RKD-D (smooth L1, mean B*B)", DISTANCE),
                vector("RKD-A (smooth L1, mean B^3)", ANGLE),
                map("NST poly kernel d=2 c=0", new NeuronSelectivity()),
                vector(
                        "CC gaussian-Taylor P=2 gamma=.4, ||.||_F/B^2 (torchdistill; no sqrt undone)",
                        new CorrelationCongruence(0.4, 2, false)),
                map("AB fasterai (m=2, mean)", new ActivationBoundaries(2)),
                map("CWD tau=1", new ChannelWise(1)),
                map("CWD tau=4", new ChannelWise()),
                map("ICKD torchdistill", new InterChannelCorrelation().asPublished()),
                Arguments.of("RKD 25*D+50*A", (Supplied) () -> vectors(), (Function<Tensor[], Tensor>) x -> Ops.mul(
                                DISTANCE.of(x[0], teacherVectors()), 25)
                        .add(Ops.mul(ANGLE.of(x[0], teacherVectors()), 50))),
                computed("FT paper/mmrazor (L1 on L2-normalised flat factors)", (s, t) -> FactorTransfer.compare(s, t)),
                computed(
                        "VID identity regressor, var=5",
                        (s, t) -> VariationalInformation.compare(s, t, Tensors.of(new double[] {5}, 1))),
                computed("ReviewKD HCL levels 4,2,1", ReviewKD::compare),
                computed(
                        "OFD margin=-0.5 (mean over B, sum rest)",
                        (s, t) -> OverhaulFeature.compare(s, t, Tensors.of(new double[] {-0.5}, 1))));
    }

    private interface Supplied {
        Tensor get();
    }

    private static Arguments map(String row, DirectFeatureLoss loss) {
        return Arguments.of(
                row, (Supplied) () -> student(), (Function<Tensor[], Tensor>) x -> loss.of(x[0], teacher()));
    }

    private static Arguments vector(String row, DirectFeatureLoss loss) {
        return Arguments.of(
                row, (Supplied) () -> vectors(), (Function<Tensor[], Tensor>) x -> loss.of(x[0], teacherVectors()));
    }

    private static Arguments computed(String row, BiFunction<Tensor, Tensor, Tensor> rows) {
        return Arguments.of(row, (Supplied) () -> student(), (Function<Tensor[], Tensor>)
                x -> rows.apply(x[0], teacher()).mean());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("golden")
    void equalsTheReference(String row, Supplied student, Function<Tensor[], Tensor> loss) {
        try (Scope scope = Scope.open()) {
            LossProof.golden(row, loss, student.get());
        }
    }

    @Test
    void flowOfSolutionEqualsTheReference() {
        try (Scope scope = Scope.open()) {
            FeatureLoss.Bound bound = new FlowOfSolution().bind(shapes(2, 3, 3));
            LossProof.golden(
                    "FSP (avg-pool, MSE mean)",
                    x -> bound.rows(features(List.of(x), List.of(teacher(), deepTeacher())))
                            .mean(),
                    student(),
                    deepStudent());
        }
    }

    static Stream<DirectFeatureLoss> direct() {
        return Stream.of(
                new FitNet(),
                new AttentionTransfer(3),
                new AttentionTransfer(1.5).asInPaper(),
                new SimilarityPreserving(),
                new ProbabilisticTransfer(),
                new RelationalDistance(),
                new RelationalAngle(),
                new NeuronSelectivity(),
                new CorrelationCongruence(0.7, 3),
                new CorrelationCongruence(0.3, 1, false),
                new ActivationBoundaries(0.6),
                new ChannelWise(2.5),
                new InterChannelCorrelation(),
                new InterChannelCorrelation().asPublished());
    }

    @ParameterizedTest
    @MethodSource("direct")
    void gradientEqualsFiniteDifferences(DirectFeatureLoss loss) {
        try (Scope scope = Scope.open()) {
            LossProof.finiteDifferences(x -> loss.of(x[0], teacher()), student());
        }
    }

    @ParameterizedTest
    @MethodSource("direct")
    void noGradientReachesTheTeacher(DirectFeatureLoss loss) {
        try (Scope scope = Scope.open()) {
            Tensor student = student();
            student.set_requires_grad(true);
            Tensor teacher = teacher();
            teacher.set_requires_grad(true);
            loss.of(student, teacher).backward();
            assertThat(Tensors.hasGrad(teacher)).isFalse();
            assertThat(Ops.allFinite(student.grad())).isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("direct")
    void isZeroForEqualFeaturesAndFiniteForDeadOnes(DirectFeatureLoss loss) {
        try (Scope scope = Scope.open()) {
            if (!(loss instanceof ActivationBoundaries)) {
                assertThat(loss.of(teacher(), teacher()).item_double()).isEqualTo(0, within(1e-7));
            }
            Tensor dead = Tensors.zeros(DType.FLOAT64, 4, 3, 4, 4);
            dead.set_requires_grad(true);
            Tensor value = loss.of(dead, teacher());
            value.backward();
            assertThat(Ops.allFinite(value)).isTrue();
            assertThat(Ops.allFinite(dead.grad())).isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("direct")
    void float32IsNearFloat64(DirectFeatureLoss loss) {
        try (Scope scope = Scope.open()) {
            double exact = loss.of(student(), teacher()).item_double();
            double single = loss.of(Tensors.to(student(), DType.FLOAT32), Tensors.to(teacher(), DType.FLOAT32))
                    .item_double();
            assertThat(single).isEqualTo(exact, within(1e-5 * Math.max(1, Math.abs(exact))));
        }
    }

    @ParameterizedTest
    @MethodSource("direct")
    void refusesWhatItCannotCompare(DirectFeatureLoss loss) {
        try (Scope scope = Scope.open()) {
            Tensor fewer = teacher().narrow(0, 0, 3);
            assertThatThrownBy(() -> loss.of(student(), fewer))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageContaining("4×3×4×4 and 3×3×4×4");
            if (loss.relational()) {
                assertThatThrownBy(() ->
                                loss.of(student().narrow(0, 0, 1), teacher().narrow(0, 0, 1)))
                        .isInstanceOf(LimbeckException.class)
                        .hasMessageEndingWith("found a batch of 1; use batches of 2 or more");
            }
            if (loss.needs() == FeatureLoss.Needs.SHAPE || loss.needs() == FeatureLoss.Needs.CHANNELS) {
                assertThatThrownBy(() -> loss.of(student(), teacher().narrow(1, 0, 1)))
                        .isInstanceOf(LimbeckException.class)
                        .hasMessageContaining("4×3×4×4 and 4×1×4×4");
            }
        }
    }

    static Stream<FeatureLoss> learned() {
        return Stream.of(
                new FactorTransfer(0.7),
                new VariationalInformation(2),
                new OverhaulFeature(-0.3),
                // With a momentum of 1, the memories do not change between calls.
                new ContrastiveRepresentation(3, 0.5, 1));
    }

    @ParameterizedTest
    @MethodSource("learned")
    void gradientsThroughWhatIsLearnedEqualFiniteDifferences(FeatureLoss loss) {
        try (Scope scope = Scope.open()) {
            Tensors.seed(3);
            FeatureLoss.Bound bound = loss.bind(shapes(1, 3, 5));
            bound.learned().to(DType.FLOAT64);
            LossProof.finiteDifferences(
                    x -> {
                        Tensors.seed(7);
                        return bound.rows(features(List.of(x[0]), List.of(wideTeacher())))
                                .mean();
                    },
                    student());
            Tensor input = student();
            Map<String, Tensor> parameters = new LinkedHashMap<>(bound.learned().parameters());
            assertThat(parameters.values()).allMatch(Tensors::hasGrad);
            // The paraphraser is trained by only one of the two terms.
            parameters.keySet().removeIf(name -> name.startsWith("encoder"));
            LossProof.finiteDifferences(parameters, () -> {
                Tensors.seed(7);
                return bound.rows(features(List.of(input), List.of(wideTeacher())))
                        .mean();
            });
        }
    }

    @ParameterizedTest
    @MethodSource("learned")
    void whatIsLearnedIsComputedInFloat32Too(FeatureLoss loss) {
        try (Scope scope = Scope.open()) {
            Tensors.seed(3);
            FeatureLoss.Bound bound = loss.bind(shapes(1, 3, 5));
            double[] values = new double[2];
            for (DType type : List.of(DType.FLOAT32, DType.FLOAT64)) {
                bound.learned().to(type);
                Tensors.seed(7);
                Tensor rows = bound.rows(
                        features(List.of(Tensors.to(student(), type)), List.of(Tensors.to(wideTeacher(), type))));
                assertThat(DType.of(rows)).isEqualTo(type);
                values[type == DType.FLOAT32 ? 0 : 1] = rows.mean().item_double();
            }
            assertThat(values[0]).isEqualTo(values[1], within(1e-4 * Math.max(1, Math.abs(values[1]))));
        }
    }

    @Test
    void flowsGradientEqualsFiniteDifferences() {
        try (Scope scope = Scope.open()) {
            FeatureLoss.Bound bound = new FlowOfSolution().bind(shapes(2, 3, 3));
            LossProof.finiteDifferences(
                    x -> bound.rows(features(List.of(x), List.of(teacher(), deepTeacher())))
                            .mean(),
                    student(),
                    deepStudent());
        }
    }

    @ParameterizedTest
    @MethodSource("direct")
    void onlyRelationsDependOnTheBatch(DirectFeatureLoss loss) {
        try (Scope scope = Scope.open()) {
            double once = loss.of(student(), teacher()).item_double();
            double twice = loss.of(Ops.cat(0, student(), student()), Ops.cat(0, teacher(), teacher()))
                    .item_double();
            boolean published = loss.equals(new InterChannelCorrelation().asPublished());
            if (published) assertThat(twice).isEqualTo(once / 2, within(1e-12));
            else if (!loss.relational()) assertThat(twice).isEqualTo(once, within(1e-12));
        }
    }

    @Test
    void anglesAreThoseOfTheDifferencesAndFiniteForEqualRows() {
        try (Scope scope = Scope.open()) {
            // Features after a ReLU are far from the origin, and in float32.
            Tensor ours = Tensors.to(Ops.add(vectors(), 30), DType.FLOAT32);
            Tensor theirs = Tensors.to(teacherVectors(), DType.FLOAT32);
            double byDifferences =
                    Ops.smoothL1(ways(vectors()), ways(teacherVectors())).item_double();
            assertThat(ANGLE.of(ours, theirs).item_double()).isEqualTo(byDifferences, within(1e-5));
            Tensor twice = Ops.cat(0, ours, ours).detach();
            twice.set_requires_grad(true);
            ANGLE.of(twice, Ops.cat(0, theirs, theirs)).backward();
            for (double g : Tensors.toDoubles(twice.grad())) assertThat(g).isBetween(-1.0, 1.0);
        }
    }

    private static Tensor ways(Tensor vectors) {
        Tensor ways = Ops.normalize(vectors.unsqueeze(0).sub(vectors.unsqueeze(1)), 2);
        return ways.bmm(ways.transpose(1, 2));
    }

    @Test
    void anAttentionBelowPowerOneHasNoGradientAtZero() {
        assertThatThrownBy(() -> new AttentionTransfer(0.5))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("power must be at least 1, found 0.5");
        try (Scope scope = Scope.open()) {
            Tensor rectified = student().relu().detach();
            rectified.set_requires_grad(true);
            new AttentionTransfer(1).of(rectified, teacher()).backward();
            assertThat(Ops.allFinite(rectified.grad())).isTrue();
        }
    }

    @Test
    void aRowWithoutLabelIsNotContrastedWithItself() {
        try (Scope scope = Scope.open()) {
            Tensors.seed(1);
            // With two rows, the second is the only negative of the first, so the value is independent of the random
            // draw.
            FeatureLoss.Bound bound = new ContrastiveRepresentation(3, 0.5, 1)
                    .bind(new Shapes(List.of(new long[] {3, 4, 4}), List.of(new long[] {3, 4, 4}), new int[] {-1, -1}));
            bound.learned().to(DType.FLOAT64);
            Features rows = new Features(
                    List.of(student().narrow(0, 0, 2)),
                    List.of(teacher().narrow(0, 0, 2)),
                    Tensors.of(new long[] {-1, -1}, 2),
                    new int[] {0, 1});
            double[] first = Tensors.toDoubles(bound.rows(rows));
            for (int seed = 2; seed < 6; seed++) {
                Tensors.seed(seed);
                assertThat(Tensors.toDoubles(bound.rows(rows))).containsExactly(first, within(1e-6));
            }
        }
        for (int[] labels : new int[][] {{1, 1}, {-1}}) {
            assertThatThrownBy(() -> new ContrastiveRepresentation()
                            .bind(new Shapes(List.of(new long[] {3}), List.of(new long[] {3}), labels)))
                    .hasMessage("ContrastiveRepresentation needs rows of at least two classes, found one; "
                            + "use another loss");
        }
    }

    @Test
    void reviewFusesDeepWithShallow() {
        try (Scope scope = Scope.open()) {
            Tensors.seed(3);
            FeatureLoss.Bound bound = new ReviewKD()
                    .bind(new Shapes(
                            List.of(new long[] {3, 4, 4}, new long[] {5, 2, 2}),
                            List.of(new long[] {5, 4, 4}, new long[] {5, 2, 2}),
                            new int[4]));
            bound.learned().to(DType.FLOAT64);
            LossProof.finiteDifferences(
                    x -> bound.rows(features(List.of(x), List.of(wideTeacher(), deepTeacher())))
                            .mean(),
                    student(),
                    deepStudent());
            Tensor shallow = student();
            Tensor deep = deepStudent();
            LossProof.finiteDifferences(
                    bound.learned().parameters(),
                    () -> bound.rows(features(List.of(shallow, deep), List.of(wideTeacher(), deepTeacher())))
                            .mean());
        }
    }

    @Test
    void contrastIsThatOfTheFormula() {
        try (Scope scope = Scope.open()) {
            Tensors.seed(3);
            double temperature = 0.1;
            // Of two rows of two classes, each is the other's negative.
            FeatureLoss.Bound bound = new ContrastiveRepresentation(1, temperature, 1)
                    .bind(new Shapes(List.of(new long[] {3, 4, 4}), List.of(new long[] {3, 4, 4}), new int[] {0, 1}));
            bound.learned().to(DType.FLOAT64);
            Tensor[] sides = {student().narrow(0, 0, 2), teacher().narrow(0, 0, 2)};
            double[][][] likeness = new double[2][2][2];
            try (StateDict state = bound.learned().stateDict()) {
                for (int side = 0; side < 2; side++) {
                    String own = side == 0 ? "student" : "teacher";
                    String other = side == 0 ? "teacher" : "student";
                    Tensor vectors = Ops.normalize(
                            Ops.embedding(sides[side])
                                    .matmul(state.get(own + ".weight").t())
                                    .add(state.get(own + ".bias")),
                            1);
                    double[] products = Tensors.toDoubles(
                            vectors.matmul(state.get(other + "_memory").t()));
                    for (int i = 0; i < 4; i++) likeness[side][i / 2][i % 2] = Math.exp(products[i] / temperature);
                }
            }
            double[] found = Tensors.toDoubles(bound.rows(new Features(
                    List.of(sides[0]), List.of(sides[1]), Tensors.of(new long[] {0, 1}, 2), new int[] {0, 1})));
            double noise = 1 / 2.0;
            double floor = noise + 1e-7;
            double[] expected = new double[2];
            for (double[][] side : likeness) {
                double z = 2 * (side[0][0] + side[0][1] + side[1][0] + side[1][1]) / 4;
                for (int row = 0; row < 2; row++) {
                    double own = side[row][row] / z;
                    double other = side[row][1 - row] / z;
                    expected[row] -= Math.log(own / (own + floor)) + Math.log(noise / (other + floor));
                }
            }
            assertThat(found).containsExactly(expected, within(1e-6));
        }
    }

    @Test
    void aSmallTemperatureOrAGreatVarianceStaysFinite() {
        try (Scope scope = Scope.open()) {
            Tensors.seed(3);
            FeatureLoss.Bound contrast = new ContrastiveRepresentation(2, 1e-3, 0.5).bind(shapes(1, 3, 3));
            FeatureLoss.Bound variances = new VariationalInformation(1e4).bind(shapes(1, 3, 3));
            for (FeatureLoss.Bound bound : List.of(contrast, variances)) {
                for (int step = 0; step < 3; step++) {
                    Tensor ours = Tensors.to(student(), DType.FLOAT32);
                    ours.set_requires_grad(true);
                    Tensor value = bound.rows(features(List.of(ours), List.of(Tensors.to(teacher(), DType.FLOAT32))))
                            .mean();
                    value.backward();
                    assertThat(Ops.allFinite(value)).isTrue();
                    assertThat(Ops.allFinite(ours.grad())).isTrue();
                }
            }
            Tensor alpha = variances.learned().parameters().get("alpha");
            assertThat(Tensors.toDoubles(Ops.softplus(alpha))).containsOnly(new double[] {1e4}, within(1e-2));
        }
    }

    @Test
    void oneChannelOfOnePositionIsNoDistribution() {
        try (Scope scope = Scope.open()) {
            Tensor one = student().narrow(2, 0, 1).narrow(3, 0, 1);
            for (DirectFeatureLoss loss : List.of(new ChannelWise(), new AttentionTransfer())) {
                assertThat(loss.needsManyPositions()).isTrue();
                assertThatThrownBy(() -> loss.of(one, one))
                        .isInstanceOf(LimbeckException.class)
                        .hasMessage(loss.name() + " needs maps with more than one position, found 4×3×1×1; "
                                + "compare layers before the pooling");
            }
            assertThatThrownBy(() -> new ChannelWise().of(vectors(), vectors()))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageContaining("found 4×6");
        }
    }

    @Test
    void variancesAreTrained() {
        try (Scope scope = Scope.open()) {
            FeatureLoss.Bound bound = new VariationalInformation().bind(shapes(1, 3, 3));
            bound.learned().to(DType.FLOAT64);
            bound.rows(features(List.of(student()), List.of(teacher()))).mean().backward();
            Tensor alpha = bound.learned().parameters().get("alpha");
            assertThat(Tensors.toDoubles(alpha.grad())).hasSize(3).doesNotContain(0);
        }
    }

    @Test
    void marginsAreTheMeanNegativeResponses() {
        try (Scope scope = Scope.open()) {
            FeatureLoss.Bound bound = new OverhaulFeature().bind(shapes(1, 3, 3));
            bound.learned().to(DType.FLOAT64);
            bound.rows(features(List.of(student()), List.of(teacher())));
            double[] values = Tensors.toDoubles(teacher());
            double[] expected = new double[3];
            int[] counts = new int[3];
            for (int i = 0; i < values.length; i++) {
                if (values[i] >= 0) continue;
                expected[i / 16 % 3] += values[i];
                counts[i / 16 % 3]++;
            }
            for (int c = 0; c < 3; c++) expected[c] /= counts[c];
            try (StateDict state = bound.learned().stateDict()) {
                assertThat(Tensors.toDoubles(state.get("margins"))).containsExactly(expected, within(1e-12));
            }
        }
    }

    @Test
    void memoriesFollowTheRowsTheySaw() {
        try (Scope scope = Scope.open()) {
            Tensors.seed(1);
            FeatureLoss.Bound bound = new ContrastiveRepresentation(2, 0.1, 0.5).bind(shapes(1, 3, 3));
            bound.learned().to(DType.FLOAT64);
            try (StateDict before = bound.learned().stateDict()) {
                bound.rows(new Features(
                        List.of(student().narrow(0, 0, 2)),
                        List.of(teacher().narrow(0, 0, 2)),
                        Tensors.of(new long[] {0, 1}, 2),
                        new int[] {2, 0}));
                try (StateDict after = bound.learned().stateDict()) {
                    double[] was = Tensors.toDoubles(before.get("student_memory"));
                    double[] is = Tensors.toDoubles(after.get("student_memory"));
                    for (int row = 0; row < 4; row++) {
                        double[] a = Arrays.copyOfRange(was, row * 128, row * 128 + 128);
                        double[] b = Arrays.copyOfRange(is, row * 128, row * 128 + 128);
                        assertThat(Arrays.equals(a, b)).isEqualTo(row == 1 || row == 3);
                        assertThat(Arrays.stream(b).map(v -> v * v).sum()).isEqualTo(1, within(1e-6));
                    }
                }
            }
        }
    }

    private static Shapes shapes(int layers, long student, long teacher) {
        return layers == 1
                ? new Shapes(
                        List.of(new long[] {student, 4, 4}), List.of(new long[] {teacher, 4, 4}), new int[] {0, 1, 0, 1
                        })
                : new Shapes(
                        List.of(new long[] {3, 4, 4}, new long[] {5, 2, 2}),
                        List.of(new long[] {3, 4, 4}, new long[] {5, 2, 2}),
                        new int[] {0, 1, 0, 1});
    }

    private static Features features(List<Tensor> student, List<Tensor> teacher) {
        return new Features(student, teacher, Tensors.of(new long[] {0, 1, 0, 1}, 4), new int[] {0, 1, 2, 3});
    }

    private static Tensor student() {
        return ClosedForm.float64(k -> Math.sin(0.11 * k + 0.3), 4, 3, 4, 4);
    }

    private static Tensor teacher() {
        return ClosedForm.float64(k -> Math.cos(0.07 * k + 0.1), 4, 3, 4, 4);
    }

    private static Tensor wideTeacher() {
        return ClosedForm.float64(k -> Math.cos(0.07 * k + 0.1), 4, 5, 4, 4);
    }

    private static Tensor deepStudent() {
        return ClosedForm.float64(k -> Math.sin(0.23 * k + 0.6), 4, 5, 2, 2);
    }

    private static Tensor deepTeacher() {
        return ClosedForm.float64(k -> Math.cos(0.19 * k + 0.4), 4, 5, 2, 2);
    }

    private static Tensor vectors() {
        return ClosedForm.float64(k -> Math.sin(0.5 * (k / 6) + 0.3 * (k % 6) + 0.1), 4, 6);
    }

    private static Tensor teacherVectors() {
        return ClosedForm.float64(k -> Math.cos(0.8 * (k / 6) - 0.2 * (k % 6) + 0.2), 4, 6);
    }
}
