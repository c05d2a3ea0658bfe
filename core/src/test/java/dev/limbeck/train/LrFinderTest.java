package dev.limbeck.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.optim.Sgd;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LrFinderTest {
    @Test
    void raisesTheRateUntilTheLossRunsAwayAndPutsTheWeightsBack() {
        try (GivenBatches data = Toy.data(5, 12);
                Learner learner = Learner.builder(data, TinyNet.ARCHITECTURE)
                        .optimizer(Sgd.defaults())
                        .build();
                Learner other = Learner.builder(data, TinyNet.ARCHITECTURE)
                        .optimizer(Sgd.defaults())
                        .build()) {
            String before = learner.model().sha256();
            LrCurve curve = learner.lrFind(1e-4, 1e4, 80);
            assertThat(learner.model().sha256()).isEqualTo(before);
            assertThat(learner.history()).isEmpty();
            assertThat(curve.rates()).hasSameSizeAs(curve.losses()).hasSizeBetween(20, 80);
            assertThat(curve.rates().get(0)).isEqualTo(1e-4);
            double factor = Math.pow(1e8, 1.0 / 79);
            for (int i = 1; i < curve.rates().size(); i++) {
                assertThat(curve.rates().get(i) / curve.rates().get(i - 1)).isCloseTo(factor, within(1e-9));
            }
            assertThat(curve.suggestion())
                    .isBetween(1e-4, curve.rates().get(curve.rates().size() - 1));
            // The search must not affect later training.
            learner.fit(1, 1e-2);
            other.fit(1, 1e-2);
            assertThat(learner.model().sha256()).isEqualTo(other.model().sha256());
        }
    }

    @Test
    void suggestsWhereTheLossFallsMostSteeply() {
        List<Double> rates =
                IntStream.range(0, 40).mapToObj(i -> Math.pow(10, -4 + 0.1 * i)).toList();
        List<Double> losses = IntStream.range(0, 40)
                .mapToObj(i -> falling(i) + (i % 2 == 0 ? 0.02 : 0) - (i == 4 ? 0.09 : 0))
                .toList();
        assertThat(LrCurve.of(rates, losses).suggestion()).isIn(rates.subList(20, 25));
    }

    /** Return a loss that is flat, then falls from step 20 to 24, then rises. */
    private static double falling(int i) {
        if (i < 20) return 2 - 0.001 * i;
        return i < 25 ? 1.98 - 0.1 * (i - 19) : 1.4 + 0.05 * (i - 25);
    }

    @Test
    void refusesARangeThatIsNone() {
        try (GivenBatches data = Toy.data(2, 6);
                Learner learner = Learner.create(data, TinyNet.ARCHITECTURE)) {
            assertThatThrownBy(() -> learner.lrFind(1, 0.1, 50))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("highest rate must be above the lowest, 1.0, found 0.1");
            assertThatThrownBy(() -> learner.lrFind(5)).hasMessage("steps must be at least 20, found 5");
        }
    }
}
