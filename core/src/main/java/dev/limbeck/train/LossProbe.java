package dev.limbeck.train;

import java.util.ArrayList;
import java.util.List;

/** Record the loss terms of the first batch after all other callbacks, then end the fit. */
final class LossProbe implements Callback {
    private final List<TermSize> terms = new ArrayList<>();

    /** Measure the terms of a training with further callbacks, and restore the weights. */
    static List<TermSize> run(Training what, List<Callback> own, Callback... more) {
        LossProbe probe = new LossProbe();
        DryRun.run(what, own, 1, 1, probe, more);
        return List.copyOf(probe.terms);
    }

    @Override
    public int order() {
        return Integer.MAX_VALUE;
    }

    @Override
    public void afterLoss(TrainStep step) {
        step.terms()
                .forEach((name, value) -> terms.add(new TermSize(name, value.item_double() + 0.0, step.weight(name))));
        throw new StopTraining();
    }
}
