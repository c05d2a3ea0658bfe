package dev.limbeck.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.data.Data;
import dev.limbeck.distill.loss.LogitLoss;
import dev.limbeck.distill.loss.LogitMse;
import dev.limbeck.distill.loss.MultiLabel;
import dev.limbeck.distill.loss.SoftTarget;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.optim.Schedule;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Callback;
import dev.limbeck.train.Checkpoint;
import dev.limbeck.train.EpochRecord;
import dev.limbeck.train.ExponentialMovingAverage;
import dev.limbeck.train.GivenBatches;
import dev.limbeck.train.Learner;
import dev.limbeck.train.TrainStep;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test a student that its own moving average teaches. */
class MeanTeacherTest {
    private static final double DECAY = 0.8;

    private final GivenBatches data = Toy.data(6, 12);

    @TempDir
    Path home;

    private Learner tiny(GivenBatches data) {
        return Learner.builder(data, TinyNet.ARCHITECTURE)
                .seed(2)
                .precision("fp32")
                .build();
    }

    private static Callback[] taught(MeanTeacher teacher, ExponentialMovingAverage average, Callback... more) {
        List<Callback> all = new ArrayList<>(List.of(average, teacher));
        all.addAll(List.of(more));
        return all.toArray(Callback[]::new);
    }

    /** Compute the term of each step from a copy of the network that holds the average. */
    @Test
    void theTermComparesWithTheAverageInEvaluationMode() {
        ExponentialMovingAverage average = new ExponentialMovingAverage(DECAY);
        MeanTeacher teacher = MeanTeacher.of(average)
                .weight(Schedule.of("linear:0..1@0..0.5"))
                .loss(new SoftTarget(2));
        int[] compared = {0};
        try (Learner student = tiny(data);
                Module copy = TinyNet.ARCHITECTURE.create(Toy.CLASSES);
                StateDict kept = student.model().stateDict()) {
            Callback check = new Callback() {
                private int steps;

                @Override
                public int order() {
                    return Integer.MAX_VALUE;
                }

                @Override
                public void afterLoss(TrainStep step) {
                    if (step.index() == 0) {
                        assertThat(step.terms()).doesNotContainKey(MeanTeacher.TERM);
                        return;
                    }
                    copy.load(kept);
                    copy.eval();
                    try (Scope scope = Scope.open()) {
                        Tensor theirs = copy.predict(step.batch().input());
                        double expected = new SoftTarget(2)
                                .compute(
                                        step.prediction().detach(),
                                        theirs,
                                        step.batch().targets())
                                .item_double();
                        assertThat(step.term(MeanTeacher.TERM).item_double()).isEqualTo(expected, within(1e-5));
                        assertThat(step.weight(MeanTeacher.TERM))
                                .isEqualTo(Math.min(1, 2 * step.index() / 17.0), within(1e-9));
                        assertThat(student.model().isTraining()).isTrue();
                    }
                    compared[0]++;
                }

                @Override
                public void afterStep(TrainStep step) {
                    double d = Math.min(DECAY, (1.0 + steps) / (10.0 + steps));
                    steps++;
                    try (Scope scope = Scope.open();
                            StateDict now = student.model().stateDict()) {
                        for (String name : kept.names()) {
                            Tensor old = kept.get(name);
                            if (!old.is_floating_point()) continue;
                            float[] a = Tensors.toFloats(old);
                            float[] b = Tensors.toFloats(now.get(name));
                            for (int i = 0; i < a.length; i++) a[i] = (float) (d * a[i] + (1 - d) * b[i]);
                            old.copy_(Tensors.of(a, old.shape()));
                        }
                    }
                }
            };
            student.fit(3, 0.02, taught(teacher, average, check));
        }
        assertThat(compared[0]).isEqualTo(17);
    }

    @Test
    void itTrainsAndFreesWhatAStepMade() {
        try (Learner student = tiny(data)) {
            ExponentialMovingAverage average = new ExponentialMovingAverage(DECAY);
            List<EpochRecord> rows = student.fitOneCycle(8, 0.02, taught(MeanTeacher.of(average), average));
            assertThat(rows.get(7).terms()).containsKey(MeanTeacher.TERM);
            assertThat(rows.get(7).validLoss()).isLessThan(rows.get(0).validLoss());
            assertThat(rows.get(7).metrics().get("accuracy")).isGreaterThan(0.6);
            long before = Engine.countedBytes();
            ExponentialMovingAverage again = new ExponentialMovingAverage(DECAY);
            student.fit(8, 0.001, taught(MeanTeacher.of(again), again));
            // Some objects of an epoch wait for the collector of garbage; one tensor a step would be more.
            assertThat(Engine.countedBytes() - before).isLessThan(2000);
        }
    }

