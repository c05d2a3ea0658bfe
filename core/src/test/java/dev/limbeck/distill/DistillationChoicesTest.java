package dev.limbeck.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.data.Batch;
import dev.limbeck.distill.loss.DecoupledKD;
import dev.limbeck.distill.loss.HardLabel;
import dev.limbeck.distill.loss.LogitLoss;
import dev.limbeck.distill.loss.LogitMse;
import dev.limbeck.distill.loss.SoftTarget;
import dev.limbeck.distill.teacher.MappedTeacher;
import dev.limbeck.distill.teacher.ModuleTeacher;
import dev.limbeck.nn.Conv2d;
import dev.limbeck.nn.Module;
import dev.limbeck.optim.Schedule;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Callback;
import dev.limbeck.train.EpochRecord;
import dev.limbeck.train.GivenBatches;
import dev.limbeck.train.GradientAccumulation;
import dev.limbeck.train.Learner;
import dev.limbeck.train.TrainStep;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Test the options of a builder besides losses and weights. */
class DistillationChoicesTest extends Taught {
    DistillationChoicesTest() {
        super(4);
    }

    /** Record the teacher's outputs that a loss receives. */
    private record Seen(List<double[]> answers, List<Long> rows) implements LogitLoss {
        Seen() {
            this(new ArrayList<>(), new ArrayList<>());
        }

        @Override
        public Tensor rows(Tensor student, Tensor teacher, Tensor labels) {
            if (student.requires_grad()) {
                answers.add(Tensors.toDoubles(teacher));
                rows.add(teacher.size(0));
            }
            return student.sub(teacher).square().mean(1);
        }
    }

    @Test
    void schedulesChangeWeightScaleAndTemperature() {
        List<double[]> weights = new ArrayList<>();
        List<double[]> values = new ArrayList<>();
        student.fit(
                1,
                0.01,
                KnowledgeDistillation.from(teacher)
                        .weight(Schedule.of("linear:0.9..0.3"))
                        .loss(new SoftTarget(), Schedule.of("linear:1..4"), Schedule.of("linear:2..5"))
                        .build(),
                (Look) step -> {
                    weights.add(new double[] {step.weight(TrainStep.TASK), step.weight("SoftTarget")});
                    Tensor logits = teacher.model().predict(step.batch().input());
                    double byHand = new SoftTarget(2 + step.index())
                            .compute(step.prediction(), logits, step.batch().targets())
                            .item_double();
                    values.add(new double[] {step.term("SoftTarget").item_double(), byHand});
                });
        double[][] expected = {{0.1, 0.9}, {0.3, 0.7 * 2}, {0.5, 0.5 * 3}, {0.7, 0.3 * 4}};
        for (int i = 0; i < 4; i++) assertThat(weights.get(i)).containsExactly(expected[i], within(1e-12));
        assertThat(values).hasSize(4).allSatisfy(pair -> assertThat(pair[0]).isEqualTo(pair[1], within(1e-6)));
    }

    @Test
    void aLossWithoutTemperatureTakesNoScheduleOfIt() {
        DistillationBuilder builder = KnowledgeDistillation.from(teacher);
        assertThatThrownBy(() -> builder.loss(new LogitMse(), Schedule.constant(1), Schedule.of("linear:2..5")))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("LogitMse has no temperature to change; leave the schedule out");
    }

    @Test
    void stopsDistillingAfterSomeBatches() {
        Seen seen = new Seen();
        List<Double> taskWeights = new ArrayList<>();
        student.fit(
                1,
                0.01,
                KnowledgeDistillation.from(teacher)
                        .weight(0.8)
                        .loss(seen)
                        .maxSteps(3)
                        .build(),
                (Look) step -> taskWeights.add(step.weight(TrainStep.TASK)));
        assertThat(seen.rows).hasSize(3);
        assertThat(taskWeights).hasSize(4).endsWith(1.0).allMatch(w -> w == 1 || Math.abs(w - 0.2) < 1e-12);
    }

