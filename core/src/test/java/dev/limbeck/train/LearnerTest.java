package dev.limbeck.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.data.Split;
import dev.limbeck.distill.MutualLearning;
import dev.limbeck.nn.Dropout;
import dev.limbeck.nn.Flatten;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.Sequential;
import dev.limbeck.optim.Sgd;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.zoo.Architecture;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LearnerTest {
    /** Network without batch norm, so that rows are independent of each other. */
    private static final Architecture PLAIN = new Architecture("plain", 8, LearnerTest::plain);

    private static final Architecture DROPPING = new Architecture(
            "dropping", 8, classes -> new Sequential(new Flatten(), new Dropout(0.3), new Linear(192, classes)));

    private static Module plain(long classes) {
        return new Sequential(new Flatten(), new Linear(192, classes));
    }

    @Test
    void aClosedLearnerSaysSo(@TempDir Path folder) {
        Learner learner = Learner.create(Toy.data(10, 12), PLAIN);
        learner.close();
        learner.close();
        List<Runnable> uses = List.of(
                () -> learner.fitOneCycle(1, 0.01),
                () -> learner.fineTune(1, 0.01),
                () -> learner.lrFind(20),
                learner::firstLoss,
                learner::validate,
                () -> learner.validate(Split.VALID, 2),
                () -> learner.predict(Split.VALID),
                learner::unfreeze,
                learner::model,
                () -> learner.save(folder.resolve("a.safetensors")),
                () -> learner.load(folder.resolve("a.safetensors")));
        for (Runnable use : uses) {
            assertThatThrownBy(use::run)
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("this learner is closed; use it before close, or build a new one");
        }
    }

    @Test
    void aUsersOwnModuleTrainsAndComesBackEqualFromItsFile(@TempDir Path folder) {
        Path file = folder.resolve("tiny.safetensors");
        Tensors.seed(1);
        try (Learner learner = Learner.builder(Toy.data(10, 12), new TinyNet(Toy.CLASSES))
                        .build();
                Learner fresh = Learner.builder(Toy.data(10, 12), new TinyNet(Toy.CLASSES))
                        .build()) {
            double before = learner.validate().loss();
            List<EpochRecord> rows = learner.fitOneCycle(4, 0.03);
            assertThat(rows.get(3).validLoss()).isLessThan(before / 2);
            assertThat(rows.get(3).trainLoss()).isLessThan(rows.get(0).trainLoss());
            assertThat(learner.validate().metric("accuracy")).isGreaterThan(0.9);
            learner.save(file);
            assertThat(fresh.predict(Split.VALID).outputs())
                    .isNotEqualTo(learner.predict(Split.VALID).outputs());
            fresh.load(file);
            assertThat(fresh.model().sha256()).isEqualTo(learner.model().sha256());
            assertThat(fresh.predict(Split.VALID).outputs())
                    .containsExactly(learner.predict(Split.VALID).outputs());
        }
    }

    @Test
    void loadingAFileThatDoesNotFitChangesNothing(@TempDir Path folder) {
        Path file = folder.resolve("plain.safetensors");
        try (Learner learner = Learner.create(Toy.data(2, 4), TinyNet.ARCHITECTURE);
                Learner plain = Learner.create(Toy.data(2, 4), PLAIN)) {
            plain.save(file);
            String before = learner.model().sha256();
            assertThatThrownBy(() -> learner.load(file))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageContaining("the weights do not fit tiny: missing: ");
            assertThat(learner.model().sha256()).isEqualTo(before);
        }
    }

    @Test
    void oneSeedGivesTheSameWeightsBitForBitAndAnotherDoesNot() {
        Function<Long, String> trained = seed -> {
            try (Learner learner =
                    Learner.builder(Toy.data(3, 6), DROPPING).seed(seed).build()) {
                learner.fitOneCycle(2, 0.01);
                learner.fit(1, 0.01);
                return learner.model().sha256();
            }
        };
        String first = trained.apply(4L);
        Tensors.seed(99);
        assertThat(trained.apply(4L)).isEqualTo(first);
        assertThat(trained.apply(5L)).isNotEqualTo(first);
    }

    @Test
    void dropoutDrawsAnewInASecondFit() {
        List<float[]> predictions = new ArrayList<>();
        Callback recording = new Callback() {
            @Override
            public void afterForward(TrainStep step) {
                predictions.add(Tensors.toFloats(step.prediction()));
            }
        };
        GivenBatches same = new GivenBatches(1, 4, 3, batch -> Toy.images(0, 4, 0), batch -> Toy.labels(0, 4), false)
                .shaped(3, 8, 8);
        try (Learner learner = Learner.create(same, DROPPING)) {
            learner.fit(1, 1e-12, recording);
            learner.fit(1, 1e-12, recording);
        }
        assertThat(predictions.get(0)).isNotEqualTo(predictions.get(1));
    }

    @Test
    void aLearnerOutlivesTheScopeItWasMadeIn() {
        Learner learner;
        try (Scope scope = Scope.open()) {
            learner = Learner.create(Toy.data(1, 4), TinyNet.ARCHITECTURE);
            learner.fit(1, 0.01);
        }
        assertThat(learner.fit(1, 0.01)).hasSize(1);
        assertThat(learner.device().str().getString()).startsWith("c");
        learner.close();
    }

    @Test
    void aLossThatIsNotFiniteStopsAndNamesStepAndTerm() {
        GivenBatches poisoned = new GivenBatches(
                        4,
                        2,
                        3,
                        batch -> batch == 3
                                ? Tensors.full(Double.NaN, DType.FLOAT32, 2, 3, 8, 8)
                                : Toy.images(batch, 2, 0),
                        batch -> Toy.labels(batch, 2),
                        false)
                .shaped(3, 8, 8);
        try (Learner learner = Learner.create(poisoned, PLAIN)) {
            String[] lastGood = new String[1];
            assertThatThrownBy(() -> learner.fit(1, 0.01, new Callback() {
                        @Override
                        public void afterStep(TrainStep step) {
                            lastGood[0] = learner.model().sha256();
                        }
                    }))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("the loss became NaN at step 3 in term 'task'; "
                            + "lower the learning rate, or check the inputs");
            assertThat(learner.model().sha256())
                    .as("the weights before that step")
                    .isEqualTo(lastGood[0]);
        }
    }

    @Test
    void aTermThatIsNotFiniteIsNamed() {
        try (Learner learner = Learner.create(Toy.data(2, 4), PLAIN)) {
            assertThatThrownBy(() -> learner.fit(1, 0.01, adding(Double.POSITIVE_INFINITY, 1)))
                    .hasMessageStartingWith("the loss became Infinity at step 0 in term 'extra'");
            assertThatThrownBy(() -> learner.fit(1, 0.01, adding(3e38, 100)))
                    .hasMessageStartingWith("the loss became Infinity at step 0 in term 'total'");
        }
    }

    private static Callback adding(double value, double weight) {
        return new Callback() {
            @Override
            public void afterLoss(TrainStep step) {
                step.addTerm("extra", Tensors.full(value, DType.FLOAT32), weight);
            }
        };
    }

    @Test
    void twoHalfBatchesMakeTheStepOfOneFullBatch() {
        float[] whole = weightsAfter(GivenRows.of(8, 8), 1);
        assertThat(weightsAfter(GivenRows.of(8, 4), 2)).containsExactly(whole, within(1e-6f));
        assertThat(weightsAfter(GivenRows.of(8, 4), 1)).isNotEqualTo(whole);
    }

    @Test
    void aLastGroupThatIsNotFullStillTakesItsMean() {
        // 12 rows in three batches of 4, accumulated in pairs: a step on 8 rows, then one on the remaining 4.
        float[] grouped = weightsAfter(GivenRows.of(12, 4), 2);
        try (Module model = PLAIN.create(3)) {
            start(model);
            Learner.builder(GivenRows.of(8, 8), model)
                    .optimizer(plainSgd())
                    .precision("fp32")
                    .build()
                    .fit(1, 0.1);
            Learner.builder(GivenRows.from(8, 4), model)
                    .optimizer(plainSgd())
                    .precision("fp32")
                    .build()
                    .fit(1, 0.1);
            assertThat(grouped).containsExactly(values(model), within(1e-6f));
        }
    }

    @Test
    void aSkippedBatchDoesNotDiluteItsGroup() {
        float[] alone = weightsAfter(GivenRows.of(4, 4), 1);
        float[] skipped = weightsAfter(GivenRows.of(8, 4), 2, new Callback() {
            @Override
            public void beforeBatch(TrainStep step) {
                if (step.index() == 1) step.skip();
            }
        });
        assertThat(skipped).containsExactly(alone, within(1e-6f));
    }

    private static Sgd plainSgd() {
        return new Sgd(0, false, 0, true);
    }

    private static float[] weightsAfter(GivenBatches data, int accumulation, Callback... more) {
        try (Module model = PLAIN.create(3)) {
            start(model);
            List<Callback> callbacks = new ArrayList<>(List.of(more));
            callbacks.add(new GradientAccumulation(accumulation));
            Learner.builder(data, model)
                    .optimizer(plainSgd())
                    .precision("fp32")
                    .build()
                    .fit(1, 0.1, callbacks.toArray(Callback[]::new));
            return values(model);
        }
    }

    private static void start(Module model) {
        dev.limbeck.ClosedForm.fill(model, 0.3);
    }

    private static float[] values(Module model) {
        return Tensors.toFloats(model.parameters().get("1.weight"));
    }

    /** Cut the same endless sequence of images into batches of any size. */
    private static final class GivenRows {
        static GivenBatches of(int rows, int batchSize) {
            return cut(0, rows, batchSize);
        }

        static GivenBatches from(int first, int rows) {
            return cut(first, rows, rows);
        }

        private static GivenBatches cut(int first, int rows, int size) {
            return new GivenBatches(
                            rows / size,
                            size,
                            3,
                            batch -> images(first + batch * size, size),
                            batch -> labels(first + batch * size, size),
                            false)
                    .shaped(3, 8, 8);
        }

        private static Tensor images(int first, int size) {
            float[] values = new float[size * 192];
            for (int i = 0; i < values.length; i++) values[i] = (float) Math.sin(0.37 * (first * 192 + i) + first);
            for (int row = 0; row < size; row++) {
                for (int i = 0; i < 192; i++) values[row * 192 + i] = (float) Math.sin(0.37 * i + 1.7 * (first + row));
            }
            return Tensors.of(values, size, 3, 8, 8);
        }

        private static long[] labels(int first, int size) {
            long[] labels = new long[size];
            for (int row = 0; row < size; row++) labels[row] = (first + row) % 3;
            return labels;
        }
    }

    @Test
    void clippingBoundsTheStep() {
        Map<String, float[]> before = new LinkedHashMap<>();
        try (Learner learner = Learner.builder(Toy.data(1, 4), PLAIN)
                .optimizer(new Sgd(0, false, 0, true))
                .build()) {
            learner.model().parameters().forEach((name, tensor) -> before.put(name, Tensors.toFloats(tensor)));
            learner.fit(1, 1, new GradientClip(0.01));
            double square = 0;
            for (Map.Entry<String, float[]> entry : before.entrySet()) {
                float[] now = Tensors.toFloats(learner.model().parameters().get(entry.getKey()));
                for (int i = 0; i < now.length; i++) square += Math.pow(now[i] - entry.getValue()[i], 2);
            }
            assertThat(Math.sqrt(square)).isEqualTo(0.01, within(1e-5));
        }
    }

    @Test
    void clippingBoundsTheStepOfAllThatIsTrained() {
        Sgd sgd = new Sgd(0, false, 0, true);
        GivenBatches data = Toy.data(1, 4);
        try (Learner learner = Learner.builder(data, PLAIN).optimizer(sgd).build();
                Learner peer = Learner.builder(data, PLAIN).seed(1).build()) {
            List<Tensor> tensors = new ArrayList<>(learner.model().parameters().values());
            tensors.addAll(peer.model().parameters().values());
            List<float[]> before = tensors.stream().map(Tensors::toFloats).toList();
            learner.fit(1, 1, MutualLearning.with(peer), new GradientClip(0.01));
            double square = 0;
            for (int t = 0; t < before.size(); t++) {
                float[] now = Tensors.toFloats(tensors.get(t));
                for (int i = 0; i < now.length; i++) square += Math.pow(now[i] - before.get(t)[i], 2);
            }
            assertThat(Math.sqrt(square)).isEqualTo(0.01, within(1e-5));
        }
    }

    @Test
    void fineTuningRefusesItsSettingsBeforeTheFirstPhase() {
        try (Learner learner = Learner.create(Toy.data(1, 4), PLAIN)) {
            String before = learner.model().sha256();
            assertThatThrownBy(() -> learner.fineTune(0, 0.1)).hasMessage("epochs must be at least 1, found 0");
            assertThatThrownBy(() -> learner.probe(0, 0.1)).hasMessage("epochs must be at least 1, found 0");
            assertThat(learner.model().sha256()).isEqualTo(before);
            assertThat(learner.model().parameters().values()).allMatch(Tensor::requires_grad);
        }
    }

    @Test
    void oneCycleCountsTheStepsThatAreTaken() {
        List<Double> rates = new ArrayList<>();
        List<Double> momenta = new ArrayList<>();
        try (Learner learner = Learner.create(Toy.data(5, 2), PLAIN)) {
            learner.fitOneCycle(2, 0.1, new GradientAccumulation(2), new Callback() {
                @Override
                public void afterStep(TrainStep step) {
                    assertThat(step.fit().plannedOptimizerSteps()).isEqualTo(6);
                    rates.add(step.fit().lr());
                    momenta.add(step.fit().momentum());
                }
            });
        }
        OneCycle schedule = new OneCycle(0.1);
        assertThat(rates).hasSize(6);
        for (int i = 0; i < 6; i++) {
            assertThat(rates.get(i)).isEqualTo(schedule.rate(i / 6.0));
            assertThat(momenta.get(i)).isEqualTo(schedule.momentum(i / 6.0));
        }
    }

    @Test
    void inputsInAnyMemoryLayoutTrainToTheSameWeights() {
        Function<Boolean, float[]> trained = channelsLast -> {
            GivenBatches data = new GivenBatches(
                            2,
                            4,
                            3,
                            batch -> channelsLast
                                    ? Tensors.channelsLast(Toy.images(batch, 4, 0))
                                    : Toy.images(batch, 4, 0),
                            batch -> Toy.labels(batch, 4),
                            false)
                    .shaped(3, 8, 8);
            try (Learner learner = Learner.builder(data, TinyNet.ARCHITECTURE)
                    .optimizer(Sgd.defaults())
                    .precision("fp32")
                    .build()) {
                learner.fit(2, 0.01);
                return Tensors.toFloats(learner.model().parameters().get("conv.weight"));
            }
        };
        assertThat(trained.apply(true)).containsExactly(trained.apply(false), within(1e-5f));
    }

    @Test
    void refusesEpochsAndRatesThatTrainNothing() {
        try (Learner learner = Learner.create(Toy.data(1, 4), PLAIN)) {
            assertThatThrownBy(() -> learner.fit(0, 0.1)).hasMessage("epochs must be at least 1, found 0");
            assertThatThrownBy(() -> learner.fit(1, 0))
                    .hasMessage("learning rate must be a positive number, found 0.0");
            assertThatThrownBy(() -> learner.fitOneCycle(1, Double.NaN))
                    .hasMessage("learning rate must be a positive number, found NaN");
        }
    }

    @Test
    void saysInOneLineWhatTheEngineRefuses() {
        GivenBatches wide = new GivenBatches(1, 2, 3, b -> Tensors.randn(2, 5, 8, 8), b -> new long[2], false);
        try (Learner learner = Learner.create(wide, TinyNet.ARCHITECTURE)) {
            assertThatThrownBy(() -> learner.fit(1, 0.1))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageStartingWith("training failed: Given groups=1, weight of size [4, 3, 3, 3]")
                    .hasMessageNotContaining("\n");
        }
    }
}
