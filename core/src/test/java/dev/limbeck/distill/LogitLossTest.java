package dev.limbeck.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.limbeck.ClosedForm;
import dev.limbeck.Golden;
import dev.limbeck.LimbeckException;
import dev.limbeck.distill.loss.HardLabel;
import dev.limbeck.distill.loss.LogitLoss;
import dev.limbeck.distill.loss.LogitLosses;
import dev.limbeck.distill.loss.LogitMse;
import dev.limbeck.distill.loss.SoftCrossEntropy;
import dev.limbeck.distill.loss.SoftTarget;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.Arrays;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class LogitLossTest {
    private static final int ROWS = 4;
    private static final int CLASSES = 5;

    static Stream<Arguments> golden() {
        return Stream.of(
                Arguments.of("KD KL batchmean*T^2, T=1", new SoftTarget(1)),
                Arguments.of("KD KL batchmean*T^2, T=4", new SoftTarget(4)),
                Arguments.of("KD KL batchmean*T^2, T=5 (fasterai SoftTarget default)", new SoftTarget(5)),
                Arguments.of("soft CE *T^2, T=4", new SoftCrossEntropy(4).scaled()),
                Arguments.of("soft CE no T^2, T=4 (TextBrewer ce)", new SoftCrossEntropy(4)),
                Arguments.of("MSE logits (mean over B*C)", new LogitMse()),
                Arguments.of("hard distillation CE(argmax teacher)", new HardLabel()),
                Arguments.of(
                        "CE(labels)", (LogitLoss) (student, teacher, labels) -> Ops.crossEntropy(student, labels)));
    }

    @ParameterizedTest
    @MethodSource("golden")
    void equalsTheReference(String row, LogitLoss loss) {
        JsonNode expected = null;
        for (JsonNode node : Golden.read("losses.json").get("losses")) {
            if (node.get("loss").asText().equals(row)) expected = node;
        }
        assertThat(expected).as(row).isNotNull();
        try (Scope scope = Scope.open()) {
            Tensor student = student();
            student.set_requires_grad(true);
            Tensor value = loss.of(student, teacher(), labels());
            value.backward();
            double norm = Math.sqrt(Arrays.stream(Tensors.toDoubles(student.grad()))
                    .map(g -> g * g)
                    .sum());
            assertThat(value.item_double())
                    .isEqualTo(
                            expected.get("value").asDouble(),
                            within(1e-9 * Math.abs(expected.get("value").asDouble())));
            assertThat(norm)
                    .isEqualTo(
                            expected.get("gradNorm").asDouble(),
                            within(1e-9 * expected.get("gradNorm").asDouble()));
        }
    }

    static Stream<LogitLoss> losses() {
        return LogitLosses.names().stream().map(name -> LogitLosses.byName(name, null));
    }

    @ParameterizedTest
    @MethodSource("losses")
    void gradientEqualsFiniteDifferences(LogitLoss loss) {
        double h = 1e-5;
        try (Scope scope = Scope.open()) {
            Tensor student = student();
            student.set_requires_grad(true);
            loss.of(student, teacher(), labels()).backward();
            double[] gradient = Tensors.toDoubles(student.grad());
            double[] at = Tensors.toDoubles(student);
            for (int i = 0; i < at.length; i++) {
                double slope = (value(loss, at, i, h) - value(loss, at, i, -h)) / (2 * h);
                assertThat(gradient[i]).isEqualTo(slope, within(1e-7));
            }
        }
    }

    private static double value(LogitLoss loss, double[] logits, int changed, double by) {
        double[] moved = logits.clone();
        moved[changed] += by;
        return loss.of(Tensors.of(moved, ROWS, CLASSES), teacher(), labels()).item_double();
    }

    @ParameterizedTest
    @MethodSource("losses")
    void noGradientReachesTheTeacher(LogitLoss loss) {
        try (Scope scope = Scope.open()) {
            Tensor student = student();
            student.set_requires_grad(true);
            Tensor teacher = teacher();
            teacher.set_requires_grad(true);
            loss.of(student, teacher, labels()).backward();
            assertThat(Tensors.hasGrad(teacher)).isFalse();
        }
    }

    @ParameterizedTest
    @MethodSource("losses")
    void doesNotDependOnTheBatchSize(LogitLoss loss) {
        try (Scope scope = Scope.open()) {
            double once = loss.of(student(), teacher(), labels()).item_double();
            double twice = loss.of(
                            Ops.cat(0, student(), student()),
                            Ops.cat(0, teacher(), teacher()),
                            Ops.cat(0, labels(), labels()))
                    .item_double();
            assertThat(twice).isEqualTo(once, within(1e-12));
        }
    }

    @ParameterizedTest
    @MethodSource("losses")
    void staysFiniteAtExtremeLogits(LogitLoss loss) {
        try (Scope scope = Scope.open()) {
            Tensor student = Ops.mul(student(), 1e4).detach();
            student.set_requires_grad(true);
            Tensor value = loss.of(student, Ops.mul(teacher(), 1e4), labels());
            value.backward();
            assertThat(Ops.allFinite(value)).isTrue();
            assertThat(Ops.allFinite(student.grad())).isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("losses")
    void refusesOtherClassCountsInPlaceOfBroadcasting(LogitLoss loss) {
        try (Scope scope = Scope.open()) {
            assertThatThrownBy(() -> loss.of(student(), Tensors.of(new double[ROWS], ROWS, 1), labels()))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageContaining("4×5 and 4×1");
        }
    }

    @Test
    void softTargetIsZeroForEqualLogits() {
        try (Scope scope = Scope.open()) {
            assertThat(new SoftTarget(3).of(teacher(), teacher(), labels()).item_double())
                    .isEqualTo(0, within(1e-12));
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -1, Double.NaN, Double.POSITIVE_INFINITY})
    void refusesTemperaturesThatAreNotPositive(double temperature) {
        assertThatThrownBy(() -> new SoftTarget(temperature))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith("temperature must be a positive number, found");
        assertThatThrownBy(() -> new SoftCrossEntropy(temperature)).isInstanceOf(LimbeckException.class);
    }

    @Test
    void softensTheTutorialsExample() {
        double[] logits = {1.2, 5.1, 2.9, 0.3};
        assertThat(DarkKnowledge.soften(logits, 1))
                .containsExactly(new double[] {0.0178, 0.8777, 0.0972, 0.0072}, within(1e-4));
        assertThat(DarkKnowledge.soften(logits, 3))
                .containsExactly(new double[] {0.1394, 0.5116, 0.2457, 0.1033}, within(1e-4));
    }

    private static Tensor student() {
        return ClosedForm.float64(k -> 2 * Math.sin(1.3 * (k / CLASSES) + 0.7 * (k % CLASSES) + 0.2), ROWS, CLASSES);
    }

    private static Tensor teacher() {
        return ClosedForm.float64(k -> 3 * Math.cos(0.9 * (k / CLASSES) - 0.4 * (k % CLASSES) + 0.5), ROWS, CLASSES);
    }

    private static Tensor labels() {
        return Tensors.of(new long[] {0, 3, 1, 4}, ROWS);
    }
}
