package dev.limbeck.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.data.Data;
import dev.limbeck.distill.FeaturePair;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.nn.Dropout;
import dev.limbeck.nn.Flatten;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.Sequential;
import dev.limbeck.nn.StateDict;
import dev.limbeck.optim.AdamW;
import dev.limbeck.optim.Optimizer;
import dev.limbeck.optim.Sgd;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.weights.Safetensors;
import dev.limbeck.weights.WeightFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Test that a resumed training ends with exactly the same weights as an uninterrupted one. */
class ResumeTest {
    private static final int BATCHES = 3;

    @TempDir
    Path home;

    /** Fail in the middle of a step, as after a power failure. */
    private static final class Interruption implements Callback {
        private int left;

        Interruption(int steps) {
            left = steps;
        }

        @Override
        public void afterForward(TrainStep step) {
            if (left-- == 0) throw new IllegalStateException("interrupted");
        }
    }

    /** Hold the results of a training. */
    private record Outcome(String last, String best, int bestEpoch, List<Double> losses, String log) {}

    @ParameterizedTest
    @ValueSource(strings = {"fp32", "bf16"})
    void resumedDistillationEndsAtTheSameBitsInEitherPrecision(String precision) {
        Path checkpoint = home.resolve("checkpoint.safetensors");
        try (Learner teacher = Learner.create(Toy.data(1, 4), TinyNet.ARCHITECTURE);
                Learner whole = tiny(precision);
                Learner stopped = tiny(precision);
                Learner goesOn = tiny(precision)) {
            whole.fit(3, 1e-2, distillation(teacher), new Checkpoint(checkpoint));
            assertThatThrownBy(() -> stopped.fit(
                            3,
                            1e-2,
                            distillation(teacher),
                            new Checkpoint(checkpoint),
                            new Interruption(2 * BATCHES + 1)))
                    .hasMessageContaining("interrupted");
            goesOn.resume(checkpoint);
            goesOn.fit(3, 1e-2, distillation(teacher), new Checkpoint(checkpoint));
            assertThat(goesOn.model().sha256()).isEqualTo(whole.model().sha256());
        }
    }

    private static Callback distillation(Learner teacher) {
        return KnowledgeDistillation.from(teacher)
                .pair(FeaturePair.of("conv", "conv"))
                .build();
    }

    private static Learner tiny(String precision) {
        return Learner.builder(Toy.data(BATCHES, 4), TinyNet.ARCHITECTURE)
                .seed(3)
                .precision(precision)
                .build();
    }

    @Test
    void aTrainingGoesOnInThePrecisionThatItWasBegunIn() {
        Path checkpoint = home.resolve("checkpoint.safetensors");
        try (Learner begun = tiny("fp32");
                Learner other = tiny("bf16")) {
            assertThatThrownBy(() -> begun.fit(2, 1e-2, new Checkpoint(checkpoint), new Interruption(BATCHES + 1)))
                    .hasMessageContaining("interrupted");
            other.resume(checkpoint);
            assertThatThrownBy(() -> other.fit(2, 1e-2))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("the checkpoint is of a training in fp32, found bf16; set the same precision");
        }
    }

    private Learner learner(Optimizer optimizer) {
        Tensors.seed(7);
        Sequential net = new Sequential(new Flatten(), new Dropout(0.5), new Linear(192, Toy.CLASSES));
        return Learner.builder(Toy.data(BATCHES, 4), net)
                .optimizer(optimizer)
                .seed(3)
                .build();
    }

