package dev.limbeck.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbeck.LimbeckException;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.optim.OptimizerState;
import dev.limbeck.weights.Safetensors;
import dev.limbeck.weights.WeightFiles;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Hold the complete training state at the end of an epoch: weights, optimizer, callbacks and position. Sample order,
 * augmentation and random draws are functions of seed and epoch and need no state.
 */
final class TrainingState implements AutoCloseable {
    private static final String POSITION = "position";
    private static final String OPTIMIZER = "optimizer.";
    private static final String FACTS = "facts.";
    private static final String CALLBACK = "callback.";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final StateDict state;
    private final FitPosition position;
    private boolean used;

    private TrainingState(StateDict state, FitPosition position) {
        this.state = state;
        this.position = position;
    }

    /** Return a state dict that {@link #read} can read back from a file. The caller closes it. */
    static StateDict capture(
            Training what,
            FitPosition position,
            OptimizerState optimizer,
            List<Callback> callbacks,
            Map<String, String> facts) {
        StateDict training = new StateDict();
        try {
            training.metadata().put(POSITION, JSON.writeValueAsString(position));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("numbers and texts are always JSON", e);
        }
        facts.forEach((name, text) -> training.metadata().put(FACTS + name, text));
        try (StateDict moments = optimizer.state()) {
            training.add(OPTIMIZER, moments);
        }
        for (int i = 0; i < callbacks.size(); i++) {
            try (StateDict own = callbacks.get(i).state()) {
                training.add(prefix(callbacks, i), own);
            }
        }
        StateDict whole = what.model().stateDict();
        whole.metadata().putAll(what.metadata());
        whole.add(WeightFiles.TRAINING, training);
        return whole;
    }

    /**
     * Read a training state.
     *
     * @throws LimbeckException if the file is damaged or contains only weights
     */
    static TrainingState read(Path file) {
        StateDict state = Safetensors.read(file);
        String text = state.metadata().get(WeightFiles.TRAINING + POSITION);
        try {
            if (text == null) throw new LimbeckException(file + " holds a model, but no training state");
            return new TrainingState(state, JSON.readValue(text, new TypeReference<>() {}));
        } catch (JsonProcessingException e) {
            state.close();
            throw new LimbeckException(file + " has no readable training state", e);
        } catch (RuntimeException e) {
            state.close();
            throw e;
        }
    }

    FitPosition position() {
        return position;
    }

    /** Return the architecture of the checkpoint if it is a pruned form of another: interrupted after the model was replaced by it. */
    Optional<Architecture> prunedArchitecture(Architecture own) {
        String name = state.metadata().getOrDefault(SavedModel.ARCHITECTURE, "");
        if (own.widths().isEmpty() || name.equals(own.name())) return Optional.empty();
        return Zoo.find(name).filter(other -> own.prunesTo(other));
    }

    /** Throw if the settings differ from those it was saved with. The state can be used for another try. */
    void check(int epochs, Training what, ToDoubleFunction<String> rates) {
        if (used) {
            throw new LimbeckException("the checkpoint did not fit, and the model holds its weights already; resume it "
                    + "with a new learner");
        }
        if (position.epochs() != epochs) {
            throw new LimbeckException("the checkpoint is of a training of " + position.epochs() + " epochs, found "
                    + epochs + "; use the same number of epochs");
        }
        if (position.precision() != what.precision()) {
            throw new LimbeckException("the checkpoint is of a training in " + position.precision() + ", found "
                    + what.precision() + "; set the same precision");
        }
        if (position.setup() != null) position.setup().requireSame(FitPosition.Setup.of(what, rates));
    }

    /** Return the last finished epoch as text. */
    static String epoch(Map<String, String> metadata) {
        try {
            FitPosition at = JSON.readValue(
                    metadata.getOrDefault(WeightFiles.TRAINING + POSITION, "{}"), new TypeReference<>() {});
            List<EpochRecord> rows = at.history().get(at.history().size() - 1);
            return "epoch " + rows.get(rows.size() - 1).epoch() + (at.fit() > 1 ? " of fit " + at.fit() : "");
        } catch (JsonProcessingException | RuntimeException e) {
            return "its last epoch";
        }
    }

    /** Return the facts that the caller stored to identify the training. */
    static Map<String, String> facts(Map<String, String> metadata) {
        StateDict notes = new StateDict();
        notes.metadata().putAll(metadata);
        return notes.take(WeightFiles.TRAINING + FACTS).metadata();
    }

    /**
     * Restore everything. The callbacks must be those of the interrupted fit, after {@code beforeFit}. If they or the model do not fit,
     * nothing changes.
     */
    void restore(Module model, OptimizerState optimizer, List<Callback> callbacks) {
        refuseLeft(callbacks);
        List<StateDict> states = new ArrayList<>();
        try (StateDict training = state.take(WeightFiles.TRAINING)) {
            try {
                model.load(state);
            } catch (RuntimeException e) {
                state.add(WeightFiles.TRAINING, training);
                throw e;
            }
            used = true;
            for (int i = 0; i < callbacks.size(); i++) states.add(training.take(prefix(callbacks, i)));
            try (StateDict moments = training.take(OPTIMIZER)) {
                optimizer.restore(moments);
            }
            for (int i = 0; i < callbacks.size(); i++) {
                if (!states.get(i).isEmpty()) callbacks.get(i).restore(states.get(i));
            }
        } finally {
            states.forEach(StateDict::close);
        }
    }

    private void refuseLeft(List<Callback> callbacks) {
        List<String> known = IntStream.range(0, callbacks.size())
                .mapToObj(i -> WeightFiles.TRAINING + prefix(callbacks, i))
                .toList();
        String all = WeightFiles.TRAINING + CALLBACK;
        Stream.of(state.names(), state.metadata().keySet())
                .flatMap(Set::stream)
                .filter(name -> name.startsWith(all) && known.stream().noneMatch(name::startsWith))
                .findFirst()
                .ifPresent(name -> {
                    throw new LimbeckException("the checkpoint holds the state of a callback that this fit does "
                            + "not have (" + name.substring(all.length()) + "); use the same callbacks");
                });
    }

    /** Name a callback by its type and not its position. Callbacks without a state may be added or removed. */
    private static String prefix(List<Callback> callbacks, int place) {
        String name = callbacks.get(place).stateName();
        long before = callbacks.subList(0, place).stream()
                .filter(other -> other.stateName().equals(name))
                .count();
        return CALLBACK + name + "." + before + ".";
    }

    @Override
    public void close() {
        state.close();
    }
}
