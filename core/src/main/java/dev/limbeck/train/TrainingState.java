package dev.limbeck.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbeck.LimbeckException;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.StateDict;
import dev.limbeck.optim.OptimizerState;
import dev.limbeck.tensor.Precision;
import dev.limbeck.weights.Safetensors;
import dev.limbeck.weights.WeightFiles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Hold all that a training depends on at the end of an epoch: weights, optimizer, callbacks, and where it stands.
 * Order, augmentation and random draws are functions of seed and epoch, so nothing of them is kept.
 */
final class TrainingState implements AutoCloseable {
    /**
     * Say where a training stands.
     *
     * @param fit number of the call of fit, from 1
     * @param epochs epochs that this call was asked for
     * @param optimizerSteps steps that it took so far
     * @param stopped why it ends early, if it does
     * @param precision what it computed in
     * @param history the rows of each call of fit, the current one last
     */
    record Position(
            int fit,
            int epochs,
            int optimizerSteps,
            double rate,
            double momentum,
            @Nullable String stopped,
            Precision precision,
            List<List<EpochRecord>> history) {}

    private static final String POSITION = "position";
    private static final String OPTIMIZER = "optimizer.";
    private static final String FACTS = "facts.";
    private static final String CALLBACK = "callback.";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final StateDict state;
    private final Position position;

    private TrainingState(StateDict state, Position position) {
        this.state = state;
        this.position = position;
    }

    /** Return a state dict that {@link #read} understands once it is in a file; the caller closes it. */
    static StateDict capture(
            Learner learner,
            Position position,
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
        StateDict whole = learner.model().stateDict();
        whole.metadata().putAll(SavedModel.metadata(learner.architecture(), learner.data()));
        whole.add(WeightFiles.TRAINING, training);
        return whole;
    }

    /**
     * Read the state of a training.
     *
     * @throws LimbeckException if the file is damaged, or holds weights alone
     */
    static TrainingState read(Path file) {
        StateDict state = Safetensors.read(file);
        String text = state.metadata().get(WeightFiles.TRAINING + POSITION);
        try {
            if (text == null) throw new LimbeckException(file + " holds a model, but not where its training stood");
            return new TrainingState(state, JSON.readValue(text, new TypeReference<>() {}));
        } catch (JsonProcessingException e) {
            state.close();
            throw new LimbeckException(file + " does not say where its training stood", e);
        } catch (RuntimeException e) {
            state.close();
            throw e;
        }
    }

    Position position() {
        return position;
    }

    /** Return this, or close it and refuse to go on otherwise than it was begun. */
    TrainingState checked(int epochs, Precision precision) {
        if (position.epochs == epochs && position.precision == precision) return this;
        close();
        if (position.epochs != epochs) {
            throw new LimbeckException("the checkpoint is of a training of " + position.epochs + " epochs, found "
                    + epochs + "; make the same calls as then");
        }
        throw new LimbeckException("the checkpoint is of a training in " + position.precision + ", found " + precision
                + "; set the precision to what it was");
    }

    /** Return the last finished epoch in words. */
    static String epoch(Map<String, String> metadata) {
        try {
            Position at = JSON.readValue(
                    metadata.getOrDefault(WeightFiles.TRAINING + POSITION, "{}"), new TypeReference<>() {});
            List<EpochRecord> rows = at.history.get(at.history.size() - 1);
            return "epoch " + rows.get(rows.size() - 1).epoch() + (at.fit > 1 ? " of fit " + at.fit : "");
        } catch (JsonProcessingException | RuntimeException e) {
            return "its last epoch";
        }
    }

    /** Return what the one who trained noted beside, to see whether it is the same training. */
    static Map<String, String> facts(Map<String, String> metadata) {
        StateDict notes = new StateDict();
        notes.metadata().putAll(metadata);
        return notes.take(WeightFiles.TRAINING + FACTS).metadata();
    }

    /** Put everything back; the callbacks are those of the interrupted fit, and have begun. */
    void restore(Learner learner, OptimizerState optimizer, List<Callback> callbacks) {
        List<StateDict> states = new ArrayList<>();
        try (StateDict training = state.take(WeightFiles.TRAINING)) {
            for (int i = 0; i < callbacks.size(); i++) states.add(training.take(prefix(callbacks, i)));
            // Before anything is changed.
            refuseLeft(training);
            learner.model().load(state);
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

    private static void refuseLeft(StateDict training) {
        try (StateDict left = training.take(CALLBACK)) {
            Stream.of(left.names(), left.metadata().keySet())
                    .flatMap(Set::stream)
                    .findFirst()
                    .ifPresent(name -> {
                        throw new LimbeckException("the checkpoint holds the state of a callback that this fit does "
                                + "not have (" + name + "); give the same callbacks as then");
                    });
        }
    }

    /** Name a callback by its kind and not its place: who only watches may come and go. */
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
