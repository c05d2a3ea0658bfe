package dev.limbeck.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.distill.loss.DecoupledKD;
import dev.limbeck.distill.loss.Dist;
import dev.limbeck.distill.loss.LogitLoss;
import dev.limbeck.distill.loss.SoftTarget;
import dev.limbeck.distill.teacher.FunctionTeacher;
import dev.limbeck.distill.teacher.ModuleTeacher;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Callback;
import dev.limbeck.train.Checkpoint;
import dev.limbeck.train.EpochRecord;
import dev.limbeck.train.ExponentialMovingAverage;
import dev.limbeck.train.GivenBatches;
import dev.limbeck.train.Learner;
import dev.limbeck.train.Mixup;
import dev.limbeck.train.TrainStep;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test arrangements of several teachers and students. */
class StrategiesTest {
    private final GivenBatches data = Toy.data(6, 12);

    private Learner tiny(long seed) {
        return Learner.builder(data, TinyNet.ARCHITECTURE).seed(seed).build();
    }

    @Test
    void aChainTeachesEachStudentByTheOneBefore() {
        try (Learner first = tiny(1);
                Learner second = tiny(2);
                Learner third = tiny(3)) {
            List<String> order = new ArrayList<>();
            List<String> hashes = new ArrayList<>();
            TeacherChain.from(ModuleTeacher.of(first))
                    .with(teacher -> {
                        order.add("taught by " + teacher.name());
                        return KnowledgeDistillation.from(teacher).weight(1).build();
                    })
                    .train(List.of(second, third), (student, distillation) -> {
                        hashes.add(second.model().sha256());
                        student.fit(2, 0.02, distillation);
                    });
            assertThat(order).containsExactly("taught by tiny", "taught by tiny");
            assertThat(hashes.get(1))
                    .isNotEqualTo(hashes.get(0))
                    .isEqualTo(second.model().sha256());
            // The third student must have learned from the second, not from the first.
            assertThat(agreement(third, second)).isGreaterThan(agreement(third, first) - 1e-9);
        }
    }

    @Test
    void aChainFreesWhatItsDistillationsLearned() {
        try (Learner first = tiny(1);
                Learner second = tiny(2)) {
            List<KnowledgeDistillation> made = new ArrayList<>();
            List<Integer> learned = new ArrayList<>();
            TeacherChain.from(ModuleTeacher.of(first))
                    .with(teacher -> KnowledgeDistillation.from(teacher)
                            .pair(FeaturePair.of("conv", "conv").adapter(Adapter.REGRESSOR))
                            .build())
                    .train(List.of(second), (student, distillation) -> {
                        student.fit(1, 0.02, distillation);
                        learned.add(distillation.parameters().size());
                        made.add(distillation);
                    });
            assertThat(learned.get(0)).isPositive();
            assertThat(made.get(0).parameters()).isEmpty();
        }
    }

    @Test
    void exitsOfAnEarlierNetworkAreFreed() {
        try (Learner a = tiny(1);
                Learner b = tiny(2)) {
            SelfDistillation exits = SelfDistillation.at("conv");
            a.fit(1, 0.01, exits);
            Tensor before = exits.parameters().get("exit.conv.weight");
            b.fit(1, 0.01, exits);
            assertThat(before.isNull()).isTrue();
            Tensor now = exits.parameters().get("exit.conv.weight");
            b.fit(1, 0.01, exits);
            assertThat(exits.parameters().get("exit.conv.weight")).isSameAs(now);
        }
    }

    /** What trains without a teacher is checked as a distillation is. */
    @Test
    void lossesWithoutATeacherAreCheckedBeforeTheFirstStep() {
        GivenBatches half = new GivenBatches(2, 4, 3, b -> Toy.images(b, 4, 0), b -> new long[] {0, 1, -1, -1}, false)
                .shaped(3, 8, 8);
        GivenBatches single = Toy.data(3, 1);
        for (GivenBatches rows : List.of(half, single)) {
            LogitLoss loss = rows == half ? new DecoupledKD() : new Dist();
            String message = rows == half
                    ? "DecoupledKD needs a label for every row, but 4 have none; use a loss such as SoftTarget, or leave "
                            + "these rows out"
                    : "Dist compares rows with each other, found batches of 1; use batches of 2 or more";
            ExponentialMovingAverage average = new ExponentialMovingAverage(0.9);
            try (Learner a = Learner.create(rows, TinyNet.ARCHITECTURE);
                    Learner b = Learner.create(rows, TinyNet.ARCHITECTURE)) {
                List<Callback[]> all = List.of(
                        new Callback[] {MutualLearning.with(b).loss(loss)},
                        new Callback[] {SelfDistillation.at("conv").loss(loss)},
                        new Callback[] {average, MeanTeacher.of(average).loss(loss)});
                for (Callback[] callbacks : all) {
                    assertThatThrownBy(() -> a.fit(1, 0.01, callbacks))
                            .isInstanceOf(LimbeckException.class)
                            .hasMessage(message);
                }
            }
        }
    }

