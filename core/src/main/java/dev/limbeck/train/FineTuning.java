package dev.limbeck.train;

import dev.limbeck.Settings;
import dev.limbeck.optim.LayerLearningRates;
import java.util.ArrayList;
import java.util.List;

/** Fine-tune a pretrained network with the rates and schedules of fastai's {@code fine_tune}. */
final class FineTuning {
    private static final double FROZEN_RISE = 0.99;
    private static final double UNFROZEN_RISE = 0.3;
    private static final double UNFROZEN_START = 5;
    private static final double LAYER_SPREAD = 100;

    private FineTuning() {}

    static List<EpochRecord> run(Learner learner, int epochs, double rate, int frozenEpochs, Callback... more) {
        Settings.atLeast(0, "frozen epochs", frozenEpochs);
        List<EpochRecord> rows = new ArrayList<>();
        if (frozenEpochs > 0) {
            learner.freeze();
            learner.plan(epochs);
            OneCycle rising = new OneCycle(rate, FROZEN_RISE, OneCycle.DEFAULT_START);
            try {
                rows.addAll(learner.fit(frozenEpochs, LayerLearningRates.upTo(rate), Learner.with(rising, more)));
            } finally {
                learner.plan(0);
            }
        }
        learner.unfreeze();
        OneCycle cycle = new OneCycle(rate / 2, UNFROZEN_RISE, UNFROZEN_START);
        rows.addAll(learner.fit(
                epochs, LayerLearningRates.of(rate / 2 / LAYER_SPREAD, rate / 2), Learner.with(cycle, more)));
        return rows;
    }
}