    @Test
    void stepsOfDistillationAreThoseOfTheOptimizer() {
        Seen seen = new Seen();
        KnowledgeDistillation distillation = KnowledgeDistillation.from(teacher)
                .loss(seen)
                .maxSteps(1)
                .gradientStatsEvery(1)
                .build();
        EpochRecord row =
                student.fit(1, 0.01, distillation, new GradientAccumulation(2)).get(0);
        assertThat(row.steps()).isEqualTo(2);
        assertThat(seen.rows).as("batches of the first step").hasSize(2);
        assertThat(distillation.describe().get("gradient_stats"))
                .asInstanceOf(InstanceOfAssertFactories.list(Map.class))
                .extracting(one -> one.get("step"))
                .containsExactly(0, 0, 1);
    }

    @Test
    void aTermIsAveragedOverTheStepsThatHaveIt() {
        List<Double> values = new ArrayList<>();
        EpochRecord row = student.fit(
                        1, 0.01, KnowledgeDistillation.from(teacher).maxSteps(3).build(), (Look) step -> {
                            if (step.terms().containsKey("SoftTarget"))
                                values.add(step.term("SoftTarget").item_double());
                        })
                .get(0);
        assertThat(values).hasSize(3);
        assertThat(row.terms().get("SoftTarget"))
                .isEqualTo(values.stream().mapToDouble(value -> value).average().orElseThrow(), within(1e-9));
    }

    /** A scale that ends at 0 beside a task weight of 0, as documented for features. */
    @Test
    void aStepWithoutAnyWeightLearnsNothing() {
        List<EpochRecord> epochs = student.fit(
                2,
                0.01,
                KnowledgeDistillation.from(teacher)
                        .weight(1)
                        .loss(new SoftTarget(), Schedule.of("linear:1..0"), Schedule.constant(3))
                        .build());
        assertThat(epochs).hasSize(2);
    }

    @Test
    void aWeightThatReachesZeroSkipsTheTeacher() {
        Seen seen = new Seen();
        student.fit(
                1,
                0.01,
                KnowledgeDistillation.from(teacher)
                        .weight(Schedule.of("step:0.5..0"))
                        .loss(seen)
                        .build());
        assertThat(seen.rows).hasSize(2);
    }

    @Test
    void teacherErrorsAreKeptSwappedOrDropped() {
        for (TeacherErrorPolicy choice : TeacherErrorPolicy.values()) {
            Seen seen = new Seen();
            student.fit(
                    1,
                    1e-6,
                    KnowledgeDistillation.from(teacher)
                            .loss(seen)
                            .teacherErrors(choice)
                            .build());
            int right = 0;
            int rows = 0;
            for (int batch = 0; batch < 4; batch++) {
                try (Scope scope = Scope.open()) {
                    // Each fit continues with the data of further epochs.
                    int number = choice.ordinal() * 4 + batch;
                    double[] answers = Tensors.toDoubles(teacher.model().predict(Toy.images(number, 6, 1)));
                    long[] labels = Toy.labels(number, 6);
                    List<Double> expected = new ArrayList<>();
                    for (int row = 0; row < 6; row++) {
                        double[] own = Arrays.copyOfRange(answers, row * 3, row * 3 + 3);
                        int top = own[0] >= own[1] && own[0] >= own[2] ? 0 : own[1] >= own[2] ? 1 : 2;
                        int label = (int) labels[row];
                        rows++;
                        if (top == label) right++;
                        if (choice == TeacherErrorPolicy.DROP && top != label) continue;
                        if (choice == TeacherErrorPolicy.SWAP) {
                            double largest = own[top];
                            own[top] = own[label];
                            own[label] = largest;
                        }
                        for (double value : own) expected.add(value);
                    }
                    assertThat(seen.answers.get(batch))
                            .as(choice + " in batch " + batch)
                            .containsExactly(
                                    expected.stream()
                                            .mapToDouble(Double::doubleValue)
                                            .toArray(),
                                    within(1e-6));
                }
            }
            assertThat(right).isPositive().isLessThan(rows);
        }
    }