    private static double agreement(Learner a, Learner b) {
        try (Scope scope = Scope.open()) {
            Tensor x = Toy.images(1000, 12, 1);
            return -new SoftTarget(1)
                    .compute(a.model().predict(x), b.model().predict(x), Tensors.of(new long[12], 12))
                    .item_double();
        }
    }

    @Test
    void exitsLearnFromLabelsAndFromTheNetworkItself() {
        try (Learner learner = Learner.builder(data, Zoo.CIFAR_RESNET8).seed(2).build()) {
            SelfDistillation exits =
                    SelfDistillation.at("layer1", "layer2").weight(0.3).scale(0.5);
            List<String> names = List.copyOf(learner.model().parameters().keySet());
            EpochRecord row = learner.fit(3, 0.01, exits, new Callback() {
                        @Override
                        public int order() {
                            return 1;
                        }

                        @Override
                        public void afterLoss(TrainStep step) {
                            double task = step.term(TrainStep.TASK).item_double();
                            double sum = 0;
                            for (String layer : List.of("layer1", "layer2")) {
                                sum += 0.7 * step.term("exit " + layer).item_double();
                                sum += 0.3 * step.term("SoftTarget " + layer).item_double();
                            }
                            assertThat(step.total().item_double()).isEqualTo(task + 0.5 * sum, within(1e-5));
                        }
                    })
                    .get(2);
            EpochRecord before = learner.history().get(0);
            assertThat(row.terms().get("exit layer2")).isLessThan(before.terms().get("exit layer2"));
            assertThat(learner.model().parameters().keySet()).containsExactlyElementsOf(names);
            assertThat(exits.parameters().keySet())
                    .containsExactly(
                            "exit.layer1.weight", "exit.layer1.bias", "exit.layer2.weight", "exit.layer2.bias");
            assertThat(learner.model().hookCount()).isZero();
        }
    }

    @Test
    void exitsAreInCheckpoints(@TempDir Path home) {
        Path checkpoint = home.resolve("c.safetensors");
        String undisturbed = selfTaught(checkpoint, Integer.MAX_VALUE, false);
        assertThatThrownBy(() -> selfTaught(checkpoint, 9, false)).hasMessageEndingWith("interrupted");
        assertThat(selfTaught(checkpoint, Integer.MAX_VALUE, true)).isEqualTo(undisturbed);
    }

    @Test
    void exitsOfLayersWithinEachOtherAreInCheckpoints(@TempDir Path home) {
        Path checkpoint = home.resolve("c.safetensors");
        try (Learner learner = Learner.builder(data, Zoo.CIFAR_RESNET8).seed(2).build();
                Learner goesOn =
                        Learner.builder(data, Zoo.CIFAR_RESNET8).seed(2).build()) {
            learner.fit(1, 0.01, SelfDistillation.at("layer2", "layer2.0"), new Checkpoint(checkpoint));
            goesOn.resume(checkpoint);
            goesOn.fit(1, 0.01, SelfDistillation.at("layer2", "layer2.0"));
            assertThat(goesOn.model().sha256()).isEqualTo(learner.model().sha256());
        }
    }

    private String selfTaught(Path checkpoint, int steps, boolean resume) {
        try (Learner learner = tiny(2)) {
            if (resume) learner.resume(checkpoint);
            learner.fit(3, 0.01, SelfDistillation.at("conv"), new Checkpoint(checkpoint), interruptedAt(steps));
            return learner.model().sha256();
        }
    }

