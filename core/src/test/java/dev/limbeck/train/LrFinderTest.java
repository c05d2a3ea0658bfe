package dev.limbeck.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.optim.Sgd;
import dev.limbeck.tensor.Ops;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LrFinderTest {
    @Test
    void raisesTheRateUntilTheLossRunsAwayAndPutsTheWeightsBack() {
        try (GivenBatches data = Toy.data(5, 12);
                Learner learner = Learner.builder(data, TinyNet.ARCHITECTURE)
                        .optimizer(Sgd.defaults())
                        .build();
                Learner other = Learner.builder(data, TinyNet.ARCHITECTURE)
                        .optimizer(Sgd.defaults())
                        .build()) {
            String before = learner.model().sha256();
            LrCurve curve = learner.lrFind(1e-4, 1e4, 80);
            assertThat(learner.model().sha256()).isEqualTo(before);
            assertThat(learner.history()).isEmpty();
            assertThat(curve.rates()).hasSameSizeAs(curve.losses()).hasSizeBetween(20, 80);
            assertThat(curve.rates().get(0)).isEqualTo(1e-4);
            double factor = Math.pow(1e8, 1.0 / 79);
            for (int i = 1; i < curve.rates().size(); i++) {
                assertThat(curve.rates().get(i) / curve.rates().get(i - 1)).isCloseTo(factor, within(1e-9));
            }
            assertThat(curve.suggestion())
                    .isBetween(1e-4, curve.rates().get(curve.rates().size() - 1));
            // The search must not affect later training.
            learner.fit(1, 1e-2);
            other.fit(1, 1e-2);
            assertThat(learner.model().sha256()).isEqualTo(other.model().sha256());
        }
    }

    @Test
    void errorsOfTheEngineAreOneLine() {
        try (GivenBatches data = Toy.data(5, 12);
                Learner learner = Learner.create(data, TinyNet.ARCHITECTURE)) {
            Callback broken = new Callback() {
                @Override
                public void afterLoss(TrainStep step) {
                    Ops.cat(0, step.prediction(), step.batch().input());
                }
            };
            for (Runnable way : List.<Runnable>of(() -> learner.lrFind(20, broken), () -> learner.firstLoss(broken))) {
                assertThatThrownBy(way::run)
                        .isInstanceOf(LimbeckException.class)
                        .hasMessageStartingWith("training failed: ")
                        .hasMessageNotContaining("\n");
            }
        }
    }

    @Test
    void suggestsWhereTheLossFallsMostSteeply() {
        List<Double> rates =
                IntStream.range(0, 40).mapToObj(i -> Math.pow(10, -4 + 0.1 * i)).toList();
        List<Double> losses = IntStream.range(0, 40)
                .mapToObj(i -> falling(i) + (i % 2 == 0 ? 0.02 : 0) - (i == 4 ? 0.09 : 0))
                .toList();
        assertThat(LrCurve.of(rates, losses).suggestion()).isIn(rates.subList(20, 25));
    }

    /** Return a loss that is flat, then falls from step 20 to 24, then rises. */
    private static double falling(int i) {
        if (i < 20) return 2 - 0.001 * i;
        return i < 25 ? 1.98 - 0.1 * (i - 19) : 1.4 + 0.05 * (i - 25);
    }

    @Test
    void refusesARangeThatIsNone() {
        try (GivenBatches data = Toy.data(2, 6);
                Learner learner = Learner.create(data, TinyNet.ARCHITECTURE)) {
            assertThatThrownBy(() -> learner.lrFind(1, 0.1, 50))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("highest rate must be above the lowest, 1.0, found 0.1");
            assertThatThrownBy(() -> learner.lrFind(5)).hasMessage("steps must be at least 20, found 5");
        }
    }

    @Test
    void dryRunsRecordAndStopNothing(@TempDir Path home) throws IOException {
        Path checkpoint = home.resolve("checkpoint.safetensors");
        Path log = home.resolve("log.csv");
        List<String> table = new ArrayList<>();
        AtomicInteger evaluations = new AtomicInteger();
        Metric counted = new Metric() {
            @Override
            public String name() {
                return "score";
            }

            @Override
            public double of(Predictions predictions) {
                return -evaluations.incrementAndGet();
            }
        };
        try (GivenBatches data = Toy.data(5, 12);
                BestEpoch best = new BestEpoch();
                Learner learner = Learner.builder(data, TinyNet.ARCHITECTURE)
                        .metrics(counted)
                        .callback(best)
                        .callback(new EarlyStopping("score", 1))
                        .callback(new Checkpoint(checkpoint))
                        .callback(new CsvLog(log))
                        .callback(new EpochTable(table::add))
                        .build()) {
            learner.fit(1, 1e-2);
            String weights = best.weights().sha256();
            byte[] file = Files.readAllBytes(checkpoint);
            String rows = Files.readString(log);
            int lines = table.size();
            assertThat(learner.lrFind(1e-6, 1e-3, 40).rates()).hasSize(40);
            learner.firstLoss();
            assertThat(evaluations).hasValue(1);
            assertThat(best.weights().sha256()).isEqualTo(weights);
            assertThat(checkpoint).hasBinaryContent(file);
            assertThat(log).hasContent(rows);
            assertThat(table).hasSize(lines);
        }
    }

    @Test
    void accumulatedBatchesMakeOneStepOfTheSearch() {
        List<Double> used = new ArrayList<>();
        Callback noting = new Callback() {
            @Override
            public void afterStep(TrainStep step) {
                used.add(step.fit().lr());
            }
        };
        try (GivenBatches data = Toy.data(6, 4);
                Learner learner = Learner.create(data, TinyNet.ARCHITECTURE)) {
            LrCurve curve = learner.lrFind(1e-6, 1e-3, 25, new GradientAccumulation(3), noting);
            assertThat(curve.rates()).hasSize(25).isEqualTo(used);
        }
    }

    @Test
    void aSearchWithoutAFiniteLossSaysSo() {
        try (GivenBatches data = Toy.data(5, 12);
                Learner learner = Learner.builder(data, TinyNet.ARCHITECTURE)
                        .loss((outputs, targets, weights) -> Ops.mul(outputs.sum(), Double.NaN))
                        .build()) {
            assertThatThrownBy(() -> learner.lrFind(1e-3, 1, 20))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("no step of the learning-rate search had a finite loss, from the rate 0.001 on; "
                            + "check the inputs and the losses");
        }
    }
}