    @Test
    void rowWeightsCountInTheTeachersTerms() {
        double[] weights = {0, 1, 2, 0, 0.5, 1};
        student.fit(
                1,
                0.01,
                KnowledgeDistillation.from(teacher)
                        .loss(new SoftTarget(2))
                        .pair(FeaturePair.of("bn", "bn"))
                        .sampleWeights(step -> Tensors.of(weights, 6))
                        .build(),
                (Look) step -> {
                    Tensor logits = teacher.model().predict(step.batch().input());
                    double byHand = new SoftTarget(2)
                            .compute(step.prediction(), logits, step.batch().targets(), Tensors.of(weights, 6))
                            .item_double();
                    assertThat(step.term("SoftTarget").item_double()).isEqualTo(byHand, within(1e-6));
                    // The task loss must not include the teacher's.
                    assertThat(step.term(TrainStep.TASK).item_double())
                            .isEqualTo(Ops.crossEntropy(
                                            step.prediction(), step.batch().targets())
                                    .item_double());
                });
        assertThatThrownBy(() -> student.fit(
                        1,
                        0.01,
                        KnowledgeDistillation.from(teacher)
                                .sampleWeights(step -> Tensors.of(weights, 2, 3))
                                .build()))
                .hasMessage("sample weights must have the shape 6, found 2×3; return one number per row");
    }

    @ParameterizedTest
    @CsvSource({"NaN, NaN", "-0.5, -0.5", "Infinity, Infinity"})
    void weightsThatAreNoneAreRefused(double weight, String found) {
        double[] weights = {1, 1, weight, 1, 1, 1};
        assertThatThrownBy(() -> student.fit(
                        1,
                        0.01,
                        KnowledgeDistillation.from(teacher)
                                .sampleWeights(step -> Tensors.of(weights, 6))
                                .build()))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("sample weights must be finite numbers of at least 0, found " + found
                        + " in row 2 of a batch; leave rows out by the weight 0");
    }

    @Test
    void gradientStatsCompareTheTerms() {
        KnowledgeDistillation distillation = KnowledgeDistillation.from(teacher)
                .weight(0.25)
                // This is the task's own loss, so the gradients point in the same direction.
                .loss((ours, theirs, labels) -> Ops.crossEntropy(ours, labels))
                .loss(new HardLabel())
                .gradientStatsEvery(3)
                .build();
        List<Double> norms = new ArrayList<>();
        student.fit(1, 0.01, distillation, new Callback() {
            @Override
            public void beforeStep(TrainStep step) {
                if (step.index() % 3 != 0) return;
                double squares = 0;
                for (Tensor parameter : student.model().parameters().values()) {
                    for (double g : Tensors.toDoubles(parameter.grad())) squares += g * g;
                }
                norms.add(Math.sqrt(squares));
            }
        });
        @SuppressWarnings("unchecked")
        List<Map<String, Object>> rows =
                (List<Map<String, Object>>) distillation.describe().get("gradient_stats");
        assertThat(rows).hasSize(6);
        assertThat(rows).extracting(row -> row.get("step")).containsExactly(0, 0, 0, 3, 3, 3);
        for (int at = 0; at < 6; at += 3) {
            double task = (double) rows.get(at).get("gradient_norm");
            Map<String, Object> same = rows.get(at + 1);
            assertThat((double) rows.get(at).get("cosine_with_task")).isEqualTo(1, within(1e-6));
            assertThat((double) same.get("cosine_with_task")).isEqualTo(1, within(1e-6));
            assertThat((double) same.get("gradient_norm")).isEqualTo(task / 3, within(1e-6));
            assertThat((double) same.get("weighted")).isEqualTo(0.25 * (double) same.get("value"), within(1e-9));
            // ‖task + same + hard‖² by the law of cosines must match the gradient that the optimizer received.
            double hard = (double) rows.get(at + 2).get("gradient_norm");
            double cosine = (double) rows.get(at + 2).get("cosine_with_task");
            double both = task * 4 / 3;
            assertThat(norms.get(at / 3))
                    .isEqualTo(Math.sqrt(both * both + hard * hard + 2 * both * hard * cosine), within(1e-5));
        }
    }

