package dev.limbeck.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.data.Batch;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Pass;
import dev.limbeck.data.Shard;
import dev.limbeck.data.Split;
import dev.limbeck.data.Targets;
import dev.limbeck.distill.loss.DecoupledKD;
import dev.limbeck.distill.loss.LogitMse;
import dev.limbeck.distill.loss.SoftTarget;
import dev.limbeck.distill.teacher.FunctionTeacher;
import dev.limbeck.distill.teacher.MappedTeacher;
import dev.limbeck.distill.teacher.ModuleTeacher;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.distill.teacher.TeacherContext;
import dev.limbeck.distill.teacher.TeacherSession;
import dev.limbeck.model.SavedModel;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Precision;
import dev.limbeck.train.EarlyStopping;
import dev.limbeck.train.EpochRecord;
import dev.limbeck.train.GivenBatches;
import dev.limbeck.train.Learner;
import dev.limbeck.train.Mixup;
import dev.limbeck.train.Predictions;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test distillation of multi-label and regression models. */
class TasksTest {
    private static final Task LABELS = new Task.MultiLabel(List.of("zero", "even"));
    private static final Task NUMBERS = new Task.Regression(List.of("class"), List.of(1.0), List.of(0.8));

    @TempDir
    Path folder;

    /** Provide the toy's classes as labels (is it class 0, is it even?) or as a number. */
    private static final class Toys extends GivenBatches.Forwarding {
        private final Task task;
        private final boolean unknown;

        Toys(Task task, boolean unknown) {
            super(Toy.data(6, 12));
            this.task = task;
            this.unknown = unknown;
        }

        @Override
        public Task task() {
            return task;
        }

        @Override
        public Targets targets(Split split) {
            int[] labels = super.targets(split).labels();
            float[] values = new float[labels.length * task.outputs()];
            for (int row = 0; row < labels.length; row++) {
                if (task instanceof Task.Regression regression) {
                    values[row] = (float) regression.standardized(0, labels[row]);
                } else {
                    values[2 * row] = labels[row] == 0 ? 1 : 0;
                    values[2 * row + 1] = labels[row] % 2 == 0 ? 1 : 0;
                }
                if (unknown && row < labels.length / 2) {
                    Arrays.fill(values, row * task.outputs(), (row + 1) * task.outputs(), Float.NaN);
                }
            }
            return Targets.values(task.outputs(), values);
        }

        @Override
        public DataLoader train(int epoch) {
            return with(super.train(epoch), Split.TRAIN);
        }

        @Override
        public DataLoader evaluate(Split split) {
            return with(super.evaluate(split), split);
        }

        @Override
        public DataLoader load(Pass pass, Shard shard) {
            return with(super.load(pass, shard), pass.split());
        }

        private DataLoader with(DataLoader batches, Split split) {
            Targets all = targets(split);
            return new DataLoader() {
                @Override
                public int batches() {
                    return batches.batches();
                }

                @Override
                public Batch next() {
                    Batch batch = batches.next();
                    return batch == null
                            ? null
                            : new Batch(
                                    batch.inputs(),
                                    all.rows(batch.indices()).tensor(),
                                    batch.indices(),
                                    batch.origin());
                }

                @Override
                public void close() {
                    batches.close();
                }
            };
        }
    }

    private static Toys data(Task task) {
        return new Toys(task, false);
    }

    private static Learner learner(Toys data) {
        return Learner.builder(data, TinyNet.ARCHITECTURE).precision("fp32").build();
    }

    @Test
    void severalLabelsAreLearnedAndDistilled() {
        try (Toys data = data(LABELS);
                Learner teacher = learner(data);
                Learner student = learner(data)) {
            teacher.fit(6, 0.02);
            assertThat(teacher.validate().metric("average_precision")).isGreaterThan(0.9);
            List<EpochRecord> epochs =
                    student.fit(4, 0.02, KnowledgeDistillation.from(teacher).build());
            EpochRecord last = epochs.get(3);
            assertThat(last.terms()).containsKey("MultiLabel");
            assertThat(last.terms().get("MultiLabel"))
                    .isLessThan(epochs.get(0).terms().get("MultiLabel"));
            assertThat(last.notes()).containsKey("valid_MultiLabel").doesNotContainKey(KnowledgeDistillation.AGREEMENT);
            assertThat(last.metrics().get("average_precision")).isGreaterThan(0.8);
        }
    }

    @Test
    void numbersAreLearnedAndDistilled() {
        try (Toys data = data(NUMBERS);
                Learner teacher = learner(data);
                Learner student = learner(data)) {
            teacher.fit(10, 0.02);
            double rmse = teacher.validate().metric("rmse");
            assertThat(rmse).isLessThan(0.5);
            EpochRecord last = student.fit(
                            6, 0.02, KnowledgeDistillation.from(teacher).build(), new EarlyStopping(5))
                    .get(5);
            assertThat(last.terms()).containsKey("LogitMse");
            assertThat(last.metrics().get("rmse")).isLessThan(0.7);
        }
    }

