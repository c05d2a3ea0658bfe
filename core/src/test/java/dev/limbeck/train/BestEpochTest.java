package dev.limbeck.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.data.Split;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class BestEpochTest {
    @Test
    void keepsTheWeightsOfTheBestEpoch() {
        try (GivenBatches data = Toy.data(4, 6, 3);
                Learner learner = Learner.create(data, TinyNet.ARCHITECTURE);
                BestEpoch best = new BestEpoch()) {
            List<EpochRecord> epochs = learner.fit(6, 0.1, best);
            EpochRecord highest = epochs.stream()
                    .max(Comparator.comparingDouble(
                                    (EpochRecord row) -> row.metrics().get("accuracy"))
                            .thenComparingInt(row -> -row.epoch()))
                    .orElseThrow();
            assertThat(best.epoch()).isEqualTo(highest.epoch());
            learner.model().load(best.weights());
            assertThat(learner.validate(Split.VALID).metric("accuracy"))
                    .isEqualTo(highest.metrics().get("accuracy"));
        }
    }

    @Test
    void goesOnInALaterFitOfTheSameNetwork() {
        try (GivenBatches data = Toy.data(4, 6, 3);
                Learner learner = Learner.create(data, TinyNet.ARCHITECTURE);
                BestEpoch best = new BestEpoch()) {
            learner.fit(4, 0.05, best);
            int epoch = best.epoch();
            String weights = Objects.requireNonNull(best.weights()).sha256();
            // So large a rate ruins the network.
            learner.fit(1, 100, best);
            assertThat(best.epoch()).isEqualTo(epoch);
            assertThat(Objects.requireNonNull(best.weights()).sha256()).isEqualTo(weights);
        }
    }

    @Test
    void refusesToWatchNothing() {
        try (GivenBatches data = Toy.data(4, 6, 3);
                Learner learner =
                        Learner.builder(data, TinyNet.ARCHITECTURE).metrics().build();
                BestEpoch best = new BestEpoch()) {
            assertThatThrownBy(() -> learner.fit(1, 0.1, best))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("the best epoch needs a metric; set one (metrics)");
        }
    }
}
