package dev.limbeck.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IntervalTest {
    @Test
    void equalsTheTextbookFormula() {
        // t(0.975, 4) = 2.776445, s = sqrt(2.5)
        Interval interval = Interval.of(1, 2, 3, 4, 5);
        double half = 2.7764451052 * Math.sqrt(2.5) / Math.sqrt(5);
        assertThat(interval.n()).isEqualTo(5);
        assertThat(interval.mean()).isEqualTo(3);
        assertThat(interval.spread()).isCloseTo(Math.sqrt(2.5), within(1e-12));
        assertThat(interval.low()).isCloseTo(3 - half, within(1e-6));
        assertThat(interval.high()).isCloseTo(3 + half, within(1e-6));
        assertThat(interval.isPositive()).isTrue();
    }

    @Test
    void oneValueGivesNone() {
        Interval one = Interval.of(0.5);
        assertThat(one.mean()).isEqualTo(0.5);
        assertThat(one.low()).isNaN();
        assertThat(one.isPositive() || one.isNegative()).isFalse();
        assertThatThrownBy(Interval::of).isInstanceOf(IllegalArgumentException.class);
    }

    /** The numbers are those of {@code TTestPower().solve_power(mean / spread, alpha=0.05, power=0.8)} of statsmodels, rounded up. */
    @ParameterizedTest
    @CsvSource({"2, 5", "1, 10", "0.5, 34", "0.3, 90", "0.2, 101", "0, 101"})
    void saysHowManyValuesWouldShowTheMean(double mean, int expected) {
        assertThat(new Interval(3, mean, 1, mean - 2.5, mean + 2.5).valuesToShow(100))
                .isEqualTo(expected);
        assertThat(new Interval(3, -mean, 1, -mean - 2.5, -mean + 2.5).valuesToShow(100))
                .isEqualTo(expected);
        assertThat(Interval.of(0, 0).valuesToShow(100)).isEqualTo(101);
    }

    @ParameterizedTest
    @ValueSource(ints = {5, 10})
    void containsZeroInNineteenOfTwentyComparisonsWithoutEffect(int seeds) {
        Random random = new Random(seeds);
        int contains = 0;
        for (int comparison = 0; comparison < 1000; comparison++) {
            double[] alone = new double[seeds];
            double[] other = new double[seeds];
            for (int seed = 0; seed < seeds; seed++) {
                // A seed's effect on both, and random noise of each: accuracies on 10,000 images.
                double shared = 0.7 + 0.02 * random.nextGaussian();
                alone[seed] = accuracy(shared + 0.005 * random.nextGaussian(), random);
                other[seed] = accuracy(shared + 0.005 * random.nextGaussian(), random);
            }
            Interval difference = Interval.of(Interval.differences(other, alone));
            if (!difference.isPositive() && !difference.isNegative()) contains++;
        }
        assertThat(contains / 1000.0).isBetween(0.93, 0.97);
    }

    private static double accuracy(double probability, Random random) {
        return IntStream.range(0, 1000)
                        .filter(i -> random.nextDouble() < probability)
                        .count()
                / 1000.0;
    }

    @Test
    void theRatioOfMeansHasTheIntervalOfItsResiduals() {
        double[] part = {1, 2, 3};
        double[] whole = {4, 5, 6};
        Interval ratio = Interval.ofRatio(part, whole, 0);
        // r = 2/5; residuals (1 − 1.6, 2 − 2, 3 − 2.4)/5 = (−0.12, 0, 0.12), s = 0.12, t(0.975, 2) = 4.302653
        assertThat(ratio.mean()).isCloseTo(0.4, within(1e-12));
        double half = 4.302652729911 * 0.12 / Math.sqrt(3);
        assertThat(ratio.low()).isCloseTo(0.4 - half, within(1e-6));
        assertThat(ratio.high()).isCloseTo(0.4 + half, within(1e-6));
        assertThat(Interval.ofRatio(part, new double[] {0, -1, 1}, 0).mean()).isNaN();
        // A gap of 0.1 ± 0.25 may be none.
        assertThat(Interval.ofRatio(part, new double[] {0.1, 0, 0.2}, 0).mean()).isNaN();
        assertThat(Interval.ofRatio(new double[] {1}, new double[] {2}, 0).mean())
                .isEqualTo(0.5);
    }

    /** With 100 rows, two seeds that differ by three rows each would show nothing even if the rounding were all their noise. */
    @Test
    void equalDifferencesOfSharesAreKnownToARowOnly() {
        double least = Interval.roundingOfDifferences(100);
        // √(2 · (1/n)²/12), the error of two numbers that are rounded to multiples of 1/n
        assertThat(least).isCloseTo(Math.sqrt(2 * 1e-4 / 12), within(1e-15));
        Interval three = Interval.ofRounded(least, 0.03, 0.03);
        assertThat(three.spread()).isEqualTo(least);
        // t(0.975, 1) = 12.706205
        assertThat(three.high() - three.mean()).isCloseTo(12.706204736 * least / Math.sqrt(2), within(1e-9));
        assertThat(three.isPositive()).isFalse();
        assertThat(three.valuesToShow(100)).isEqualTo(3);
        assertThat(Interval.ofRounded(least, 0.04, 0.04).isPositive()).isTrue();
        assertThat(Interval.ofRounded(least, 0.02, 0.02, 0.02).isPositive()).isTrue();
        assertThat(Interval.ofRounded(least, 0.01, 0.03)).isEqualTo(Interval.of(0.01, 0.03));
        assertThat(Interval.ofRounded(least, 0.5).low()).isNaN();
    }

    @Test
    void aShareOfAGapIsRoundedToo() {
        double[] part = {0.03, 0.03, 0.03};
        double[] whole = {0.1, 0.1, 0.1};
        Interval ratio = Interval.ofRatio(part, whole, 0.004);
        assertThat(ratio.mean()).isCloseTo(0.3, within(1e-12));
        assertThat(ratio.spread()).isCloseTo(0.04, within(1e-12));
        // 0.01 ± t(0.975, 2) · 0.004/√3 is above 0, 0.009 is not.
        assertThat(Interval.ofRatio(part, new double[] {0.01, 0.01, 0.01}, 0.004)
                        .mean())
                .isCloseTo(3, within(1e-9));
        assertThat(Interval.ofRatio(part, new double[] {0.009, 0.009, 0.009}, 0.004)
                        .mean())
                .isNaN();
    }
}
