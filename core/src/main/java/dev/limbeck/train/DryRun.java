package dev.limbeck.train;

import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;

/** Run a fit that its last callback ends with {@link StopTraining}, then restore the weights. */
final class DryRun {
    private DryRun() {}

    static void run(Training what, List<Callback> own, int epochs, double rate, Callback last, Callback... more) {
        List<Callback> all = new ArrayList<>(own);
        all.addAll(List.of(more));
        all.add(last);
        try (StateDict before = what.model().stateDict()) {
            Tensors.seed(what.seed());
            try {
                new TrainingLoop(what, all, FitPhase.ONLY).run(epochs, rate, path -> 1, new ArrayList<>(), 0, null);
            } catch (StopTraining e) {
                // This is the expected end.
            } finally {
                what.model().load(before);
            }
        }
    }
}
