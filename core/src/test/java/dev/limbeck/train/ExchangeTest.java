package dev.limbeck.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.limbeck.LimbeckException;
import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.data.Split;
import dev.limbeck.distill.FeaturePair;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.distill.loss.ContrastiveRepresentation;
import dev.limbeck.optim.Sgd;
import dev.limbeck.tensor.Tensors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test that processes that train one model do together what one process does that accumulates their gradients. */
class ExchangeTest {
    /** Of seven batches, two processes make three steps; the last batch is dropped. */
    private static final int BATCHES = 7;

    @TempDir
    Path folder;

    private record Trained(String weights, List<EpochRecord> epochs, float[] logits) {}

    private static Trained train(Exchange exchange, int batches, int epochs, Callback... callbacks) {
        try (GivenBatches data = Toy.data(batches, 6);
                Learner learner = inTurn(data, exchange)) {
            List<EpochRecord> rows = learner.fitOneCycle(epochs, 0.1, callbacks);
            return new Trained(
                    weights(learner), rows, learner.predict(Split.VALID).outputs());
        }
    }

    /** Create the first process's network alone: the engine has one generator of random numbers for all threads. */
    private static Learner inTurn(GivenBatches data, Exchange exchange) {
        Learner first = exchange.rank() == 0 ? learner(data, exchange) : null;
        exchange.gather("");
        return first == null ? learner(data, exchange) : first;
    }

    private static Learner learner(GivenBatches data, Exchange exchange) {
        return Learner.builder(data, TinyNet.ARCHITECTURE)
                .precision("fp32")
                .optimizer(Sgd.defaults())
                .exchange(exchange)
                .build();
    }

    /** Return the trained weights. The statistics of batch norms are those of the first process. */
    private static String weights(Learner learner) {
        return learner.model().parameters().values().stream()
                .map(one -> Arrays.toString(Tensors.toFloats(one)))
                .collect(Collectors.joining());
    }

    @Test
    void twoProcessesTrainToTheSameBitsAsOneThatAccumulates() throws Exception {
        List<Trained> both = ThreadExchange.run(2, exchange -> train(exchange, 6, 3, Mixup.blend(0.4)));
        try (GivenBatches data = Toy.data(6, 6);
                Learner alone = learner(data, Exchange.ALONE)) {
            List<EpochRecord> rows = alone.fitOneCycle(3, 0.1, Mixup.blend(0.4), new GradientAccumulation(2));
            assertThat(both.get(0).weights()).isEqualTo(both.get(1).weights());
            assertThat(both.get(0).weights()).isEqualTo(weights(alone));
            assertThat(both.get(0).epochs())
                    .extracting(EpochRecord::trainLoss, EpochRecord::steps)
                    .containsExactlyElementsOf(rows.stream()
                            .map(row -> tuple(row.trainLoss(), row.steps()))
                            .toList());
            assertThat(both.get(0).epochs().get(2).metrics())
                    .isEqualTo(both.get(1).epochs().get(2).metrics());
            assertThat(both.get(0).logits()).isEqualTo(both.get(1).logits());
        }
    }

    @Test
    void gradientsAreExchangedBeforeTheyAreClippedAndOneStopIsAllStops() throws Exception {
        List<List<String>> calls = ThreadExchange.run(2, exchange -> {
            List<String> own = new ArrayList<>();
            Callback stopping = new Callback() {
                @Override
                public void beforeStep(TrainStep step) {
                    own.add("clip");
                }

                @Override
                public void afterEpoch(TrainingContext fit) {
                    if (exchange.rank() == 1) fit.stop("enough");
                }
            };
            own.add(train(exchange, BATCHES, 4, stopping).epochs().size() + " epochs");
            return own;
        });
        assertThat(calls).containsOnly(List.of("clip", "clip", "clip", "1 epochs"));
    }