    @Test
    void gradientStatsAreThoseOfTheFit() {
        KnowledgeDistillation distillation =
                KnowledgeDistillation.from(teacher).gradientStatsEvery(3).build();
        student.firstLoss(distillation);
        student.lrFind(20, distillation);
        assertThat(distillation.describe()).doesNotContainKey("gradient_stats");
        student.fit(1, 0.01, distillation);
        assertThat(distillation.describe().get("gradient_stats"))
                .asInstanceOf(InstanceOfAssertFactories.list(Map.class))
                .extracting(row -> row.get("step"))
                .containsExactly(0, 0, 3, 3);
    }

    @Test
    void gradientStatsTellTheFitsApart() {
        KnowledgeDistillation distillation =
                KnowledgeDistillation.from(teacher).gradientStatsEvery(100).build();
        student.fit(1, 0.01, distillation);
        student.fit(1, 0.01, distillation);
        assertThat(distillation.describe().get("gradient_stats"))
                .asInstanceOf(InstanceOfAssertFactories.list(Map.class))
                .extracting(row -> row.get("fit") + " " + row.get("step"))
                .containsExactly("1 0", "1 0", "2 0", "2 0");
    }

    @Test
    void aLossOnLabelsRefusesRowsWithoutBeforeTheFirstStep() {
        GivenBatches half = new GivenBatches(2, 4, 3, b -> Toy.images(b, 4, 0), b -> new long[] {0, 1, -1, -1}, false)
                .shaped(3, 8, 8);
        try (Learner learner =
                Learner.builder(half, TinyNet.ARCHITECTURE).precision("fp32").build()) {
            assertThatThrownBy(() -> learner.fit(
                            1,
                            0.01,
                            KnowledgeDistillation.from(teacher)
                                    .loss(new DecoupledKD())
                                    .build()))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("DecoupledKD needs a label for every row, but 4 have none; use a loss such as "
                            + "SoftTarget, or leave these rows out");
        }
    }

    @Test
    void aTeacherOfOtherClassesIsMatchedByName() {
        GivenBatches renamed = Toy.data(1, 6).named("class2", "other", "class0");
        try (Learner other =
                Learner.builder(renamed, TinyNet.ARCHITECTURE).precision("fp32").build()) {
            Seen seen = new Seen();
            MappedTeacher mapped = MappedTeacher.of(
                    ModuleTeacher.of(other),
                    mapOf(
                            "class0",
                            List.of("class0"),
                            "class1",
                            List.of("class2", "other"),
                            "class2",
                            List.of("class2")));
            student.fit(1, 1e-6, KnowledgeDistillation.from(mapped).loss(seen).build());
            double[] theirs = Tensors.toDoubles(other.model().predict(Toy.images(0, 6, 1)));
            double[] expected = new double[18];
            for (int row = 0; row < 6; row++) {
                expected[row * 3] = theirs[row * 3 + 2];
                expected[row * 3 + 1] = Math.log(Math.exp(theirs[row * 3]) + Math.exp(theirs[row * 3 + 1]));
                expected[row * 3 + 2] = theirs[row * 3];
            }
            assertThat(seen.answers.get(0)).containsExactly(expected, within(1e-5));
            assertThatThrownBy(() -> MappedTeacher.byName(ModuleTeacher.of(other), data.classNames()))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("no class 'class1' in teacher tiny; nearest: class0, class2, other");
            assertThatThrownBy(() -> MappedTeacher.of(
                            ModuleTeacher.of(other), Map.of("class0", List.of("other", "class2", "other"))))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage(
                            "class 'class0' maps to the teacher's class 'other' twice, so its probability would be added twice;"
                                    + " name it once");
        }
    }

