package dev.limbeck.recipe;

import dev.limbeck.nn.StateDict;
import dev.limbeck.train.Callback;
import dev.limbeck.train.TrainingContext;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Record why fits of a training ended before all their epochs, also those before an interruption. */
final class StopReasons implements Callback {
    private final List<String> reasons = new ArrayList<>();

    /** Return the reasons in the order of the fits; null if all fits had all their epochs. */
    @Nullable
    String text() {
        return reasons.isEmpty() ? null : String.join("; ", reasons);
    }

    @Override
    public void afterFit(TrainingContext fit) {
        String reason = fit.stopReason();
        if (reason == null) return;
        reasons.add(fit.phase() == null ? reason : reason + " (" + fit.phase() + ")");
    }

    @Override
    public String stateName() {
        return "StopReasons";
    }

    @Override
    public StateDict state() {
        StateDict state = new StateDict();
        for (int i = 0; i < reasons.size(); i++) state.metadata().put(String.valueOf(i), reasons.get(i));
        return state;
    }

    @Override
    public void restore(StateDict state) {
        reasons.clear();
        for (int i = 0; i < state.metadata().size(); i++)
            reasons.add(state.metadata().get(String.valueOf(i)));
    }
}
