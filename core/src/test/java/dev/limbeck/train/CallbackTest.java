package dev.limbeck.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.nn.ForwardHook;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CallbackTest {
    private final Learner learner =
            Learner.builder(Toy.data(2, 4), TinyNet.ARCHITECTURE).build();
    private final List<String> calls = new ArrayList<>();

    @AfterEach
    void close() {
        learner.close();
    }

    static List<String> allMoments() {
        return Moments.ALL;
    }

    @Test
    void momentsComeInTheDocumentedOrder() {
        learner.fit(2, 0.01, new Moments(calls::add));
        List<String> batch =
                List.of("beforeBatch", "afterForward", "afterLoss", "beforeStep", "afterStep", "afterBatch");
        List<String> expected = new ArrayList<>(List.of("beforeFit"));
        for (int epoch = 0; epoch < 2; epoch++) {
            expected.addAll(List.of("beforeEpoch", "beforeTrain"));
            expected.addAll(batch);
            expected.addAll(batch);
            expected.addAll(List.of("afterTrain", "beforeValidate", "afterValidate", "afterEpoch"));
        }
        expected.add("afterFit");
        assertThat(calls).isEqualTo(expected);
    }

    @Test
    void withinAMomentCallbacksRunByOrderAndEqualOnesAsGiven() {
        try (Learner built = Learner.builder(Toy.data(1, 4), TinyNet.ARCHITECTURE)
                .callback(new Moments(moment -> calls.add("built " + moment)))
                .build()) {
            built.fit(
                    1,
                    0.01,
                    new Moments(5, moment -> calls.add("late " + moment)),
                    new Moments(moment -> calls.add("first " + moment)),
                    new Moments(moment -> calls.add("second " + moment)),
                    new Moments(-5, moment -> calls.add("early " + moment)));
        }
        List<String> expected = new ArrayList<>();
        for (String moment : Moments.ALL) {
            for (String who : List.of("early", "built", "first", "second", "late")) expected.add(who + " " + moment);
        }
        assertThat(calls).isEqualTo(expected);
    }

    @Test
    void aBatchThatOnlyAccumulatesTakesNoStep() {
        learner.fit(1, 0.01, new GradientAccumulation(2), new Moments(calls::add));
        assertThat(calls)
                .containsSubsequence(
                        "beforeBatch", "afterBatch", "beforeBatch", "beforeStep", "afterStep", "afterBatch")
                .filteredOn("beforeStep"::equals)
                .hasSize(1);
        assertThat(learner.history().get(0).steps()).isEqualTo(1);
    }

    @Test
    void nothingOfASkippedBatchIsUsedOrCounted() {
        String before = learner.model().sha256();
        Callback skipping = new Callback() {
            @Override
            public void beforeBatch(TrainStep step) {
                step.skip();
            }
        };
        EpochRecord row =
                learner.fit(1, 0.01, skipping, new Moments(calls::add)).get(0);
        assertThat(calls).doesNotContain("afterForward", "afterLoss", "beforeStep", "afterStep");
        assertThat(calls).contains("beforeBatch", "afterBatch");
        assertThat(learner.model().sha256()).isEqualTo(before);
        assertThat(row.steps()).isZero();
        assertThat(row.trainLoss()).isNaN();
        assertThat(row.terms()).isEmpty();
        assertThat(row.trainRowsPerSecond()).isZero();
    }

    @ParameterizedTest
    @MethodSource("allMoments")
    void afterFitRunsForEveryoneWhateverMomentThrows(String moment) {
        learner.model().module("fc").eval();
        IllegalStateException failure = new IllegalStateException("expected");
        assertThatThrownBy(() -> learner.fit(
                        1,
                        0.01,
                        new Moments(now -> calls.add("before " + now)),
                        Moments.throwing(moment, failure),
                        new Moments(now -> calls.add("behind " + now))))
                .as("a bug in a callback looks like one")
                .isSameAs(failure);
        assertThat(calls).filteredOn("before afterFit"::equals).hasSize(1);
        assertThat(calls).filteredOn("behind afterFit"::equals).hasSize(moment.equals("beforeFit") ? 0 : 1);
        assertThat(learner.model().isTraining()).isTrue();
        assertThat(learner.model().module("fc").isTraining()).isFalse();
    }

    @Test
    void theFirstFailureStaysTheReportedOne() {
        IllegalStateException first = new IllegalStateException("first");
        IllegalStateException second = new IllegalStateException("second");
        Error third = new AssertionError("third");
        assertThatThrownBy(() -> learner.fit(
                        1,
                        0.01,
                        Moments.throwing("afterLoss", first),
                        Moments.throwing("afterFit", second),
                        Moments.throwing("afterFit", third),
                        new Moments(calls::add)))
                .isSameAs(first);
        assertThat(first.getSuppressed()).containsExactly(second, third);
        assertThat(calls).endsWith("afterFit");
    }

    @Test
    void anErrorInAfterFitKeepsNobodyFromCleaningUp() {
        Error error = new AssertionError("expected");
        assertThatThrownBy(() -> learner.fit(1, 0.01, Moments.throwing("afterFit", error), new Moments(calls::add)))
                .isSameAs(error);
        assertThat(calls).endsWith("afterFit");
    }

    @Test
    void errorsAndUserMistakesAreNotWrapped() {
        Error error = new AssertionError("expected");
        LimbeckException mistake = new LimbeckException("mistake");
        assertThatThrownBy(() -> learner.fit(1, 0.01, Moments.throwing("beforeEpoch", error)))
                .isSameAs(error);
        assertThatThrownBy(() -> learner.fit(1, 0.01, Moments.throwing("beforeEpoch", mistake)))
                .isSameAs(mistake);
    }

    @Test
    void gradientsOfAFailedFitDoNotReachTheNext() {
        try (StateDict start = learner.model().stateDict()) {
            learner.fit(1, 0.1);
            String expected = learner.model().sha256();
            try (Learner again =
                    Learner.builder(Toy.data(2, 4), TinyNet.ARCHITECTURE).build()) {
                Callback failing = Moments.throwing("beforeStep", new IllegalStateException("expected"));
                assertThatThrownBy(() -> again.fit(1, 0.1, failing)).hasMessageContaining("expected");
                again.model().load(start);
                again.fit(1, 0.1);
                assertThat(again.model().sha256()).isEqualTo(expected);
            }
        }
    }

    @Test
    void theOptimizerTrainsParametersThatCallbacksBring() {
        try (Tensor scale = Scope.retain(Tensors.full(2, DType.FLOAT32, 1))) {
            scale.set_requires_grad(true);
            Callback bringing = new Callback() {
                @Override
                public Map<String, Tensor> parameters() {
                    return Map.of("scale", scale);
                }

                @Override
                public void afterLoss(TrainStep step) {
                    step.addTerm("scale", scale.mul(scale).sum(), 1);
                }
            };
            learner.fit(1, 0.1, bringing);
            assertThat(scale.item_double()).isLessThan(1.9).isPositive();
            assertThat(Tensors.hasGrad(scale)).isFalse();
        }
    }

    @Test
    void twoParametersOfOneNameAreRefused() {
        try (Tensor own = Scope.retain(Tensors.full(2, DType.FLOAT32, 1))) {
            own.set_requires_grad(true);
            Callback clashing = new Callback() {
                @Override
                public Map<String, Tensor> parameters() {
                    return Map.of("fc.weight", own);
                }
            };
            assertThatThrownBy(() -> learner.fit(1, 0.1, clashing))
                    .hasMessageContaining("a callback trains a second parameter named fc.weight");
        }
    }

    @Test
    void termsAndWeightsMakeTheTotal() {
        Map<String, Double> seen = new LinkedHashMap<>();
        EpochRecord row = learner.fit(1, 1e-9, new Callback() {
                    @Override
                    public void afterLoss(TrainStep step) {
                        step.addTerm("constant", Tensors.full(10, DType.FLOAT32), 0.5);
                        step.addTerm("off", Tensors.full(7, DType.FLOAT32), 0);
                        step.setWeight(TrainStep.TASK, 0.25);
                        assertThat(step.terms().keySet()).containsExactly(TrainStep.TASK, "constant", "off");
                        seen.put(
                                "task" + step.index(), step.term(TrainStep.TASK).item_double());
                        assertThat(step.total().item_double()).isEqualTo((float)
                                (0.25f * (float) step.term(TrainStep.TASK).item_double() + 5f));
                        assertThatThrownBy(() -> step.addTerm("off", Tensors.full(7, DType.FLOAT32), 0))
                                .hasMessage("the step has a loss term 'off' already");
                        assertThatThrownBy(() -> step.term("of"))
                                .hasMessageStartingWith("no loss term 'of', there are [task, constant, off]");
                        assertThatThrownBy(() -> step.setWeight("of", 1)).isInstanceOf(IllegalArgumentException.class);
                    }
                })
                .get(0);
        assertThat(seen.keySet()).containsExactly("task0", "task1");
        double task = (seen.get("task0") + seen.get("task1")) / 2;
        assertThat(row.terms())
                .containsEntry(TrainStep.TASK, task)
                .containsEntry("constant", 10.0)
                .containsEntry("off", 7.0);
        assertThat(row.trainLoss()).isBetween(0.25 * task + 5 - 1e-6, 0.25 * task + 5 + 1e-6);
    }

    @Test
    void termsOfWeightZeroGiveNoGradient() {
        String before = learner.model().sha256();
        try (Module frozenStatistics = learner.model()) {
            Map<String, Boolean> graph = new LinkedHashMap<>();
            learner.fit(1, 0.1, new Callback() {
                @Override
                public void beforeTrain(TrainingContext fit) {
                    fit.model().eval();
                }

                @Override
                public void afterLoss(TrainStep step) {
                    step.setWeight(TrainStep.TASK, 0);
                    Tensor other = step.prediction().mul(Tensors.zeros(DType.FLOAT32, 1));
                    step.addTerm("other", other.sum(), 1);
                    graph.put("same", step.total().requires_grad());
                }
            });
            assertThat(graph).containsEntry("same", true);
            // Only weight decay changes weights; biases have no decay and no gradient.
            assertThat(Tensors.toFloats(frozenStatistics.parameters().get("bn.bias")))
                    .containsOnly(0);
            assertThat(frozenStatistics.sha256()).isNotEqualTo(before);
        }
    }

    @Test
    void aReplacedBatchIsTheOneThatIsUsed() {
        List<Integer> rows = new ArrayList<>();
        EpochRecord row = learner.fit(1, 0.01, new Callback() {
                    @Override
                    public void beforeBatch(TrainStep step) {
                        step.replaceBatch(new dev.limbeck.data.Batch(
                                Inputs.of(Toy.images(7, 2, 0)), Tensors.of(new long[] {1, 1}, 2), new int[] {0, 1}));
                    }

                    @Override
                    public void afterLoss(TrainStep step) {
                        rows.add((int) step.prediction().size(0));
                        Tensor again =
                                Ops.crossEntropy(step.prediction(), step.batch().targets());
                        assertThat(step.term(TrainStep.TASK).item_double()).isEqualTo(again.item_double());
                    }
                })
                .get(0);
        assertThat(rows).containsExactly(2, 2);
        assertThat(row.steps()).isEqualTo(2);
    }

    @Test
    void whatTheForwardPassMadeIsFreeBeforeTheBackwardPassEnds() {
        List<Tensor> hidden = new ArrayList<>();
        try (ForwardHook.Registration hook = learner.model().modules().get("fc").onForward((module, inputs, output) -> {
            if (learner.model().isTraining()) hidden.add(inputs.only());
            return null;
        })) {
            learner.fit(1, 0.01, new Callback() {
                @Override
                public void afterLoss(TrainStep step) {
                    assertThat(hidden.get(hidden.size() - 1).isNull()).isFalse();
                }

                @Override
                public void afterBatch(TrainStep step) {
                    assertThat(hidden).allMatch(output -> output.isNull());
                    assertThat(step.prediction().size(0)).isEqualTo(step.batch().size());
                    assertThat(step.term(TrainStep.TASK).item_double()).isPositive();
                }
            });
        }
        assertThat(hidden).hasSize(2);
    }

    @Test
    void stoppingEndsAfterTheEpochAndShowsTheReason() {
        List<EpochRecord> rows = learner.fit(5, 0.01, new Callback() {
            @Override
            public void afterBatch(TrainStep step) {
                if (step.index() == 2) step.fit().stop("enough");
            }

            @Override
            public void afterFit(TrainingContext fit) {
                calls.add(fit.stopReason());
            }
        });
        assertThat(rows).extracting(EpochRecord::epoch).containsExactly(0, 1);
        assertThat(rows.get(1).steps()).isEqualTo(2);
        assertThat(calls).containsExactly("enough");
        assertThat(learner.fit(1, 0.01)).hasSize(1);
        assertThat(learner.history()).hasSize(3);
    }

    @Test
    void loggedMetricsAreOnlyInTheRowOfTheirEpoch() {
        List<EpochRecord> rows = learner.fit(2, 0.01, new Callback() {
            @Override
            public void afterValidate(TrainingContext fit) {
                if (fit.epoch() == 0) fit.log("note", 3);
            }
        });
        assertThat(rows.get(0).notes()).containsExactly(Map.entry("note", 3.0));
        assertThat(rows.get(1).notes()).isEmpty();
        assertThat(rows.get(0).metrics()).containsOnlyKeys("accuracy");
    }
}
