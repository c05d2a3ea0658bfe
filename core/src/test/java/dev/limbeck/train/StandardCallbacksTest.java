package dev.limbeck.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.tensor.Ops;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StandardCallbacksTest {
    /** Return a metric with the given values, one per evaluation. */
    private static Metric scripted(double... values) {
        return new Metric() {
            private int next;

            @Override
            public String name() {
                return "score";
            }

            @Override
            public double of(Predictions predictions) {
                return values[next++];
            }
        };
    }

    private static Learner learner(Metric metric) {
        return Learner.builder(Toy.data(1, 4), TinyNet.ARCHITECTURE)
                .metrics(metric)
                .loss((prediction, labels, weights) -> Ops.add(Ops.mul(prediction.sum(), 0), 0.25))
                .build();
    }

    @Test
    void earlyStoppingWaitsForItsPatience() {
        EarlyStopping stopping = new EarlyStopping("score", 2);
        try (Learner learner = learner(scripted(0.1, 0.5, 0.4, 0.5, 0.9, 0.1, 0.2, 0.3, 0.4, 0.5))) {
            List<EpochRecord> rows = learner.fit(10, 0.01, stopping);
            assertThat(rows).extracting(row -> row.metrics().get("score")).containsExactly(0.1, 0.5, 0.4, 0.5);
            assertThat(learner.fit(2, 0.01, stopping))
                    .as("a new fit starts anew")
                    .hasSize(2);
        }
    }

    @Test
    void earlyStoppingOnAnUnknownMetricIsRefusedBeforeTheFirstBatch() {
        List<String> moments = new ArrayList<>();
        try (Learner learner = learner(scripted(0.1))) {
            assertThatThrownBy(() -> learner.fit(1, 0.01, new EarlyStopping("scope", 2), new Moments(moments::add)))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("no metric 'scope'; nearest: score");
        }
        assertThat(moments).doesNotContain("beforeBatch");
    }

    @Test
    void earlyStoppingWithoutAValidationSplitIsRefusedBeforeTheFirstBatch() {
        List<String> moments = new ArrayList<>();
        GivenBatches trainOnly =
                new GivenBatches(1, 4, 3, batch -> Toy.images(batch, 4, 0), batch -> Toy.labels(batch, 4), false);
        try (Learner learner = Learner.create(trainOnly, TinyNet.ARCHITECTURE)) {
            assertThatThrownBy(() -> learner.fit(1, 0.01, new EarlyStopping("accuracy", 2), new Moments(moments::add)))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("early stopping needs a validation split");
        }
        assertThat(moments).doesNotContain("beforeBatch");
    }

    @Test
    void aMetricWithoutAValueDoesNotRise() {
        try (Learner learner = learner(scripted(Double.NaN, 0.3, Double.NaN, Double.NaN, 1))) {
            assertThat(learner.fit(5, 0.01, new EarlyStopping("score", 2))).hasSize(4);
        }
    }

    @Test
    void aMetricThatNeverHasAValueIsNamed() {
        List<String> lines = new ArrayList<>();
        try (Learner learner = learner(scripted(Double.NaN, Double.NaN, Double.NaN));
                BestEpoch best = new BestEpoch()) {
            learner.fit(3, 0.01, best, new EarlyStopping("score", 2), new EpochTable(lines::add));
            assertThat(best.weights()).isNull();
        }
        assertThat(lines).last().isEqualTo("stopped: score has no value (NaN) for 2 epochs");
    }

    @Test
    void earlyStoppingNeedsPatience() {
        assertThatThrownBy(() -> new EarlyStopping("accuracy", 0)).hasMessage("patience must be at least 1, found 0");
    }

    @Test
    void aCheckpointHoldsTheWeightsOfEveryEpochInTurn(@TempDir Path folder) {
        Path file = folder.resolve("runs/last.safetensors");
        List<String> hashes = new ArrayList<>();
        try (Learner learner = Learner.create(Toy.data(2, 4), TinyNet.ARCHITECTURE);
                Learner reader = Learner.create(Toy.data(2, 4), TinyNet.ARCHITECTURE)) {
            learner.fit(3, 0.01, new Checkpoint(file), new Callback() {
                @Override
                public int order() {
                    return Integer.MAX_VALUE;
                }

                @Override
                public void afterEpoch(TrainingContext fit) {
                    reader.load(file);
                    hashes.add(reader.model().sha256());
                    assertThat(hashes.get(fit.epoch())).isEqualTo(fit.model().sha256());
                }
            });
        }
        assertThat(hashes).hasSize(3).doesNotHaveDuplicates();
        assertThat(file.getParent().toFile().list())
                .as("no temporary files")
                .containsExactlyInAnyOrder("last.safetensors", "last.safetensors.previous");
    }

    @Test
    void anInterruptedFitLeavesTheLastFinishedEpoch(@TempDir Path folder) {
        Path file = folder.resolve("last.safetensors");
        String[] finished = new String[1];
        try (Learner learner = Learner.create(Toy.data(2, 4), TinyNet.ARCHITECTURE)) {
            Callback failing = new Callback() {
                @Override
                public void afterEpoch(TrainingContext fit) {
                    finished[0] = fit.model().sha256();
                }

                @Override
                public void afterStep(TrainStep step) {
                    if (step.index() == 2) throw new IllegalStateException("expected");
                }
            };
            assertThatThrownBy(() -> learner.fit(3, 0.01, new Checkpoint(file), failing))
                    .hasMessageContaining("expected");
            assertThat(learner.model().sha256()).isNotEqualTo(finished[0]);
            learner.load(file);
            assertThat(learner.model().sha256()).isEqualTo(finished[0]);
        }
        assertThat(Files.exists(file)).isTrue();
    }

    @Test
    void theEpochTableReadsTheSameInEveryLocale() {
        Locale before = Locale.getDefault();
        List<String> lines = new ArrayList<>();
        try (Learner learner = learner(scripted(0.5, 0.75, 0.5))) {
            Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
            learner.fit(3, 0.01, new EpochTable(lines::add), new Callback() {
                @Override
                public void afterValidate(TrainingContext fit) {
                    if (fit.epoch() == 1) fit.stop("enough");
                }
            });
        } finally {
            Locale.setDefault(before);
        }
        assertThat(lines.stream().map(StandardCallbacksTest::timeless))
                .containsExactly(
                        "epoch  train_loss  valid_loss       score    time    left",
                        "    0    0.250000    0.250000    0.500000   00:00   00:00",
                        "    1    0.250000    0.250000    0.750000   00:00   00:00",
                        "stopped: enough");
    }

    @Test
    void theEpochTableShowsADashWithoutValidationAndAHeadForEveryFit() {
        List<String> lines = new ArrayList<>();
        GivenBatches trainOnly =
                new GivenBatches(1, 4, 3, batch -> Toy.images(batch, 4, 0), batch -> Toy.labels(batch, 4), false);
        EpochTable table = new EpochTable(lines::add);
        try (Learner learner = Learner.builder(trainOnly, TinyNet.ARCHITECTURE)
                .loss((prediction, labels, weights) -> Ops.mul(prediction.sum(), 0))
                .callback(table)
                .build()) {
            learner.fit(1, 0.01);
            learner.fit(1, 0.01);
        }
        assertThat(lines.stream().map(StandardCallbacksTest::timeless))
                .containsExactly(
                        "epoch  train_loss  valid_loss    time    left",
                        "    0    0.000000           -   00:00   00:00",
                        "epoch  train_loss  valid_loss    time    left",
                        "    0    0.000000           -   00:00   00:00");
    }

    @Test
    void theEpochTableSaysWhatEachPhaseOfFineTuningTrains() {
        List<String> lines = new ArrayList<>();
        try (Learner learner = learner(scripted(0.5, 0.5, 0.5, 0.5, 0.5))) {
            EpochTable table = new EpochTable(lines::add);
            learner.fineTune(2, 0.01, 1, table);
            learner.fineTune(1, 0.01, 0, table);
            learner.fit(1, 0.01, table);
        }
        assertThat(lines.stream().map(line -> line.strip().split("  ")[0]))
                .containsExactly(
                        "phase 1 of 2: train the new classifier",
                        "epoch",
                        "0",
                        "phase 2 of 2: train the whole network",
                        "epoch",
                        "0",
                        "1",
                        "epoch",
                        "0",
                        "epoch",
                        "0");
    }

    private static String timeless(String line) {
        return line.replaceAll("\\d\\d:\\d\\d", "00:00");
    }

    @Test
    void tellsHowMuchIsLeftOfAllFits() {
        List<Integer> epochs = new ArrayList<>();
        try (Learner learner = learner(scripted(0.5, 0.75, 0.5, 0.5, 0.5))) {
            learner.fineTune(2, 0.01, 2, new Callback() {
                @Override
                public void beforeTrain(TrainingContext fit) {
                    epochs.add(fit.epochsLeft());
                    if (fit.wholeHistory().isEmpty())
                        assertThat(fit.secondsLeft()).isNaN();
                }

                @Override
                public void afterEpoch(TrainingContext fit) {
                    double mean = fit.wholeHistory().stream()
                            .mapToDouble(EpochRecord::seconds)
                            .average()
                            .orElseThrow();
                    assertThat(fit.secondsLeft()).isEqualTo(mean * fit.epochsLeft());
                }
            });
            learner.fit(1, 0.01, new Callback() {
                @Override
                public void beforeTrain(TrainingContext fit) {
                    epochs.add(fit.epochsLeft());
                }
            });
        }
        assertThat(epochs).containsExactly(4, 3, 2, 1, 1);
    }

    @Test
    void theEpochsOfLaterFitsAreLeftWhereOneStops() {
        List<Integer> left = new ArrayList<>();
        try (Learner learner = learner(scripted(0.5, 0.5, 0.5))) {
            learner.fineTune(2, 0.01, 3, new Callback() {
                @Override
                public void afterEpoch(TrainingContext fit) {
                    if (fit.wholeHistory().size() == 1) fit.stop("enough");
                    left.add(fit.epochsLeft());
                }
            });
        }
        assertThat(left).containsExactly(2, 1, 0);
    }
}