    @Test
    void anInterruptedFitEndsAtTheSameBits() {
        Path checkpoint = home.resolve("c.safetensors");
        String undisturbed = trained(checkpoint, Integer.MAX_VALUE, false);
        for (int step : new int[] {7, 13, 17}) {
            assertThatThrownBy(() -> trained(checkpoint, step, false)).hasMessage("interrupted");
            assertThat(trained(checkpoint, Integer.MAX_VALUE, true)).isEqualTo(undisturbed);
        }
    }

    private String trained(Path checkpoint, int steps, boolean resume) {
        try (Learner learner = tiny(data)) {
            if (resume) learner.resume(checkpoint);
            ExponentialMovingAverage average = new ExponentialMovingAverage(DECAY);
            Callback interruption = new Callback() {
                @Override
                public void afterForward(TrainStep step) {
                    if (step.index() == steps) throw new IllegalStateException("interrupted");
                }
            };
            learner.fit(3, 0.01, taught(MeanTeacher.of(average), average, new Checkpoint(checkpoint), interruption));
            return learner.model().sha256();
        }
    }

    @Test
    void itWorksBesideAnotherTeacherWithFeatures() {
        try (Learner big = Learner.builder(data, TinyNet.ARCHITECTURE)
                        .seed(1)
                        .precision("fp32")
                        .build();
                Learner student = tiny(data)) {
            ExponentialMovingAverage average = new ExponentialMovingAverage(DECAY);
            KnowledgeDistillation distillation = KnowledgeDistillation.from(big)
                    .weight(0.5)
                    .pair(FeaturePair.of("conv", "conv"))
                    .build();
            EpochRecord row = student.fit(
                            1,
                            0.01,
                            taught(
                                    MeanTeacher.of(average).weight(Schedule.constant(0.5)),
                                    average,
                                    distillation,
                                    new Callback() {
                                        @Override
                                        public int order() {
                                            return Integer.MAX_VALUE;
                                        }

                                        @Override
                                        public void afterLoss(TrainStep step) {
                                            assertThat(step.weight(TrainStep.TASK))
                                                    .isEqualTo(0.5);
                                            assertThat(step.weight(MeanTeacher.TERM))
                                                    .isEqualTo(0.5);
                                        }
                                    }))
                    .get(0);
            assertThat(row.terms()).hasSize(3);
        }
    }

    @Test
    void whatCannotWorkIsRefused() {
        try (Learner student = tiny(data)) {
            ExponentialMovingAverage average = new ExponentialMovingAverage(DECAY);
            assertThatThrownBy(
                            () -> student.fit(1, 0.01, MeanTeacher.of(average).weight(Schedule.constant(1))))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("add it to the fit");
            assertThatThrownBy(() ->
                            student.fit(1, 0.01, taught(MeanTeacher.of(average).loss(new MultiLabelOnly()), average)))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageContaining("does not fit");
            assertThatThrownBy(() -> MeanTeacher.of(average).weight(Schedule.of("linear:-1..1")))
                    .hasMessageContaining("weight must be");
            student.fit(1, 0.01, taught(MeanTeacher.of(average).loss(new LogitMse()), average));
        }
    }

    @Test
    void embeddingsAreRefusedInOneLine() {
        Data unlabeled = new GivenBatches.Forwarding(Toy.data(2, 6)) {
            @Override
            public Task task() {
                return new Task.Embedding();
            }
        };
        ExponentialMovingAverage average = new ExponentialMovingAverage(DECAY);
        try (Learner student = Learner.builder(unlabeled, Zoo.CIFAR_RESNET8).build()) {
            assertThatThrownBy(() -> student.fit(1, 0.01, taught(MeanTeacher.of(average), average)))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("a mean teacher compares outputs for labels, found the task embedding; leave "
                            + "mean_teacher out");
        }
    }

    /** Fit several labels only. */
    private static final class MultiLabelOnly implements LogitLoss {
        @Override
        public Tensor rows(Tensor student, Tensor teacher, Tensor labels) {
            return new MultiLabel().rows(student, teacher, labels);
        }

        @Override
        public boolean fits(Task.Kind task) {
            return task == Task.Kind.MULTI_LABEL;
        }
    }
}
