package dev.limbeck.train;

import dev.limbeck.Settings;
import dev.limbeck.optim.LayerLearningRates;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Fine-tune a pretrained network with the rates and schedules of fastai's {@code fine_tune}. */
final class FineTuning {
    private static final double FROZEN_RISE = 0.99;
    private static final double UNFROZEN_RISE = 0.3;
    private static final double UNFROZEN_START = 5;
    private static final double LAYER_SPREAD = 100;
    private static final String HEAD = "phase 1 of 2: train the new classifier";
    private static final String ALL = "phase 2 of 2: train the whole network";

    private FineTuning() {}

    static List<EpochRecord> run(Learner learner, int epochs, double rate, int frozenEpochs, Callback... more) {
        Settings.atLeast(1, "epochs", epochs);
        Settings.positive("learning rate", rate);
        Settings.atLeast(0, "frozen epochs", frozenEpochs);
        List<EpochRecord> rows = new ArrayList<>();
        if (frozenEpochs > 0) {
            learner.freeze();
            OneCycle rising = new OneCycle(rate, FROZEN_RISE, OneCycle.DEFAULT_START);
            rows.addAll(phase(
                    learner,
                    new FitPhase(HEAD, 0, epochs, false),
                    () -> learner.fit(frozenEpochs, LayerLearningRates.upTo(rate), Learner.with(rising, more))));
        }
        learner.unfreeze();
        OneCycle cycle = new OneCycle(rate / 2, UNFROZEN_RISE, UNFROZEN_START);
        FitPhase second = frozenEpochs > 0 ? new FitPhase(ALL, frozenEpochs, 0, true) : FitPhase.ONLY;
        rows.addAll(phase(
                learner,
                second,
                () -> learner.fit(
                        epochs, LayerLearningRates.of(rate / 2 / LAYER_SPREAD, rate / 2), Learner.with(cycle, more))));
        return rows;
    }

    private static List<EpochRecord> phase(Learner learner, FitPhase phase, Supplier<List<EpochRecord>> fit) {
        learner.plan(phase);
        try {
            return fit.get();
        } finally {
            learner.plan(FitPhase.ONLY);
        }
    }
}