    @Test
    void classesAreMatchedByTheBuilder() {
        GivenBatches more = new GivenBatches(
                        1, 6, 4, b -> Toy.images(b, 6, 1), b -> new long[] {0, 1, 2, 3, 0, 1}, false)
                .shaped(3, 8, 8)
                .named("class2", "other", "class0", "class1");
        try (Learner other =
                Learner.builder(more, TinyNet.ARCHITECTURE).precision("fp32").build()) {
            Seen seen = new Seen();
            student.fit(
                    1,
                    1e-6,
                    KnowledgeDistillation.from(other).matchClasses().loss(seen).build());
            double[] theirs = Tensors.toDoubles(other.model().predict(Toy.images(0, 6, 1)));
            for (int row = 0; row < 6; row++) {
                for (int c = 0; c < 3; c++) {
                    assertThat(seen.answers.get(0)[row * 3 + c])
                            .isEqualTo(theirs[row * 4 + new int[] {2, 3, 0}[c]], within(1e-6));
                }
            }
            assertThatThrownBy(() -> student.fit(
                            1,
                            1e-6,
                            KnowledgeDistillation.from(other)
                                    .classes(Map.of("class0", List.of("other")))
                                    .build()))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("the class mapping has no 'class1'; add it");
        }
    }

    @Test
    void aDenseStudentLearnsByPosition() {
        GivenBatches images =
                new GivenBatches(2, 4, 3, b -> Toy.images(b, 4, 0), b -> Toy.labels(b, 4), false).shaped(3, 8, 8);
        try (Module dense = Conv2d.of(3, 3, 1, 1, 0);
                Module big = Conv2d.of(3, 3, 1, 1, 0);
                // The loss on labels has a weight of 0 here.
                Learner learner = Learner.builder(images, dense)
                        .precision("fp32")
                        .loss((z, y, weights) -> z.square().mean())
                        .precision("fp32")
                        .build()) {
            Callback labels = new Callback() {
                @Override
                public void beforeBatch(TrainStep step) {
                    long[] positions = new long[4 * 64];
                    Arrays.setAll(positions, i -> i % 7 == 0 ? LogitLoss.IGNORED : i % 3);
                    step.replaceBatch(new Batch(
                            step.batch().inputs(),
                            Tensors.of(positions, 4, 8, 8),
                            step.batch().indices()));
                }
            };
            List<Double> sums = new ArrayList<>();
            DistillationBuilder settings =
                    KnowledgeDistillation.from(big).weight(1).loss(new DecoupledKD(1, 2, 2));
            learner.fit(1, 0.01, settings.build(), labels, (Look) step -> {
                Tensor answers = big.predict(step.batch().input());
                sums.add(step.term("DecoupledKD").item_double());
                assertThat(sums.get(sums.size() - 1))
                        .isEqualTo(
                                new DecoupledKD(1, 2, 2)
                                        .compute(
                                                step.prediction(),
                                                answers,
                                                step.batch().targets())
                                        .item_double(),
                                within(1e-5));
            });
            assertThat(sums).hasSize(2).allMatch(value -> value > 0);
            assertThatThrownBy(() -> learner.fit(
                            1,
                            0.01,
                            settings.teacherErrors(TeacherErrorPolicy.DROP).build(),
                            labels))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage(
                            "rows can only be selected and weighted if labels have one dimension, found labels of 4×8×8; leave out "
                                    + "confidenceThreshold, sampleWeights and the dropping of teacher errors");
        }
    }

    private static Map<String, List<String>> mapOf(
            String a, List<String> of, String b, List<String> ofB, String c, List<String> ofC) {
        Map<String, List<String>> map = new LinkedHashMap<>();
        map.put(a, of);
        map.put(b, ofB);
        map.put(c, ofC);
        return map;
    }
}
