package dev.limbeck.train;

import java.util.ArrayList;
import java.util.List;

/** Record the loss terms of the first batch after all other callbacks, then end the fit. */
final class LossProbe implements Callback {
    private final List<TermSize> terms = new ArrayList<>();

    List<TermSize> terms() {
        return List.copyOf(terms);
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
