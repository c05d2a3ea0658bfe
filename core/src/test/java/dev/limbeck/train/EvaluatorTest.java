package dev.limbeck.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Split;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

class EvaluatorTest {
    private static GivenBatches labeled(IntFunction<long[]> labels) {
        return new GivenBatches(3, 4, 3, batch -> Toy.images(batch, 4, 1), labels, true).shaped(3, 8, 8);
    }

    @Test
    void leavesNoTraceInModesAndStatistics() {
        try (Learner learner = Learner.create(Toy.data(2, 4), TinyNet.ARCHITECTURE)) {
            learner.fit(1, 0.01);
            learner.model().module("bn").eval();
            String before = learner.model().sha256();
            learner.validate();
            learner.predict(Split.TRAIN);
            assertThat(learner.model().sha256()).isEqualTo(before);
            assertThat(learner.model().isTraining()).isTrue();
            assertThat(learner.model().module("bn").isTraining()).isFalse();
            assertThat(learner.model().parameters().values()).noneMatch(Tensors::hasGrad);
        }
    }

    @Test
    void everyRowWithALabelCountsAlike() {
        long[][] labels = {{0, -1, 2, 1}, {-1, -1, -1, 1}, {-1, -1, -1, -1}};
        try (Learner learner = Learner.create(labeled(batch -> labels[batch]), TinyNet.ARCHITECTURE);
                Scope scope = Scope.open()) {
            EvaluationResult validation = learner.validate(Split.TRAIN);
            double sum = 0;
            for (int batch = 0; batch < 2; batch++) {
                Tensor logits = learner.model().predict(Toy.images(batch, 4, 1));
                for (int row = 0; row < 4; row++) {
                    if (labels[batch][row] < 0) continue;
                    sum += Ops.crossEntropy(logits.narrow(0, row, 1), Tensors.of(new long[] {labels[batch][row]}, 1))
                            .item_double();
                }
            }
            assertThat(validation.loss()).isEqualTo(sum / 4, within(1e-6));
            assertThat(validation.predictions().size()).isEqualTo(12);
            assertThat(validation.predictions().width()).isEqualTo(3);
            assertThat(validation.predictions().labels()).containsExactly(0, -1, 2, 1, -1, -1, -1, 1, -1, -1, -1, -1);
            float[] last = Tensors.toFloats(learner.model().predict(Toy.images(2, 4, 1)));
            assertThat(validation.predictions().row(11))
                    .containsExactly(new float[] {last[9], last[10], last[11]}, within(1e-6f));
        }
    }

    @Test
    void withoutLabelsThereIsNoLossAndNoMetricButThereArePredictions() {
        try (Learner learner = Learner.builder(labeled(batch -> new long[] {-1, -1, -1, -1}), TinyNet.ARCHITECTURE)
                .metrics(Metric.accuracy(), Metric.macroF1())
                .build()) {
            EvaluationResult validation = learner.validate();
            assertThat(validation.loss()).isNaN();
            assertThat(validation.metrics()).containsOnlyKeys("accuracy", "macro_f1");
            assertThat(validation.metric("accuracy")).isNaN();
            assertThatThrownBy(() -> validation.metric("acuracy"))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("no metric 'acuracy'; nearest: accuracy, macro_f1");
            assertThat(validation.predictions().outputs()).hasSize(12);
        }
    }

    /** In class order, each batch has one class, and its weight cancels in the batch's own mean. */
    @Test
    void classesCountByTheirWeightsWhateverTheBatches() {
        TargetLoss loss = TaskLoss.weightedCrossEntropy(0.1, 5, 1, 0.2f);
        double whole = weighted(1, 12, loss);
        assertThat(weighted(3, 4, loss)).isEqualTo(whole, within(1e-6));
        assertThat(weighted(3, 4, TaskLoss.weightedCrossEntropy(0.1, 1, 1, 1))).isNotCloseTo(whole, within(1e-3));
    }

    private static double weighted(int batches, int rows, TargetLoss loss) {
        Function<Batch, Tensor> model = batch -> {
            float[] logits = new float[rows * 3];
            for (int i = 0; i < logits.length; i++) logits[i] = (float) Math.sin(batch.indices()[i / 3] * 3 + i % 3);
            return Tensors.of(logits, rows, 3);
        };
        GivenBatches data = new GivenBatches(
                batches,
                rows,
                3,
                batch -> Toy.images(batch, rows, 1),
                batch -> IntStream.range(0, rows)
                        .mapToLong(row -> (batch * rows + row) / 4 % 3)
                        .toArray(),
                false);
        return Evaluator.run(model, data, Split.TRAIN, Engine.device("cpu"), List.of(), loss)
                .loss();
    }

    @Test
    void viewsOfAnEmbeddingAreAveragedAsTheyAre() {
        Data data = new GivenBatches.Forwarding(Toy.data(1, 2)) {
            @Override
            public Task task() {
                return new Task.Embedding();
            }

            @Override
            public DataLoader augmented(Split split, int view) {
                return evaluate(split);
            }
        };
        float[] plain = {-3, 2, 0.5f, -0.25f};
        float[] other = {1, 4, 0.5f, 0.75f};
        AtomicInteger passes = new AtomicInteger();
        EvaluationResult mean = Evaluator.runViews(
                batch -> Tensors.of(passes.getAndIncrement() == 0 ? plain : other, 2, 2),
                data,
                Split.TRAIN,
                1,
                Engine.device("cpu"),
                List.of());
        assertThat(mean.predictions().outputs()).containsExactly(-1, 3, 0.5f, 0.25f);
    }
}
