package dev.limbeck.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DrawsTest {
    @Test
    void isSplitMix64() {
        // With an empty path, the state is mix(seed + γ); from there on, the JDK's own generator must agree.
        Draws draws = Draws.of(0);
        long state = draws.nextLong();
        SplittableRandom known = new SplittableRandom(0);
        SplittableRandom same = new SplittableRandom(known.nextLong());
        assertThat(state).isEqualTo(same.nextLong());
        assertThat(draws.nextLong()).isEqualTo(same.nextLong());
    }

    @Test
    void dependsOnEveryStepOfThePath() {
        assertThat(Draws.of(1, 2, 3).nextLong()).isEqualTo(Draws.of(1, 2, 3).nextLong());
        long[] others = {
            Draws.of(1, 3, 2).nextLong(), Draws.of(2, 2, 3).nextLong(),
                    Draws.of(1, 2).nextLong(),
            Draws.of(1, 2, 4).nextLong(), Draws.of(1, 2, 3, 0).nextLong(),
                    Draws.of(1, 2, 3).nextLong()
        };
        assertThat(Arrays.stream(others).distinct().count()).isEqualTo(others.length);
    }

    @Test
    void stepsOfEpochAndRowAreUncorrelated() {
        // First draws over a grid of epochs and rows: mean 1/2, and no two equal.
        double[] first = IntStream.range(0, 100)
                .boxed()
                .flatMap(e ->
                        IntStream.range(0, 100).mapToObj(i -> Draws.of(42, e, i).nextDouble()))
                .mapToDouble(d -> d)
                .toArray();
        assertThat(Arrays.stream(first).average().orElseThrow()).isCloseTo(0.5, within(0.01));
        assertThat(Arrays.stream(first).distinct().count()).isEqualTo(first.length);
    }

    @Test
    void boundedDrawsReachEveryValueEvenly() {
        Draws draws = Draws.of(5);
        int[] counts = new int[9];
        for (int i = 0; i < 9000; i++) counts[draws.nextInt(9)]++;
        for (int count : counts) assertThat(count).isBetween(880, 1120);
    }

    @Test
    void shufflesToAPermutation() {
        int[] values = IntStream.range(0, 500).toArray();
        Draws.of(9).shuffle(values);
        assertThat(values).isNotEqualTo(IntStream.range(0, 500).toArray());
        assertThat(Arrays.stream(values).sorted().toArray())
                .isEqualTo(IntStream.range(0, 500).toArray());
    }
}
