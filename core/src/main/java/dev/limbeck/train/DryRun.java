package dev.limbeck.train;

import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Run a fit that its last callback ends with {@link StopTraining}, then restore the weights: of the model, and of what callbacks train beside it
 * and keep for the next fit, such as adapters and further students. Nothing is validated, and callbacks that record or stop a training stay
 * out of it.
 */
final class DryRun {
    private DryRun() {}

    static void run(Training what, List<Callback> own, int epochs, double rate, Callback last, Callback... more) {
        List<Callback> others = Stream.concat(own.stream(), Stream.of(more))
                .filter(Callback::inDryRuns)
                .toList();
        List<Callback> all = new ArrayList<>(others);
        all.add(last);
        try (StateDict before = what.model().stateDict();
                KeptStates kept = new KeptStates(others)) {
            all.add(kept);
            Tensors.seed(what.seed());
            try {
                new TrainingLoop(what, all, FitPhase.ONLY)
                        .withoutValidation()
                        .run(epochs, rate, path -> 1, new ArrayList<>(), 0, null);
            } catch (StopTraining e) {
                // This is the expected end.
            } catch (RuntimeException e) {
                throw Engine.explained("training failed", e);
            } finally {
                what.model().load(before);
                kept.restore();
            }
        }
    }

    /** Keep the states of other callbacks as they are when the fit begins: some make their modules there. */
    private static final class KeptStates implements Callback, AutoCloseable {
        private final List<Callback> others;
        private final List<StateDict> states = new ArrayList<>();

        KeptStates(List<Callback> others) {
            this.others = others;
        }

        @Override
        public int order() {
            return Integer.MAX_VALUE;
        }

        @Override
        public void beforeFit(TrainingContext fit) {
            others.forEach(callback -> states.add(callback.state()));
        }

        /** Restore those that the callbacks still have after the fit. */
        void restore() {
            for (int i = 0; i < states.size(); i++) {
                try (StateDict now = others.get(i).state()) {
                    if (!now.isEmpty() && !states.get(i).isEmpty())
                        others.get(i).restore(states.get(i));
                }
            }
        }

        @Override
        public void close() {
            states.forEach(StateDict::close);
        }
    }
}
