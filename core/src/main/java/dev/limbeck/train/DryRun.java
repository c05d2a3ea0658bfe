package dev.limbeck.train;

import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;

/** Run a fit that its last callback ends with {@link StopTraining}, then restore the weights. */
final class DryRun {
    private DryRun() {}

    static void run(Learner learner, List<Callback> own, int epochs, double rate, Callback last, Callback... more) {
        List<Callback> all = new ArrayList<>(own);
        all.addAll(List.of(more));
        all.add(last);
        try (StateDict before = learner.model().stateDict()) {
            Tensors.seed(learner.seed());
            try {
                new TrainingLoop(learner, all).run(epochs, rate, path -> 1, new ArrayList<>(), 0, null);
            } catch (StopTraining e) {
                // This is the expected end.
            } finally {
                learner.model().load(before);
            }
        }
    }
}