    @Test
    void aStudentThatReusesTheClassifierIsOneModelThatSavesAndLoads(@TempDir Path home) {
        try (Learner teacher = Learner.builder(data, Zoo.CIFAR_RESNET14).seed(1).build()) {
            teacher.fitOneCycle(3, 0.02);
            SimKD reused = SimKD.of(teacher);
            try (Learner student = Learner.builder(data, reused.student(Zoo.CIFAR_RESNET8))
                    .seed(2)
                    .build()) {
                assertThat(student.architecture()).isEqualTo("cifar-resnet8+bridge64");
                List<EpochRecord> rows = student.fitOneCycle(4, 0.02, reused.teach(student));
                double first = rows.get(0).terms().get("FitNet(linear.4:input/linear:input)");
                assertThat(rows.get(3).terms().get("FitNet(linear.4:input/linear:input)"))
                        .isLessThan(first / 2);
                // The classifier must equal the teacher's bit for bit; the features are trained.
                assertThat(Tensors.toFloats(student.model().parameters().get("linear.4.weight")))
                        .containsExactly(
                                Tensors.toFloats(teacher.model().parameters().get("linear.weight")));
                Path file = home.resolve("student.safetensors");
                student.save(file);
                try (SavedModel saved = SavedModel.open(file, null);
                        Scope scope = Scope.open()) {
                    Tensor x = Toy.images(3, 4, 1);
                    assertThat(Tensors.toFloats(saved.module().predict(x)))
                            .containsExactly(Tensors.toFloats(student.model().predict(x)));
                }
            }
            try (Learner wrong = tiny(1)) {
                assertThatThrownBy(() -> reused.teach(wrong))
                        .isInstanceOf(LimbeckException.class)
                        .hasMessage("the student's classifier must equal the teacher's, 3×64, found 3×16 in weight; "
                                + "create the student with the architecture that student(...) returns");
            }
        }
    }

    @Test
    void studentsThatLearnTogetherAgreeMoreThanThoseThatDoNot() {
        try (Learner a = tiny(1);
                Learner b = tiny(2);
                Learner c = tiny(1);
                Learner d = tiny(2)) {
            List<EpochRecord> together =
                    a.fitOneCycle(4, 0.01, MutualLearning.with(b).scale(3));
            c.fitOneCycle(4, 0.01, MutualLearning.with(d).scale(0));
            assertThat(together).hasSize(4).allMatch(row -> row.notes().containsKey("peer1_accuracy"));
            assertThat(together.get(3).validLoss()).isLessThan(together.get(0).validLoss());
            assertThat(agreement(a, b)).isGreaterThan(agreement(c, d));
            assertThat(a.model().sha256()).isNotEqualTo(b.model().sha256());
        }
    }

    /** One pass of the teacher serves all students, and each ends at the bits that it has alone. */
    @Test
    void severalStudentsLearnFromOnePassOfTheTeacher(@TempDir Path home) {
        try (Learner teacher = tiny(5);
                Learner first = tiny(1);
                Learner second = tiny(2);
                Learner third = tiny(3);
                Learner alone = tiny(2);
                Learner aloneToo = tiny(3)) {
            teacher.fitOneCycle(2, 0.02);
            AtomicInteger together = new AtomicInteger();
            List<EpochRecord> rows = first.fitOneCycle(
                    3, 0.01, counted(teacher, together).also(second, third).build());
            AtomicInteger single = new AtomicInteger();
            alone.fitOneCycle(3, 0.01, counted(teacher, single).build());
            assertThat(together.get()).isEqualTo(single.get()).isPositive();
            aloneToo.fitOneCycle(3, 0.01, counted(teacher, single).build());
            assertThat(second.model().sha256()).isEqualTo(alone.model().sha256());
            assertThat(third.model().sha256()).isEqualTo(aloneToo.model().sha256());
            assertThat(rows).allMatch(row -> row.notes().containsKey("peer2_accuracy"));
            assertThat(rows.get(0).terms()).containsKeys("task peer1", "SoftTarget peer2");
            // A resumed training ends at the same bits too.
            Path checkpoint = home.resolve("checkpoint.safetensors");
            try (Learner again = tiny(1);
                    Learner other = tiny(2)) {
                assertThatThrownBy(() -> again.fitOneCycle(
                                3,
                                0.01,
                                counted(teacher, single).also(other).build(),
                                new Checkpoint(checkpoint),
                                interruptedAt(8)))
                        .hasMessageEndingWith("interrupted");
            }
            try (Learner again = tiny(1);
                    Learner other = tiny(2)) {
                again.resume(checkpoint);
                again.fitOneCycle(3, 0.01, counted(teacher, single).also(other).build());
                assertThat(again.model().sha256()).isEqualTo(first.model().sha256());
                assertThat(other.model().sha256()).isEqualTo(alone.model().sha256());
            }
        }
    }