    @Test
    void mixupMixesNumbersToo() {
        try (Toys data = data(NUMBERS);
                Learner student = learner(data)) {
            assertThat(student.fit(2, 0.01, Mixup.blend(0.4)).get(1).trainLoss())
                    .isFinite();
        }
    }

    @Test
    void rowsWithoutTargetsLearnFromTheTeacher() {
        for (Task task : List.of(LABELS, NUMBERS)) {
            try (Toys data = new Toys(task, true);
                    Learner teacher = learner(data);
                    Learner student = learner(data)) {
                EpochRecord last = student.fit(
                                1, 0.01, KnowledgeDistillation.from(teacher).build())
                        .get(0);
                assertThat(last.trainLoss()).isFinite();
                assertThat(last.terms().get("task")).isFinite();
            }
        }
    }

    /** The same network with another scale of its targets must return the same numbers in their units. */
    @Test
    void aTeachersScaleBecomesTheStudents() {
        Task.Regression other = new Task.Regression(List.of("class"), List.of(-5.0), List.of(20.0));
        try (Toys own = data(NUMBERS);
                Toys scaled = data(other);
                Learner teacher = learner(own)) {
            teacher.fit(1, 0.01);
            teacher.save(folder.resolve("teacher.safetensors"));
            try (SavedModel saved = SavedModel.open(folder.resolve("teacher.safetensors"), TinyNet.ARCHITECTURE)) {
                assertThat(saved.task()).isEqualTo(NUMBERS);
                Predictions before = outputs(ModuleTeacher.of(saved), own);
                Predictions after = outputs(ModuleTeacher.of(saved), scaled);
                for (int row = 0; row < before.size(); row++) {
                    assertThat(after.decoded(row)[0]).isCloseTo(before.decoded(row)[0], within(1e-5));
                    assertThat(after.output(row, 0)).isNotEqualTo(before.output(row, 0));
                }
            }
        }
    }

    /** A function's outputs are in the targets' units. */
    @Test
    void aFunctionReturnsTargetUnits() {
        Teacher seven = new FunctionTeacher("seven", List.of("class"), inputs -> {
            float[] values = new float[inputs.rows()];
            Arrays.fill(values, 7);
            return values;
        });
        try (Toys data = data(NUMBERS)) {
            assertThat(outputs(seven, data).decoded(0)[0]).isCloseTo(7, within(1e-5));
        }
    }

    private static Predictions outputs(Teacher teacher, Toys data) {
        Teacher fitted = MappedTeacher.matching(teacher, false, Map.of(), data.task());
        try (TeacherSession session =
                fitted.open(new TeacherContext(data, Engine.device("cpu"), Precision.FP32, null))) {
            return session.predict(data, Split.VALID);
        }
    }

    @Test
    void whatDoesNotFitIsRefusedBeforeTheFirstStep() {
        try (Toys numbers = data(NUMBERS);
                Toys labels = data(LABELS);
                Toys other = data(new Task.MultiLabel(List.of("even", "zero")));
                Learner teacher = learner(numbers);
                Learner student = learner(numbers);
                Learner labeled = learner(labels);
                Learner swapped = learner(other)) {
            assertRefused(
                    () -> student.fit(
                            1,
                            0.1,
                            KnowledgeDistillation.from(teacher)
                                    .loss(new SoftTarget())
                                    .build()),
                    "the loss SoftTarget does not fit regression; use logit-mse, or a loss on features");
            assertRefused(
                    () -> labeled.fit(
                            1, 0.1, KnowledgeDistillation.from(teacher).build()),
                    "teacher tiny was trained for regression, the data has multi-label classification; use a teacher of"
                            + " the same task");
            assertRefused(
                    () -> labeled.fit(
                            1,
                            0.1,
                            KnowledgeDistillation.from(swapped)
                                    .loss(new DecoupledKD())
                                    .build()),
                    "the loss DecoupledKD does not fit multi-label classification; use logit-mse or multi-label, or a loss"
                            + " on features");
            assertRefused(
                    () -> labeled.fit(
                            1, 0.1, KnowledgeDistillation.from(swapped).build()),
                    "names class 0 'even', the data 'zero'");
            assertRefused(
                    () -> student.fit(
                            1,
                            0.1,
                            KnowledgeDistillation.from(teacher)
                                    .loss(new LogitMse())
                                    .confidenceThreshold(0.5)
                                    .build()),
                    "a confidence threshold needs one class per row, found regression; leave it out");
            assertRefused(
                    () -> student.fit(1, 0.1, SelfDistillation.at("conv")),
                    "the loss SoftTarget does not fit regression");
            assertRefused(
                    () -> student.fit(1, 0.1, MutualLearning.with(teacher)),
                    "the loss SoftTarget does not fit regression");
            assertThat(student.history()).isEmpty();
        }
    }

    private static void assertRefused(ThrowingCallable call, String message) {
        assertThatThrownBy(call)
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }
}
