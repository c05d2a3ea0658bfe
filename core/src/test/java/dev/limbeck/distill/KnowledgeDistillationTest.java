package dev.limbeck.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.Softmax;
import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.distill.loss.HardLabel;
import dev.limbeck.distill.loss.LogitLoss;
import dev.limbeck.distill.loss.LogitMse;
import dev.limbeck.distill.loss.SoftTarget;
import dev.limbeck.nn.Flatten;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.ReLU;
import dev.limbeck.nn.Sequential;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Callback;
import dev.limbeck.train.EpochRecord;
import dev.limbeck.train.GivenBatches;
import dev.limbeck.train.Learner;
import dev.limbeck.train.Moments;
import dev.limbeck.train.Predictions;
import dev.limbeck.train.TrainStep;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KnowledgeDistillationTest extends Taught {
    KnowledgeDistillationTest() {
        super(2);
    }

    private static float value(Tensor scalar) {
        return (float) scalar.item_double();
    }

    @ParameterizedTest
    @CsvSource({"0.5, NaN, 0.5", "0, NaN, 1", "1, NaN, 0", "0.3, NaN, 0.7", "0.9, 1, 1", "0.4, 0, 0", "1, 0.2, 0.2"})
    void theTotalIsTheWeightedSumOfTaskAndTeacher(double weight, double taskWeight, double expectedTaskWeight) {
        DistillationBuilder settings = KnowledgeDistillation.from(teacher)
                .weight(weight)
                .loss(new SoftTarget(4), 2)
                .loss(new LogitMse(), 0.25);
        if (!Double.isNaN(taskWeight)) settings.taskWeight(taskWeight);
        AtomicLong steps = new AtomicLong();
        student.fit(1, 0.01, settings.build(), (Look) step -> {
            steps.incrementAndGet();
            assertThat(step.terms().keySet()).containsExactly(TrainStep.TASK, "SoftTarget", "LogitMse");
            double soft = step.term("SoftTarget").item_double();
            double mse = step.term("LogitMse").item_double();
            double task = step.term(TrainStep.TASK).item_double();
            assertThat(step.total().item_double())
                    .isEqualTo(expectedTaskWeight * task + weight * (2 * soft + 0.25 * mse), within(1e-5));
            Tensor logits = teacher.model().predict(step.batch().input());
            Tensor labels = step.batch().targets();
            assertThat(soft)
                    .isEqualTo(
                            new SoftTarget(4)
                                    .compute(step.prediction(), logits, labels)
                                    .item_double(),
                            within(1e-5));
            assertThat(task)
                    .isEqualTo(Ops.crossEntropy(step.prediction(), labels).item_double());
        });
        assertThat(steps).hasValue(2);
    }

    @Test
    void theEndsOfTheScaleAreExact() {
        student.fit(1, 0.01, KnowledgeDistillation.from(teacher).weight(0).build(), (Look)
                step -> assertThat(value(step.total())).isEqualTo(value(step.term(TrainStep.TASK))));
        student.fit(1, 0.01, KnowledgeDistillation.from(teacher).weight(1).build(), (Look)
                step -> assertThat(value(step.total())).isEqualTo(value(step.term("SoftTarget"))));
    }

    @Test
    void weightZeroTrainsAsIfThereWereNoTeacher() {
        student.fit(2, 0.01, KnowledgeDistillation.from(teacher).weight(0).build());
        try (Learner alone = Learner.builder(data, TinyNet.ARCHITECTURE)
                .seed(2)
                .precision("fp32")
                .build()) {
            alone.fit(2, 0.01);
            assertThat(student.model().sha256()).isEqualTo(alone.model().sha256());
        }
    }

    @Test
    void lossesOfOneNameAreNumbered() {
        KnowledgeDistillation distillation = KnowledgeDistillation.from(teacher)
                .loss(new SoftTarget(2))
                .loss(new HardLabel())
                .loss(new SoftTarget(5))
                .loss(new SoftTarget(9), 0)
                .build();
        EpochRecord row = student.fit(1, 0.01, distillation).get(0);
        assertThat(row.terms().keySet())
                .containsExactly(TrainStep.TASK, "SoftTarget", "HardLabel", "SoftTarget2", "SoftTarget3");
        assertThat(row.notes().keySet())
                .containsExactly(
                        "teacher_agreement",
                        "valid_SoftTarget",
                        "valid_HardLabel",
                        "valid_SoftTarget2",
                        "valid_SoftTarget3");
    }

    @Test
    void theDefaultsAreTheTutorials() {
        assertThat(KnowledgeDistillation.from(teacher).maxSteps(3).build().describe())
                .containsEntry("max_steps", 3);
        assertThat(KnowledgeDistillation.from(teacher).build().describe())
                .containsExactly(
                        Map.entry("teacher", "tiny"),
                        Map.entry("kd_weight", 0.5),
                        Map.entry("task_weight", 0.5),
                        Map.entry(
                                "losses",
                                Map.of("SoftTarget", Map.of("loss", "SoftTarget[temperature=3.0]", "scale", 1.0))));
    }

    @Test
    void refusesWeightsOutsideTheirRanges() {
        DistillationBuilder builder = KnowledgeDistillation.from(teacher);
        assertThatThrownBy(() -> builder.weight(1.1)).hasMessage("weight must be between 0 and 1, found 1.1");
        assertThatThrownBy(() -> builder.weight(Double.NaN)).hasMessageEndingWith("found NaN");
        assertThatThrownBy(() -> builder.taskWeight(-1)).hasMessage("task weight must be at least 0, found -1.0");
        assertThatThrownBy(() -> builder.loss(new LogitMse(), -1)).hasMessage("scale must be at least 0, found -1.0");
        assertThatThrownBy(() -> builder.weight(0).taskWeight(0).build())
                .isInstanceOf(LimbeckException.class)
                .hasMessage("weight and task weight are both 0; nothing would be learned");
    }

    @Test
    void theTeacherAndTheStudentMustBeTwoModules() {
        refusedBeforeTheFirstBatch(
                KnowledgeDistillation.from(student).build(),
                "teacher and student are the same module; distill into a fresh student");
    }

    @Test
    void otherClassCountsAreRefusedBeforeTheFirstBatch() {
        GivenBatches four = new GivenBatches(1, 4, 4, b -> Toy.images(b, 4, 0), b -> new long[4], false);
        try (Learner other = Learner.create(four, TinyNet.ARCHITECTURE)) {
            refusedBeforeTheFirstBatch(
                    KnowledgeDistillation.from(other).build(),
                    "teacher tiny has 4 classes, the data has 3; use a teacher of the same classes, "
                            + "or match them by name (matchClasses, --match-classes)");
        }
    }

    @Test
    void otherClassCountsOfABareModuleAreRefusedToo() {
        try (Module one = new TinyNet(1)) {
            refusedBeforeTheFirstBatch(
                    KnowledgeDistillation.from(one).build(),
                    "teacher tiny has 1 classes, the data has 3; use a teacher of the same classes, "
                            + "or match them by name (matchClasses, --match-classes)");
            // A custom loss that would broadcast.
            LogitLoss careless = (ours, theirs, labels) ->
                    ours.sub(theirs).pow(Tensors.full(2, DType.FLOAT32)).mean();
            GivenBatches trainOnly =
                    new GivenBatches(1, 4, 3, b -> Toy.images(b, 4, 0), b -> Toy.labels(b, 4), false).shaped(3, 8, 8);
            try (Learner noValidation = Learner.create(trainOnly, TinyNet.ARCHITECTURE)) {
                Tensor weight = noValidation.model().parameters().get("fc.weight");
                float[] before = Tensors.toFloats(weight);
                assertThatThrownBy(() -> noValidation.fit(
                                1,
                                0.01,
                                KnowledgeDistillation.from(one).loss(careless).build()))
                        .isInstanceOf(LimbeckException.class)
                        .hasMessageContaining("4×3 and 4×1");
                assertThat(Tensors.toFloats(weight)).containsExactly(before);
            }
        }
    }

    @Test
    void otherClassNamesAreRefusedBeforeTheFirstBatch() {
        GivenBatches renamed = Toy.data(1, 6).named("class0", "class2", "class1");
        try (Learner other = Learner.create(renamed, TinyNet.ARCHITECTURE)) {
            refusedBeforeTheFirstBatch(
                    KnowledgeDistillation.from(other).build(),
                    "teacher tiny names class 1 'class2', the data 'class1'; "
                            + "use a teacher of the same classes in the same order, or match them by name "
                            + "(matchClasses, --match-classes)");
        }
    }

    private void refusedBeforeTheFirstBatch(KnowledgeDistillation distillation, String message) {
        List<String> moments = new ArrayList<>();
        String before = student.model().sha256();
        assertThatThrownBy(() -> student.fit(1, 0.01, distillation, new Moments(moments::add)))
                .isInstanceOf(LimbeckException.class)
                .hasMessage(message);
        assertThat(moments).doesNotContain("beforeBatch");
        assertThat(student.model().sha256()).isEqualTo(before);
    }

    @Test
    void validationStaysOfTheTaskAlone() {
        EpochRecord row = student.fit(
                        1, 0.01, KnowledgeDistillation.from(teacher).weight(0.9).build())
                .get(0);
        assertThat(row.validLoss()).isEqualTo(student.validate().loss());
        assertThat(row.metrics()).isEqualTo(student.validate().metrics()).containsOnlyKeys("accuracy");
        assertThat(row.trainLoss())
                .isEqualTo(
                        0.1 * row.terms().get(TrainStep.TASK)
                                + 0.9 * row.terms().get("SoftTarget"),
                        within(1e-6));
    }

    @Test
    void theLoggedMetricsEqualAComputationByHand() {
        double temperature = 2.5;
        EpochRecord row = student.fit(
                        1,
                        0.05,
                        KnowledgeDistillation.from(teacher)
                                .loss(new SoftTarget(temperature))
                                .build())
                .get(0);
        Predictions ours = student.validate().predictions();
        Predictions theirs = teacher.validate().predictions();
        double agree = 0;
        double divergence = 0;
        for (int r = 0; r < ours.size(); r++) {
            if (ours.argmax(r) == theirs.argmax(r)) agree++;
            double[] p = soften(theirs.row(r), temperature);
            double[] q = soften(ours.row(r), temperature);
            for (int c = 0; c < p.length; c++) divergence += p[c] * (Math.log(p[c]) - Math.log(q[c]));
        }
        assertThat(row.notes().get("teacher_agreement")).isEqualTo(agree / ours.size());
        assertThat(row.notes().get("valid_SoftTarget"))
                .isEqualTo(temperature * temperature * divergence / ours.size(), within(1e-5));
    }

    private static double[] soften(float[] logits, double temperature) {
        double[] wide = new double[logits.length];
        for (int i = 0; i < wide.length; i++) wide[i] = logits[i];
        return Softmax.of(wide, temperature);
    }

    @Test
    void withoutAValidationSplitThereAreNoNotes() {
        GivenBatches trainOnly =
                new GivenBatches(1, 4, 3, b -> Toy.images(b, 4, 0), b -> Toy.labels(b, 4), false).shaped(3, 8, 8);
        try (Learner learner = Learner.create(trainOnly, TinyNet.ARCHITECTURE)) {
            EpochRecord row = learner.fit(
                            1, 0.01, KnowledgeDistillation.from(teacher).build())
                    .get(0);
            assertThat(row.notes()).isEmpty();
            assertThat(row.terms()).containsKey("SoftTarget");
        }
    }

    @Test
    void oneCallbackServesSeveralFits() {
        KnowledgeDistillation distillation = KnowledgeDistillation.from(teacher).build();
        student.fit(1, 0.01, distillation);
        student.fit(1, 0.01, distillation);
        assertThat(student.history()).allSatisfy(row -> assertThat(row.notes()).containsKey("teacher_agreement"));
    }

    @ParameterizedTest
    @CsvSource({"0", "0.35", "1"})
    void theStudentsGradientEqualsFiniteDifferences(double weight) {
        Tensors.seed(8);
        GivenBatches wide = new GivenBatches(
                        1, 5, 3, b -> Tensors.to(Toy.images(b, 5, 0.5), DType.FLOAT64), b -> Toy.labels(b, 5), false)
                .shaped(3, 8, 8);
        try (Module small = new Sequential(new Flatten(), new Linear(192, 2), new ReLU(), new Linear(2, 3));
                Module big = new Sequential(new Flatten(), new Linear(192, 3));
                Learner learner = Learner.builder(wide, small).precision("fp32").build()) {
            small.to(DType.FLOAT64);
            big.to(DType.FLOAT64);
            Callback distillation = KnowledgeDistillation.from(big)
                    .weight(weight)
                    .loss(new SoftTarget(2))
                    .build();
            learner.fit(1, 1e-12, distillation, new Callback() {
                @Override
                public void beforeStep(TrainStep step) {
                    small.parameters().forEach((name, parameter) -> compare(name, parameter, small, big, weight, step));
                }
            });
        }
    }

    /** Perturb every twentieth number of a parameter and compare the change of the loss with the gradient. */
    private static void compare(
            String name, Tensor parameter, Module small, Module big, double weight, TrainStep step) {
        double[] gradient = Tensors.toDoubles(parameter.grad());
        double[] at = Tensors.toDoubles(parameter);
        double h = 1e-5;
        for (int i = 0; i < at.length; i += at.length > 20 ? 20 : 1) {
            double[] ends = new double[2];
            for (int side = 0; side < 2; side++) {
                double[] moved = at.clone();
                moved[i] += side == 0 ? -h : h;
                ends[side] = loss(parameter, moved, small, big, weight, step);
            }
            loss(parameter, at, small, big, weight, step);
            assertThat(gradient[i]).as("%s[%d]", name, i).isEqualTo((ends[1] - ends[0]) / (2 * h), within(1e-7));
        }
    }

    private static double loss(
            Tensor parameter, double[] values, Module small, Module big, double weight, TrainStep step) {
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            parameter.copy_(Tensors.of(values, parameter.shape()));
            Tensor ours = small.apply(step.batch().input());
            Tensor theirs = big.apply(step.batch().input());
            Tensor labels = step.batch().targets();
            return (1 - weight) * Ops.crossEntropy(ours, labels).item_double()
                    + weight * new SoftTarget(2).compute(ours, theirs, labels).item_double();
        }
    }

    @Test
    void aStudentComesToAgreeWithATrainedTeacher() {
        GivenBatches separable = Toy.data(12, 12);
        try (Learner big =
                        Learner.builder(separable, TinyNet.ARCHITECTURE).seed(3).build();
                Learner small = Learner.builder(separable, new Sequential(new Flatten(), new Linear(192, Toy.CLASSES)))
                        .build()) {
            big.fitOneCycle(3, 0.03);
            assertThat(big.validate().metric("accuracy")).isGreaterThan(0.9);
            // With a weight of 1, only the teacher's loss is used.
            List<EpochRecord> rows = small.fitOneCycle(
                    4, 0.02, KnowledgeDistillation.from(big).weight(1).build());
            EpochRecord last = rows.get(rows.size() - 1);
            assertThat(last.notes().get("teacher_agreement")).isGreaterThan(0.9);
            assertThat(last.notes().get("valid_SoftTarget"))
                    .isLessThan(rows.get(0).notes().get("valid_SoftTarget"));
            assertThat(last.metrics().get("accuracy")).isGreaterThan(0.8);
        }
    }

    @Test
    void nativeMemoryStaysFlatOverHundredsOfSteps() {
        GivenBatches many = Toy.data(301, 4);
        long[] bytes = new long[2];
        try (Learner learner = Learner.create(many, TinyNet.ARCHITECTURE)) {
            learner.fitOneCycle(1, 0.01, KnowledgeDistillation.from(teacher).build(), new Callback() {
                @Override
                public void afterBatch(TrainStep step) {
                    if (step.index() == 50) bytes[0] = Engine.countedBytes();
                    if (step.index() == 300) bytes[1] = Engine.countedBytes();
                }
            });
        }
        // The garbage collector may free memory of earlier tests meanwhile, but nothing may be added.
        assertThat(bytes[1]).isPositive().isLessThanOrEqualTo(bytes[0]);
    }
}
