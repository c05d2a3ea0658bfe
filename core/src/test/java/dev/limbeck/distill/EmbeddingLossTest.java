package dev.limbeck.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.ClosedForm;
import dev.limbeck.LimbeckException;
import dev.limbeck.distill.loss.CosineDistance;
import dev.limbeck.distill.loss.DirectFeatureLoss;
import dev.limbeck.distill.loss.EmbeddingQueue;
import dev.limbeck.distill.loss.FeatureLoss;
import dev.limbeck.distill.loss.FeatureLoss.Features;
import dev.limbeck.distill.loss.FeatureLoss.Shapes;
import dev.limbeck.distill.loss.PatchAffinity;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.LayerOps;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Test the losses on embeddings and patches against PyTorch's values (losses.json) and finite differences. */
class EmbeddingLossTest {
    @Test
    void theCosineIsThatOfChannels() {
        try (Scope scope = Scope.open()) {
            CosineDistance loss = new CosineDistance();
            LossProof.golden("cosine of channels, maps", x -> loss.of(x[0], maps(3)), studentMaps());
            LossProof.golden("cosine of channels, vectors", x -> loss.of(x[0], teacher()), student());
            LossProof.finiteDifferences(x -> loss.of(x[0], maps(3)), studentMaps());
            LossProof.finiteDifferences(x -> loss.of(x[0], teacher()), student());
            // Only directions count.
            assertThat(loss.of(Ops.mul(student(), 3), teacher()).item_double())
                    .isEqualTo(loss.of(student(), teacher()).item_double(), within(1e-12));
            isZeroForItselfAndFiniteForZeros(loss, teacher());
        }
    }

    @Test
    void theAffinityIsThatOfPositions() {
        try (Scope scope = Scope.open()) {
            PatchAffinity loss = new PatchAffinity();
            LossProof.golden("pair-wise affinity of positions", x -> loss.of(x[0], maps(3)), studentMaps());
            LossProof.golden(
                    "pair-wise affinity of positions, other channels at 3x3",
                    x -> loss.of(LayerOps.adaptiveAvgPool2d(x[0], 3, 3), LayerOps.adaptiveAvgPool2d(maps(5), 3, 3)),
                    studentMaps());
            LossProof.finiteDifferences(x -> loss.of(x[0], maps(5)), studentMaps());
            isZeroForItselfAndFiniteForZeros(loss, maps(3));
        }
    }

    private static void isZeroForItselfAndFiniteForZeros(DirectFeatureLoss loss, Tensor teacher) {
        assertThat(loss.of(teacher, teacher).item_double()).isEqualTo(0, within(1e-12));
        Tensor dead = Tensors.zerosLike(teacher).detach();
        dead.set_requires_grad(true);
        loss.of(dead, teacher).backward();
        assertThat(Ops.allFinite(dead.grad())).isTrue();
    }

    /** Grids of any size are compared: 7×7 of a CNN with 16×16 patches behind a class token. */
    @Test
    void gridsOfDifferentSizesArePooled() {
        try (Scope scope = Scope.open()) {
            FeatureBinding bound = new FeatureBinding(
                    FeaturePair.of("layer4", "blocks.3").loss(new PatchAffinity()),
                    List.of(FeatureForm.of(8, 7, 7)),
                    List.of(FeatureForm.of(257, 12)),
                    new int[] {-1, -1});
            assertThat(bound.plan()).singleElement().asString().contains("8×7×7 → 257×12", "at 7×7");
            Tensor ours = ClosedForm.float64(k -> Math.sin(0.13 * k), 2, 8, 7, 7);
            Tensor theirs = ClosedForm.float64(k -> Math.cos(0.17 * k), 2, 257, 12);
            Tensor rows = bound.rows(
                    List.of(ours),
                    List.of(theirs),
                    Tensors.of(new long[] {-1, -1}, 2),
                    new int[] {0, 1},
                    FeatureBinding.Masks.NONE);
            assertThat(rows.shape()).containsExactly(2);
            assertThat(Tensors.toDoubles(rows)).doesNotContain(0);
        }
    }

