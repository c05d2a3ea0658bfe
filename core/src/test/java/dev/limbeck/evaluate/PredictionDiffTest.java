package dev.limbeck.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PredictionDiffTest {
    /** Values of scipy.stats.binomtest(won, won + lost). */
    @ParameterizedTest
    @CsvSource({"0, 0, 1", "10, 10, 1", "5, 15, 0.041389465332", "15, 5, 0.041389465332", "0, 8, 0.0078125"})
    void pValueOfMcNemarsTest(int won, int lost, double p) {
        assertThat(diff(won, lost).pValue()).isCloseTo(p, within(1e-11));
    }

    @ParameterizedTest
    @CsvSource({"1500, 1500", "700, 1300"})
    void manyRowsNeitherOverflowNorUnderflow(int won, int lost) {
        assertThat(diff(won, lost).pValue()).isBetween(Double.MIN_VALUE, 1.0);
    }

    private static PredictionDiff diff(int won, int lost) {
        List<Integer> some = Collections.nCopies(won, 0);
        return new PredictionDiff(some, Collections.nCopies(lost, 0), List.of());
    }
}
