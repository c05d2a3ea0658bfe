package dev.limbeck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TaskTest {
    private static final List<String> NAMES = List.of("a", "b");

    @Test
    void comesBackFromItsMetadata() {
        for (Task task : List.of(
                new Task.SingleLabel(NAMES),
                new Task.MultiLabel(NAMES),
                new Task.Regression(NAMES),
                new Task.Regression(NAMES, List.of(1.5, -2e9), List.of(0.1, 3.0)))) {
            assertThat(Task.of(task.toMetadata(), NAMES)).isEqualTo(task);
        }
    }

    @Test
    void decodesOutputs() {
        assertThat(new Task.SingleLabel(NAMES).decode(0, 0)).containsExactly(0.5, 0.5);
        assertThat(new Task.MultiLabel(NAMES).decode(0, 100)).containsExactly(0.5, 1);
        Task.Regression task = new Task.Regression(NAMES, List.of(10.0, 0.0), List.of(2.0, 1.0));
        assertThat(task.decode(3, 3)).containsExactly(16, 3);
        assertThat(task.standardized(0, 16)).isCloseTo(3, within(1e-12));
    }

    @Test
    void whatIsMalformedIsOneLine() {
        assertThatThrownBy(() -> Task.of(Map.of("task", "regresion"), NAMES))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("no task 'regresion'; nearest: regression");
        assertThatThrownBy(() -> Task.of(Map.of("task", "regression", "target_mean", "1,x"), NAMES))
                .hasMessage("target_mean must be numbers with commas, found '1,x'");
        assertThatThrownBy(() -> Task.of(Map.of("task", "regression", "target_mean", "1"), NAMES))
                .hasMessage("expected a mean and a deviation for each of 2 targets, found 1 and 2");
        assertThatThrownBy(() -> Task.of(Map.of("task", "regression", "target_deviation", "1,0"), NAMES))
                .hasMessageContaining("deviation of a target must be a positive number, found 0.0");
        assertThatThrownBy(() -> Task.of(Map.of("task", "regression", "target_mean", "1,NaN"), NAMES))
                .hasMessageContaining("means of targets must be finite");
    }
}