    @Test
    void studentsThatAreFrozenInPartAreNotTrainedTogether() {
        try (Learner teacher = tiny(5);
                Learner first = tiny(1);
                Learner second = tiny(2)) {
            second.freeze();
            assertThatThrownBy(() -> first.fit(
                            1,
                            0.01,
                            KnowledgeDistillation.from(teacher).also(second).build()))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage(
                            "students that train together must train all their weights, found frozen ones; unfreeze "
                                    + "them, or fine-tune the students one by one");
        }
    }

    @Test
    void gradientStatsOfAResumedTrainingAreWhole(@TempDir Path home) {
        Path checkpoint = home.resolve("stats.safetensors");
        try (Learner teacher = tiny(5);
                Learner whole = tiny(1);
                Learner cut = tiny(1);
                Learner resumed = tiny(1)) {
            KnowledgeDistillation all =
                    KnowledgeDistillation.from(teacher).gradientStatsEvery(2).build();
            whole.fit(3, 0.01, all);
            assertThatThrownBy(() -> cut.fit(
                            3,
                            0.01,
                            KnowledgeDistillation.from(teacher)
                                    .gradientStatsEvery(2)
                                    .build(),
                            new Checkpoint(checkpoint),
                            interruptedAt(8)))
                    .hasMessageEndingWith("interrupted");
            KnowledgeDistillation rest =
                    KnowledgeDistillation.from(teacher).gradientStatsEvery(2).build();
            resumed.resume(checkpoint);
            resumed.fit(3, 0.01, rest);
            assertThat(rest.describe().get("gradient_stats"))
                    .isEqualTo(all.describe().get("gradient_stats"));
        }
    }

    private static Callback interruptedAt(int batch) {
        return new Callback() {
            @Override
            public void afterForward(TrainStep step) {
                if (step.index() == batch) throw new IllegalStateException("interrupted");
            }
        };
    }

    private DistillationBuilder counted(Learner teacher, AtomicInteger batches) {
        return KnowledgeDistillation.from(new FunctionTeacher("counted", data.classNames(), inputs -> {
                    batches.incrementAndGet();
                    try (Scope scope = Scope.open()) {
                        return Tensors.toFloats(teacher.model().predict(Tensors.of(inputs.values(), inputs.shape())));
                    }
                }))
                .weight(0.7)
                .loss(new SoftTarget(2));
    }

    /** A search for a learning rate ends with a loss that runs away; what it trains beside the model must not stay so. */
    @Test
    void aSearchRestoresAllThatItTrains() {
        try (Learner teacher = tiny(5);
                Learner first = tiny(1);
                Learner second = tiny(2)) {
            KnowledgeDistillation together =
                    counted(teacher, new AtomicInteger()).also(second).build();
            String before = second.model().sha256();
            first.lrFind(1e-4, 1e3, 40, together);
            first.firstLoss(together);
            assertThat(second.model().sha256()).isEqualTo(before);
            SelfDistillation exits = SelfDistillation.at("conv");
            first.firstLoss(exits);
            try (StateDict fresh = exits.state()) {
                first.lrFind(1e-4, 1e3, 40, exits);
                try (StateDict after = exits.state()) {
                    assertThat(fresh.names()).isNotEmpty();
                    assertThat(after.sha256()).isEqualTo(fresh.sha256());
                }
            }
        }
    }

    @Test
    void studentsThatTrainAlongLearnLogitsOnly() {
        try (Learner teacher = tiny(5);
                Learner first = tiny(1);
                Learner second = tiny(2)) {
            DistillationBuilder features = KnowledgeDistillation.from(teacher)
                    .pair(FeaturePair.matched())
                    .also(second);
            assertThatThrownBy(features::build)
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageStartingWith("losses on features are for one student; ");
            KnowledgeDistillation twice =
                    KnowledgeDistillation.from(teacher).also(first).build();
            assertThatThrownBy(() -> first.fit(1, 0.01, twice))
                    .hasMessage("students that train together must be different ones, found one of them twice");
        }
    }

