package dev.limbeck.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScheduleTest {
    /** Compare values with the formulas for a = 2, b = 8 and the common fractions of each shape. */
    @ParameterizedTest
    @CsvSource({
        "3, 0, 3",
        "linear:2..8, 0.25, 3.5",
        "lin:2..8, 1, 8",
        "cosine:2..8, 0.25, 2.878679656",
        "cos:2..8, 0.5, 5",
        "step:2..8, 0.499, 2",
        "one_shot:2..8, 0.5, 8",
        "warm-up:2..8, 0.05, 5",
        "warm-up:2..8, 0.5, 8",
        "window:2..8, 0.2, 2",
        "window:2..8, 0.5, 8",
        "window:2..8, 0.75, 8",
        "window:2..8, 0.8, 2",
        "window:2..8@0.5..1, 0.49, 2",
        "window:2..8@0.5..1, 1, 8",
        // a + ((b − a)/3)·⌈3x⌉ from 0.2: x = 0.5 → ⌈1.5⌉ = 2
        "iterative:2..8, 0.1, 2",
        "iterative:2..8, 0.6, 6",
        // b + (a − b)(1 − x)³ from 0.2: x = 0.5
        "agp:2..8, 0.6, 7.25",
        // a + (b − a)(1 + e⁻⁸)/(1 + e^(−14x + 6)): x = 0.5 → 6·1.000335462628/1.367879441171 + 2
        "one_cycle:2..8, 0.5, 6.387822929",
        "one-cycle:2..8, 1, 8",
        "dsd:2..8, 0.25, 5",
        "dsd:2..8, 0.5, 8",
        "dsd:2..8, 1, 2",
        "linear:1..0@0.2..0.6, 0.1, 1",
        "linear:1..0@0.2..0.6, 0.4, 0.5",
        "linear:1..0@0.2..0.6, 0.9, 0"
    })
    void followsItsFormula(String text, double progress, double expected) {
        assertThat(Schedule.of(text).at(progress)).isEqualTo(expected, within(1e-8));
    }

    @ParameterizedTest
    @CsvSource({"0.5", "cosine:1..0", "linear:8..2@0.2..0.8", "one_cycle:-1..1e-3", "window:0..1"})
    void readsWhatItWrites(String text) {
        Schedule schedule = Schedule.of(text);
        assertThat(Schedule.of(schedule.toString())).isEqualTo(schedule);
    }

    @Test
    void saysWhatIsWrong() {
        wrong("cosin:1..0", "no schedule 'cosin'; nearest: cosine");
        wrong("cosine", "a schedule must be a number or shape:start..end[@from..to]");
        wrong("linear:1..0@0.8..0.2", "a schedule starts at 0.8 and ends at 0.2; swap them");
        wrong("linear:1..0@0.2..1.5", "a schedule's to must be between 0 and 1, found 1.5");
        wrong("linear:1..1e999", "a schedule must go from number to number");
        wrong("linear:1...0", "a schedule must be a number or");
        wrong("linear:1..2.3.4", "a schedule must be a number or");
    }

    private static void wrong(String text, String message) {
        assertThatThrownBy(() -> Schedule.of(text))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(message);
    }
}
