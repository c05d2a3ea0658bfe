package dev.limbeck.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.optim.Sgd;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test the points at which processes that train one model would exchange values. */
class ExchangeTest {
    @TempDir
    Path folder;

    /** Simulate the second of two processes; the other one has no gradients, no losses, and stops after an epoch. */
    private static class Second implements Exchange {
        final List<String> calls = new ArrayList<>();
        int asked;

        @Override
        public int rank() {
            return 1;
        }

        @Override
        public int size() {
            return 2;
        }

        @Override
        public void averageGradients(Collection<Tensor> parameters) {
            calls.add("gradients");
            parameters.stream().filter(Tensors::hasGrad).forEach(one -> Ops.mul_(one.grad(), 0.5));
        }

        @Override
        public boolean any(boolean here) {
            return here || asked++ > 0;
        }
    }

    private static Learner learner(GivenBatches data, Exchange exchange) {
        return Learner.builder(data, TinyNet.ARCHITECTURE)
                .precision("fp32")
                .optimizer(Sgd.defaults())
                .exchange(exchange)
                .build();
    }

    @Test
    void gradientsAreExchangedBeforeTheyAreClippedAndOneStopIsAllStops() {
        Second exchange = new Second();
        try (GivenBatches data = Toy.data(3, 6);
                Learner learner = learner(data, exchange)) {
            List<EpochRecord> epochs = learner.fit(4, 0.1, new Callback() {
                @Override
                public void beforeStep(TrainStep step) {
                    exchange.calls.add("clip");
                }
            });
            assertThat(epochs).hasSize(1);
            assertThat(exchange.calls).containsExactly("gradients", "clip", "gradients", "clip", "gradients", "clip");
        }
    }

    /** Half the gradients give half the step. */
    @Test
    void theOptimizerTakesTheMean() {
        try (GivenBatches data = Toy.data(1, 6);
                Learner alone = learner(data, Exchange.ALONE);
                Learner two = learner(data, new Second())) {
            double start = Tensors.toDoubles(alone.model().parameters().get("fc.bias"))[0];
            alone.fit(1, 0.1);
            two.fit(1, 0.1);
            double whole = Tensors.toDoubles(alone.model().parameters().get("fc.bias"))[0] - start;
            double half = Tensors.toDoubles(two.model().parameters().get("fc.bias"))[0] - start;
            assertThat(half).isCloseTo(whole / 2, within(1e-2 * Math.abs(whole)));
        }
    }

    @Test
    void onlyTheFirstProcessWrites() {
        Path file = folder.resolve("checkpoint.safetensors");
        try (GivenBatches data = Toy.data(1, 6);
                Learner second = learner(data, new Second());
                Learner first = learner(data, Exchange.ALONE)) {
            second.fit(1, 0.1, new Checkpoint(file));
            assertThat(file).doesNotExist();
            first.fit(1, 0.1, new Checkpoint(file));
            assertThat(file).exists();
        }
    }
}