    /** Train in two phases, as in fine-tuning, with every component that has state. */
    private Outcome train(Learner learner, Path checkpoint, Callback... more) throws IOException {
        Path log = home.resolve("log.csv");
        try (BestEpoch best = new BestEpoch()) {
            Callback[] first = {new OneCycle(1e-2), new Checkpoint(checkpoint)};
            learner.fit(2, 1e-2, with(first, more));
            Callback[] second = {
                new OneCycle(1e-3),
                new ExponentialMovingAverage(0.9),
                Mixup.blend(0.4),
                new EarlyStopping("accuracy", 3),
                new GradientAccumulation(2),
                new CsvLog(log),
                best,
                new Checkpoint(checkpoint)
            };
            learner.fit(5, 1e-3, with(second, more));
            return new Outcome(
                    learner.model().sha256(),
                    best.weights() == null ? "" : best.weights().sha256(),
                    best.epoch(),
                    learner.history().stream().map(EpochRecord::trainLoss).toList(),
                    // Times are removed, because they differ.
                    Files.readString(log).replaceAll("(?m),[^,]*,[^,]*$", ""));
        }
    }

    private static Callback[] with(Callback[] first, Callback[] more) {
        return Stream.concat(Arrays.stream(first), Arrays.stream(more)).toArray(Callback[]::new);
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 4, 6, 8, 11, 14, 17})
    void endsAtTheVeryWeightsOfTheUndisturbedRun(int steps) throws IOException {
        for (Optimizer optimizer : List.of(AdamW.defaults(), Sgd.defaults())) {
            Path checkpoint = home.resolve("checkpoint.safetensors");
            Outcome undisturbed;
            try (Learner learner = learner(optimizer)) {
                undisturbed = train(learner, home.resolve("other.safetensors"));
            }
            Files.deleteIfExists(checkpoint);
            try (Learner learner = learner(optimizer)) {
                assertThatThrownBy(() -> train(learner, checkpoint, new Interruption(steps)))
                        .hasMessageContaining("interrupted");
            }
            try (Learner learner = learner(optimizer)) {
                learner.resume(checkpoint);
                assertThat(train(learner, checkpoint)).isEqualTo(undisturbed);
            }
        }
    }

    @Test
    void aCheckpointIsAModelToo() {
        Path checkpoint = home.resolve("checkpoint.safetensors");
        try (Learner learner = Learner.create(Toy.data(2, 4), TinyNet.ARCHITECTURE);
                Learner other = Learner.create(Toy.data(2, 4), TinyNet.ARCHITECTURE)) {
            learner.fit(1, 0.01, new Checkpoint(checkpoint));
            other.load(checkpoint);
            assertThat(other.model().sha256()).isEqualTo(learner.model().sha256());
        }
    }

    @Test
    void otherCallsAreRefused() {
        Path checkpoint = home.resolve("checkpoint.safetensors");
        try (Learner learner = Learner.create(Toy.data(2, 4), TinyNet.ARCHITECTURE)) {
            learner.fit(2, 0.01, new Checkpoint(checkpoint));
            assertThatThrownBy(() -> learner.resume(checkpoint)).hasMessageContaining("resume with a new one");
        }
        try (Learner learner = Learner.create(Toy.data(2, 4), TinyNet.ARCHITECTURE)) {
            learner.resume(checkpoint);
            assertThatThrownBy(() -> learner.fit(3, 0.01))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("the checkpoint is of a training of 2 epochs, found 3; use the same number of epochs");
        }
    }

    @Test
    void weightsAloneAreNoCheckpointAndADamagedOneIsFound() throws IOException {
        Path weights = home.resolve("weights.safetensors");
        Path checkpoint = home.resolve("checkpoint.safetensors");
        try (Learner learner = Learner.create(Toy.data(2, 4), TinyNet.ARCHITECTURE)) {
            learner.save(weights);
            learner.fit(2, 0.01, new Checkpoint(checkpoint));
        }
        assertThatThrownBy(() -> Checkpoint.check(weights))
                .isInstanceOf(LimbeckException.class)
                .hasMessage(weights + " holds a model, but no training state");
        Checkpoint.check(checkpoint);
        Checkpoint.check(Checkpoint.previous(checkpoint));
        byte[] bytes = Files.readAllBytes(checkpoint);
        bytes[bytes.length - 100] ^= 1;
        Files.write(checkpoint, bytes);
        assertThatThrownBy(() -> Checkpoint.check(checkpoint))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("was damaged");
    }

    /** Two anonymous callbacks must each restore their own state. */
    @Test
    void anonymousCallbacksRestoreTheirOwnState() {
        Path checkpoint = home.resolve("checkpoint.safetensors");
        List<String> restored = new ArrayList<>();
        Callback first = new Callback() {
            @Override
            public StateDict state() {
                return remembering("first");
            }

            @Override
            public void restore(StateDict state) {
                restored.add("first from " + state.metadata().get("who"));
            }
        };
        Callback second = new Callback() {
            @Override
            public StateDict state() {
                return remembering("second");
            }

            @Override
            public void restore(StateDict state) {
                restored.add("second from " + state.metadata().get("who"));
            }
        };
        try (Learner begun = tiny("fp32");
                Learner other = tiny("fp32");
                Learner without = tiny("fp32")) {
            Callback saving = new Checkpoint(checkpoint);
            Callback stopping = new Interruption(BATCHES + 1);
            assertThatThrownBy(() -> begun.fit(2, 1e-2, first, second, saving, stopping))
                    .hasMessageContaining("interrupted");
            other.resume(checkpoint);
            other.fit(2, 1e-2, second, first);
            assertThat(restored).containsExactlyInAnyOrder("first from first", "second from second");
            without.resume(checkpoint);
            String untouched = without.model().sha256();
            assertThatThrownBy(() -> without.fit(2, 1e-2, first))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageStartingWith("the checkpoint holds the state of a callback that this fit does not have")
                    .hasMessageContaining(second.getClass().getName());
            assertThat(without.model().sha256()).isEqualTo(untouched);
        }
    }

    private static StateDict remembering(String who) {
        StateDict state = new StateDict();
        state.metadata().put("who", who);
        return state;
    }

    /** Interrupt a training of 3 epochs after its first one. */
    private void interrupt(Path checkpoint) {
        try (Learner begun = tiny("fp32")) {
            assertThatThrownBy(() -> begun.fit(
                            3, 1e-2, new BestEpoch(), new Checkpoint(checkpoint), new Interruption(BATCHES + 1)))
                    .hasMessageContaining("interrupted");
        }
    }

    @Test
    void aFitThatIsRefusedDoesNotLoseTheResume() {
        Path checkpoint = home.resolve("checkpoint.safetensors");
        interrupt(checkpoint);
        try (Learner whole = tiny("fp32");
                Learner goesOn = tiny("fp32")) {
            whole.fit(3, 1e-2);
            goesOn.resume(checkpoint);
            assertThatThrownBy(() -> goesOn.fit(4, 1e-2, new BestEpoch()))
                    .hasMessageContaining("use the same number of epochs");
            assertThatThrownBy(() -> goesOn.fit(3, 1e-2))
                    .hasMessageContaining("a callback that this fit does not have");
            assertThatThrownBy(() -> goesOn.fit(3, 1e-2, new BestEpoch(), new EarlyStopping("none", 1)))
                    .hasMessageContaining("no metric 'none'");
            assertThat(goesOn.isResuming()).isTrue();
            assertThat(goesOn.fit(3, 1e-2, new BestEpoch())).hasSize(3);
            assertThat(goesOn.isResuming()).isFalse();
            assertThat(goesOn.history()).hasSize(3);
            assertThat(goesOn.model().sha256()).isEqualTo(whole.model().sha256());
        }
    }

    @Test
    void aFitThatIsRefusedBeforeItsFirstStepDoesNotCount() {
        try (Learner plain = tiny("fp32");
                Learner refused = tiny("fp32")) {
            plain.fit(1, 1e-2);
            assertThatThrownBy(() -> refused.fit(1, 1e-2, new EarlyStopping("none", 1)))
                    .hasMessageContaining("no metric 'none'");
            refused.fit(1, 1e-2);
            assertThat(refused.model().sha256()).isEqualTo(plain.model().sha256());
        }
    }

    @Test
    void anotherTrainingIsNotResumed() {
        Path checkpoint = home.resolve("checkpoint.safetensors");
        interrupt(checkpoint);
        GivenBatches other = Toy.data(BATCHES, 4);
        refuses(
                checkpoint,
                Toy.data(BATCHES, 6),
                3,
                AdamW.defaults(),
                "batches of 4, found 6; use the same batch size");
        refuses(checkpoint, other, 5, AdamW.defaults(), "the seed 3, found 5; use the same seed");
        refuses(
                checkpoint,
                new GivenBatches.Forwarding(other) {
                    @Override
                    public String fingerprint() {
                        return "other";
                    }
                },
                3,
                AdamW.defaults(),
                "data of the fingerprint given, found other; use the same data");
        refuses(
                checkpoint,
                other,
                3,
                Sgd.defaults(),
                "the optimizer " + AdamW.defaults() + ", found " + Sgd.defaults() + "; use the same optimizer");
    }

    @Test
    void otherRatesAndFrozenLayersAreNotResumed() {
        Path checkpoint = home.resolve("checkpoint.safetensors");
        interrupt(checkpoint);
        String expected =
                "the checkpoint is of a training with another learning rate, or of other layers; use the same "
                        + "rates, and freeze the same layers";
        try (Learner learner = tiny("fp32")) {
            learner.resume(checkpoint);
            assertThatThrownBy(() -> learner.fit(3, 2e-2, new BestEpoch())).hasMessage(expected);
            learner.freeze();
            assertThatThrownBy(() -> learner.fit(3, 1e-2, new BestEpoch())).hasMessage(expected);
            learner.unfreeze();
            assertThat(learner.fit(3, 1e-2, new BestEpoch())).hasSize(3);
        }
    }

    private static void refuses(Path checkpoint, Data data, long seed, Optimizer optimizer, String difference) {
        try (Learner learner = Learner.builder(data, TinyNet.ARCHITECTURE)
                .seed(seed)
                .precision("fp32")
                .optimizer(optimizer)
                .build()) {
            learner.resume(checkpoint);
            assertThatThrownBy(() -> learner.fit(3, 1e-2, new BestEpoch()))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("the checkpoint is of a training with " + difference);
        }
    }

    @Test
    void aCheckpointThatDoesNotKnowItsSettingsIsResumed() {
        Path checkpoint = home.resolve("checkpoint.safetensors");
        interrupt(checkpoint);
        try (StateDict state = Safetensors.read(checkpoint);
                Learner whole = tiny("fp32");
                Learner goesOn = tiny("fp32")) {
            String name = WeightFiles.TRAINING + "position";
            String position = state.metadata().get(name);
            assertThat(position).contains("\"setup\":{");
            state.metadata().put(name, position.replaceAll("\"setup\":\\{[^}]*},", ""));
            Safetensors.write(state, checkpoint);
            whole.fit(3, 1e-2);
            goesOn.resume(checkpoint);
            goesOn.fit(3, 1e-2, new BestEpoch());
            assertThat(goesOn.model().sha256()).isEqualTo(whole.model().sha256());
        }
    }

    @Test
    void aDamagedCheckpointDoesNotReplaceThePreviousOne() throws IOException {
        Path checkpoint = home.resolve("checkpoint.safetensors");
        try (Learner learner = tiny("fp32")) {
            learner.fit(2, 1e-2, new Checkpoint(checkpoint));
        }
        byte[] good = Files.readAllBytes(Checkpoint.previous(checkpoint));
        byte[] bytes = Files.readAllBytes(checkpoint);
        bytes[bytes.length - 100] ^= 1;
        Files.write(checkpoint, bytes);
        try (Learner learner = tiny("fp32")) {
            learner.resume(Checkpoint.previous(checkpoint));
            learner.fit(2, 1e-2, new Checkpoint(checkpoint));
        }
        assertThat(Checkpoint.previous(checkpoint)).hasBinaryContent(good);
        Checkpoint.check(checkpoint);
        assertThat(home.toFile().list())
                .containsExactlyInAnyOrder("checkpoint.safetensors", "checkpoint.safetensors.previous");
    }
}
