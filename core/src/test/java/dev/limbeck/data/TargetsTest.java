package dev.limbeck.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbeck.Task;
import java.util.List;
import org.junit.jupiter.api.Test;

class TargetsTest {
    private static final float UNKNOWN = Float.NaN;

    @Test
    void labelsThatNoRowHasOrAllHaveAreNamed() {
        Task task = new Task.MultiLabel(List.of("a", "b", "c", "d"));
        Targets targets = Targets.values(4, 0, 1, 1, UNKNOWN, 0, 1, 0, UNKNOWN, UNKNOWN, 1, 0, UNKNOWN);
        assertThat(targets.constant(task)).containsExactly("no row with 'a'", "no row without 'b'", "no row with 'd'");
    }

    @Test
    void targetsOfOneValueAreNamed() {
        Task task = new Task.Regression(List.of("length", "mass"));
        assertThat(Targets.values(2, 1, 2, 1, 3).constant(task)).containsExactly("one value of 'length'");
    }

    @Test
    void classesHaveNoColumns() {
        assertThat(Targets.labels(0, 0).constant(new Task.SingleLabel(List.of("a", "b"))))
                .isEmpty();
    }
}