    @Test
    void theQueueHoldsTheTeachersLatestEmbeddings() {
        try (Scope scope = Scope.open()) {
            FeatureLoss.Bound bound = new EmbeddingQueue(4, 0.1, 0.05).bind(shapes(16));
            LossProof.golden(
                    "embedding queue, first batch",
                    x -> bound.rows(features(x[0], earlier())).mean(),
                    student());
            LossProof.golden(
                    "embedding queue, earlier batch",
                    x -> bound.rows(features(x[0], teacher())).mean(),
                    student());
            bound.rows(features(few(student(), 0), few(earlier(), 0)));
            LossProof.golden(
                    "embedding queue, replaced in part",
                    x -> bound.rows(features(x[0], few(earlier(), 2))).mean(),
                    few(student(), 0).detach());
        }
    }

    @Test
    void theGradientIsThatOfFiniteDifferencesAndOnlyTheStudents() {
        try (Scope scope = Scope.open()) {
            Tensor teacher = teacher();
            teacher.set_requires_grad(true);
            LossProof.finiteDifferences(
                    x -> {
                        // The queue changes with each batch, so each value gets a new one.
                        FeatureLoss.Bound bound = new EmbeddingQueue(0, 0.2, 0.1).bind(shapes(16));
                        bound.rows(features(student(), earlier()));
                        return bound.rows(features(x[0], teacher)).mean();
                    },
                    student());
            assertThat(Tensors.hasGrad(teacher)).isFalse();
        }
    }

    @Test
    void theQueueIsCheckpointed() {
        try (Scope scope = Scope.open()) {
            FeatureLoss.Bound first = new EmbeddingQueue(4, 0.1, 0.05).bind(shapes(16));
            FeatureLoss.Bound second = new EmbeddingQueue(4, 0.1, 0.05).bind(shapes(16));
            first.rows(features(student(), earlier()));
            try (StateDict state = first.learned().stateDict()) {
                second.learned().load(state);
            }
            assertThat(Tensors.toDoubles(second.rows(features(student(), teacher()))))
                    .containsExactly(Tensors.toDoubles(first.rows(features(student(), teacher()))));
        }
    }

    @ParameterizedTest
    @CsvSource({"16, 4", "1000, 128", "4000, 512", "1000000, 4096", "3, 1"})
    void theQueueIsFittedToTheData(int rows, String size) {
        try (Scope scope = Scope.open()) {
            FeatureLoss.Bound bound = new EmbeddingQueue().bind(shapes(rows));
            assertThat(bound.holds().replace(",", "")).isEqualTo("a queue of " + size + " of the teacher's embeddings");
        }
    }

    @Test
    void aQueueLargerThanTheDataIsRefused() {
        assertThatThrownBy(() -> new EmbeddingQueue(17, 0.1, 0.1).bind(shapes(16)))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("16 training rows, found 17");
        assertThatThrownBy(() -> new EmbeddingQueue(4, 0, 0.1)).isInstanceOf(LimbeckException.class);
        assertThatThrownBy(() -> new EmbeddingQueue(-1, 1, 0.1)).isInstanceOf(LimbeckException.class);
    }

    private static Shapes shapes(int rows) {
        return new Shapes(List.of(new long[] {6}), List.of(new long[] {6}), new int[rows]);
    }

    private static Features features(Tensor student, Tensor teacher) {
        int rows = Math.toIntExact(student.size(0));
        return new Features(List.of(student), List.of(teacher), Tensors.of(new long[rows], rows), new int[rows]);
    }

    private static Tensor few(Tensor rows, long from) {
        return Tensors.to(rows.narrow(0, from, 2), DType.FLOAT64).clone();
    }

    private static Tensor student() {
        return ClosedForm.float64(k -> Math.sin(0.5 * (k / 6) + 0.3 * (k % 6) + 0.1), 4, 6);
    }

    private static Tensor teacher() {
        return ClosedForm.float64(k -> Math.cos(0.8 * (k / 6) - 0.2 * (k % 6) + 0.2), 4, 6);
    }

    private static Tensor earlier() {
        return ClosedForm.float64(k -> Math.cos(0.31 * k + 0.2), 4, 6);
    }

    private static Tensor studentMaps() {
        return ClosedForm.float64(k -> Math.sin(0.11 * k + 0.3), 4, 3, 4, 4);
    }

    private static Tensor maps(long channels) {
        return ClosedForm.float64(k -> Math.cos(0.07 * k + 0.1), 4, channels, 4, 4);
    }
}
