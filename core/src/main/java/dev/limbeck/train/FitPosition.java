package dev.limbeck.train;

import dev.limbeck.LimbeckException;
import dev.limbeck.io.Checksum;
import dev.limbeck.tensor.Precision;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Hold the position of a training at the end of an epoch, as a checkpoint stores it.
 *
 * @param fit index of the call of fit, from 1
 * @param epochs requested epochs of this call
 * @param optimizerSteps optimizer steps so far
 * @param stopped reason for an early stop, or null
 * @param precision precision of the training
 * @param batches how batches were shared; null in checkpoints of earlier releases, of one process
 * @param setup what must be the same in a resumed fit; null in checkpoints of earlier releases
 * @param history rows of each call of fit, the current one last
 */
record FitPosition(
        int fit,
        int epochs,
        int optimizerSteps,
        double rate,
        double momentum,
        @Nullable String stopped,
        Precision precision,
        @Nullable Batches batches,
        @Nullable Setup setup,
        List<List<EpochRecord>> history) {
    /**
     * Hold what must be the same when a fit is resumed.
     *
     * @param batchSize rows of a batch
     * @param seed of weights and dropout
     * @param data fingerprint of the data
     * @param optimizer its name and settings
     * @param rates SHA-256 in hex of the trained parameters' paths and learning rates; null in checkpoints of earlier releases
     */
    record Setup(
            int batchSize,
            long seed,
            String data,
            String optimizer,
            @Nullable String rates) {
        /**
         * Describe a training.
         *
         * @param rates from a parameter's path to its learning rate, before a schedule
         */
        static Setup of(Training what, ToDoubleFunction<String> rates) {
            String trained = what.model().parameters().entrySet().stream()
                    .filter(one -> one.getValue().requires_grad())
                    .map(one -> one.getKey() + " " + rates.applyAsDouble(one.getKey()))
                    .collect(Collectors.joining("\n"));
            return new Setup(
                    what.data().batchSize(),
                    what.seed(),
                    what.data().fingerprint(),
                    what.optimizer().toString(),
                    Checksum.sha256Of(trained));
        }

        /**
         * Check a fit that is about to be resumed.
         *
         * @throws LimbeckException with the first difference
         */
        void requireSame(Setup now) {
            if (batchSize != now.batchSize) throw differs("batches of", batchSize, now.batchSize, "batch size");
            if (seed != now.seed) throw differs("the seed", seed, now.seed, "seed");
            if (!data.equals(now.data)) throw differs("data of the fingerprint", data, now.data, "data");
            if (!optimizer.equals(now.optimizer)) throw differs("the optimizer", optimizer, now.optimizer, "optimizer");
            if (rates != null && !rates.equals(now.rates)) {
                throw new LimbeckException(
                        "the checkpoint is of a training with another learning rate, or of other layers; "
                                + "use the same rates, and freeze the same layers");
            }
        }

        private static LimbeckException differs(String what, Object there, Object here, String same) {
            return new LimbeckException("the checkpoint is of a training with " + what + " " + there + ", found " + here
                    + "; use the same " + same);
        }
    }

    /**
     * Hold how the batches of an epoch are shared.
     *
     * @param processes number of processes
     * @param perEpoch batches of an epoch, in all processes together
     * @param perStep batches of an optimizer step, in all processes together
     */
    record Batches(int processes, int perEpoch, int perStep) {
        /**
         * Return these batches for another number of processes, which takes the same ones in each step.
         *
         * @throws LimbeckException if they cannot be divided
         */
        Batches sharedBy(int others) {
            if (perEpoch % others == 0 && perStep % others == 0) return new Batches(others, perEpoch, perStep);
            throw new LimbeckException("the " + perStep + " batches of a step and the " + perEpoch
                    + " of an epoch must be divisible by the number of processes, found " + others + "; use "
                    + IntStream.rangeClosed(1, perStep)
                            .filter(one -> perEpoch % one == 0 && perStep % one == 0)
                            .mapToObj(String::valueOf)
                            .collect(Collectors.joining(" or ")));
        }
    }
}
