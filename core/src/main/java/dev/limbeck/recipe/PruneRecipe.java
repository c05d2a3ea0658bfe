package dev.limbeck.recipe;

import dev.limbeck.LimbeckException;
import dev.limbeck.prune.Criterion;
import dev.limbeck.prune.PrunableNetwork;
import dev.limbeck.prune.Pruned;
import dev.limbeck.prune.Pruning;
import dev.limbeck.train.EpochRecord;
import dev.limbeck.train.FitPhase;
import dev.limbeck.train.Learner;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/** Hold how a trained student is pruned, at once or in steps with training between. */
public record PruneRecipe(
        @Setting(
                help = "Prune a trained student to this share of its MACs",
                required = true,
                above = 0,
                below = 1,
                options = "--prune",
                label = "SHARE",
                rare = true)
        Double macs,

        @Setting(
                help = "Channels to remove first",
                oneOfEnum = Criterion.class,
                defaultValue = "bn",
                options = "--prune-by",
                rare = true)
        String criterion,

        @Setting(help = "Number of prunings", defaultValue = "1", atLeast = 1, options = "--prune-steps", rare = true)
        Integer steps,

        @Setting(
                help = "Epochs of training between two prunings",
                defaultValue = "1",
                atLeast = 1,
                options = "--prune-epochs",
                rare = true)
        Integer epochsBetween) {
    /** Return the number of epochs before the last pruning. */
    int earlierEpochs() {
        return (steps - 1) * epochsBetween;
    }

    /**
     * Prune and train in turn: each pruning leaves the same share of MACs of the one before. A resumed training continues with the network of its
     * checkpoint.
     *
     * @param whole architecture of the student before the first pruning
     * @param last number of epochs after the last pruning
     * @param training trains for a number of epochs
     * @return the rows of all epochs
     */
    List<EpochRecord> fit(
            Learner learner,
            Architecture whole,
            int last,
            IntFunction<List<EpochRecord>> training,
            Consumer<String> log) {
        if (learner.processes() > 1) {
            throw new LimbeckException("a student is pruned in one process, found " + learner.processes()
                    + "; prune it before (limbeck prune), then train the smaller one together");
        }
        // Of a resumed training, the network is smaller already.
        long macs = network(learner).cost(whole.widths()).macs();
        List<EpochRecord> rows = new ArrayList<>();
        try {
            for (int step = 1; step <= steps; step++) {
                if (!learner.isResuming()) prune(learner, whole.widths(), macs, step, log);
                int later = step == steps ? 0 : (steps - step - 1) * epochsBetween + last;
                String title = steps == 1 ? null : "training after pruning " + step + " of " + steps;
                learner.plan(new FitPhase(title, (step - 1) * epochsBetween, later, false));
                rows.addAll(training.apply(step == steps ? last : epochsBetween));
            }
            return rows;
        } finally {
            learner.plan(FitPhase.ONLY);
        }
    }

    private static PrunableNetwork network(Learner learner) {
        return PrunableNetwork.of(
                learner.model(),
                Zoo.byName(learner.architecture()),
                learner.data().inputs());
    }

    private void prune(Learner learner, List<Long> widths, long whole, int step, Consumer<String> log) {
        PrunableNetwork network = network(learner);
        Criterion by = Criterion.valueOf(criterion.toUpperCase(Locale.ROOT));
        Pruning pruning = new Pruning(by).whole(widths);
        if (by.needsData()) pruning.data(learner.data(), Pruning.BATCHES);
        // The last target first: it would fail after hours.
        if (step == 1) pruning.requireShare(network, macs);
        Pruned pruned = pruning.toMacs(network, Math.round(whole * Math.pow(macs, (double) step / steps)));
        log.accept("pruned (" + step + " of " + steps + "): " + pruned.summary());
        learner.replaceModel(pruned.architecture(), pruned.network());
    }
}