    /** A process that skips its batch still takes part. */
    @Test
    void aSkippedBatchIsNotCounted() throws Exception {
        List<Trained> both = ThreadExchange.run(
                2,
                exchange -> train(exchange, 6, 1, new Callback() {
                    @Override
                    public void beforeBatch(TrainStep step) {
                        if (exchange.rank() == 1) step.skip();
                    }
                }));
        Trained odd = ThreadExchange.run(
                        1,
                        exchange -> train(
                                exchange,
                                6,
                                1,
                                new Callback() {
                                    @Override
                                    public void beforeBatch(TrainStep step) {
                                        if (step.index() % 2 == 1) step.skip();
                                    }
                                },
                                new GradientAccumulation(2)))
                .get(0);
        assertThat(both.get(0).weights()).isEqualTo(both.get(1).weights());
        assertThat(both.get(0).epochs().get(0).steps()).isEqualTo(3);
        assertThat(odd.epochs().get(0).trainLoss())
                .isEqualTo(both.get(0).epochs().get(0).trainLoss());
    }

    @Test
    void onlyTheFirstProcessWrites() throws Exception {
        ThreadExchange.run(
                2,
                exchange ->
                        train(exchange, BATCHES, 1, new Checkpoint(folder.resolve(exchange.rank() + ".safetensors"))));
        assertThat(folder).isDirectoryContaining(file -> file.endsWith("0.safetensors"));
        assertThat(folder.resolve("1.safetensors")).doesNotExist();
    }

    @Test
    void anotherNumberOfProcessesResumesTheSameSteps() throws Exception {
        List<Trained> whole = ThreadExchange.run(2, exchange -> train(exchange, 6, 4));
        Path file = folder.resolve("checkpoint.safetensors");
        Callback failing = new Callback() {
            @Override
            public void beforeEpoch(TrainingContext fit) {
                if (fit.epoch() == 2) throw new LimbeckException("lost");
            }
        };
        assertThatThrownBy(
                        () -> ThreadExchange.run(2, exchange -> train(exchange, 6, 4, new Checkpoint(file), failing)))
                .hasStackTraceContaining("lost");
        try (GivenBatches data = Toy.data(6, 6);
                Learner alone = learner(data, Exchange.ALONE)) {
            alone.resume(file);
            List<EpochRecord> rows = alone.fitOneCycle(4, 0.1, new Checkpoint(file));
            assertThat(weights(alone)).isEqualTo(whole.get(0).weights());
            assertThat(rows)
                    .extracting(EpochRecord::steps)
                    .containsExactlyElementsOf(whole.get(0).epochs().stream()
                            .map(EpochRecord::steps)
                            .toList());
        }
    }

    @Test
    void aNumberOfProcessesThatDividesNoStepIsRefused() {
        FitPosition.Batches batches = new FitPosition.Batches(4, 12, 4);
        assertThat(batches.sharedBy(2)).isEqualTo(new FitPosition.Batches(2, 12, 4));
        assertThatThrownBy(() -> batches.sharedBy(3))
                .isInstanceOf(LimbeckException.class)
                .hasMessage(
                        "the 4 batches of a step and the 12 of an epoch must be divisible by the number of processes, "
                                + "found 3; use 1 or 2 or 4");
    }

    @Test
    void moreProcessesThanBatchesAreRefused() {
        assertThatThrownBy(() -> ThreadExchange.run(8, exchange -> train(exchange, BATCHES, 1)))
                .hasRootCauseInstanceOf(LimbeckException.class)
                .hasStackTraceContaining(
                        "8 processes need as many batches, found 7 of 6 rows; use a smaller batch size "
                                + "(--batch-size), or fewer processes");
    }

    @Test
    void aLossThatRemembersEveryRowIsForOneProcess() {
        assertThatThrownBy(() -> ThreadExchange.run(2, exchange -> {
                    try (GivenBatches data = Toy.data(BATCHES, 6);
                            Learner teacher = learner(data, Exchange.ALONE)) {
                        return train(
                                exchange,
                                BATCHES,
                                1,
                                KnowledgeDistillation.from(teacher)
                                        .pair(FeaturePair.of("bn", "bn").loss(new ContrastiveRepresentation()))
                                        .build());
                    }
                }))
                .hasStackTraceContaining("ContrastiveRepresentation remembers a vector of each training row, found 2 "
                        + "processes, each with some of the rows; train in one process, or use another loss");
    }
}