    /** Callbacks, checkpoints and resuming work as in every fit: all students end as without the interruption. */
    @Test
    void interruptedMutualLearningEndsAtTheSameBits(@TempDir Path home) {
        Path checkpoint = home.resolve("checkpoint.safetensors");
        try (Learner a = tiny(1);
                Learner b = tiny(2);
                Learner c = tiny(3)) {
            a.fitOneCycle(3, 0.01, MutualLearning.with(b, c), Mixup.blend(0.4));
            for (int at : new int[] {1, 4, 5}) {
                interrupted(checkpoint, at);
                try (Learner again = tiny(1);
                        Learner second = tiny(2);
                        Learner third = tiny(3)) {
                    again.resume(checkpoint);
                    again.fitOneCycle(3, 0.01, MutualLearning.with(second, third), Mixup.blend(0.4));
                    assertThat(again.model().sha256()).isEqualTo(a.model().sha256());
                    assertThat(second.model().sha256()).isEqualTo(b.model().sha256());
                    assertThat(third.model().sha256()).isEqualTo(c.model().sha256());
                }
            }
        }
    }

    /** Train until a step after the first epoch. */
    private void interrupted(Path checkpoint, int step) {
        try (Learner a = tiny(1);
                Learner b = tiny(2);
                Learner c = tiny(3)) {
            Callback interruption = new Callback() {
                @Override
                public void afterStep(TrainStep now) {
                    if (now.index() == now.fit().batchesPerEpoch() + step)
                        throw new IllegalStateException("interrupted");
                }
            };
            assertThatThrownBy(() -> a.fitOneCycle(
                            3,
                            0.01,
                            MutualLearning.with(b, c),
                            Mixup.blend(0.4),
                            new Checkpoint(checkpoint),
                            interruption))
                    .hasMessage("interrupted");
        }
    }

    @Test
    void mutualLearningsStepIsTheOneByHand() {
        GivenBatches one = Toy.data(1, 6);
        try (Learner a = Learner.builder(one, TinyNet.ARCHITECTURE)
                        .seed(1)
                        .precision("fp32")
                        .build();
                Learner b = Learner.builder(one, TinyNet.ARCHITECTURE)
                        .seed(2)
                        .precision("fp32")
                        .build();
                Learner byHand = Learner.builder(one, TinyNet.ARCHITECTURE)
                        .seed(1)
                        .precision("fp32")
                        .build()) {
            float[] theirs;
            try (Scope scope = Scope.open()) {
                b.model().train();
                theirs = Tensors.toFloats(b.model().apply(Toy.images(0, 6, 1)));
            }
            a.fit(1, 0.01, MutualLearning.with(b));
            byHand.fit(1, 0.01, new Callback() {
                @Override
                public void afterLoss(TrainStep step) {
                    Tensor other = Tensors.of(theirs, 6, 3);
                    step.addTerm(
                            "other",
                            new SoftTarget(1)
                                    .compute(
                                            step.prediction(),
                                            other,
                                            step.batch().targets()),
                            1);
                }
            });
            assertThat(a.model().sha256()).isEqualTo(byHand.model().sha256());
        }
    }

    @Test
    void mutualLearningRefusesWhatCannotWorkAndKeepsMemoryFlat() {
        GivenBatches many = Toy.data(120, 4);
        try (Learner a = tiny(1);
                Learner x = Learner.create(many, TinyNet.ARCHITECTURE);
                Learner y = Learner.create(many, TinyNet.ARCHITECTURE)) {
            assertThatThrownBy(MutualLearning::with).hasMessageContaining("at least one other student, found none");
            assertThatThrownBy(() -> a.fit(1, 1e-3, MutualLearning.with(a))).hasMessageContaining("one of them twice");
            assertThatThrownBy(() -> a.fit(1, 1e-3, MutualLearning.with(x)))
                    .hasMessageContaining("must share one data object");
            x.fit(1, 1e-3, MutualLearning.with(y));
            long before = Engine.countedBytes();
            x.fit(1, 1e-3, MutualLearning.with(y));
            assertThat(Engine.countedBytes()).isLessThanOrEqualTo(before);
            assertThat(Ops.allFinite(x.model().parameters().get("fc.weight"))).isTrue();
        }
    }
}
