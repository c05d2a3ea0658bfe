package dev.limbeck.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbeck.Task;
import dev.limbeck.tensor.InputSpec;
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

    /** A training goes on with the same data only, and words for people are rounded. */
    @Test
    void fingerprintsKnowEveryBitOfTargets() {
        Task numbers = new Task.Regression(List.of("kg"));
        Task labels = new Task.MultiLabel(List.of("red"));
        assertThat(fingerprint(numbers, 1.00001f)).isNotEqualTo(fingerprint(numbers, 1.00002f));
        assertThat(fingerprint(labels, 0)).isNotEqualTo(fingerprint(labels, Float.NaN));
        assertThat(fingerprint(labels, 1)).isEqualTo(fingerprint(labels, 1));
    }

    private static String fingerprint(Task task, float target) {
        return new ArrayData(task, InputSpec.floats(1), 1, 0)
                .with(Split.TRAIN, new float[][] {{1}}, Targets.values(1, target))
                .fingerprint();
    }
}
