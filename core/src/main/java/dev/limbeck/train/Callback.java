package dev.limbeck.train;

import dev.limbeck.data.Data;
import dev.limbeck.nn.StateDict;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * Observe and change training at fixed points. The methods are listed in the order in which the loop calls them. At
 * each point, callbacks run by ascending {@link #order}; callbacks of equal order run in the order they were given.
 * Modeled on fastai's callbacks.
 *
 * <p>Call order of one fit: {@code beforeFit, (beforeEpoch, beforeTrain, (beforeBatch, afterForward, afterLoss,
 * beforeStep, afterStep, afterBatch)*, afterTrain, beforeValidate, afterValidate, afterEpoch)*, afterFit}. {@code
 * afterFit} runs for every callback whose {@code beforeFit} was called, even after an exception. The tensors of a batch
 * are valid until {@code afterBatch} returns.
 */
public interface Callback {
    /** Return the priority of this callback. Smaller values run earlier. */
    default int order() {
        return 0;
    }

    /**
     * Return whether this callback takes part in dry runs: {@link Learner#lrFind} and {@link Learner#firstLoss}, which restore the weights
     * afterward and validate nothing. The default is yes, as for all that changes a step. What records or stops a training says no;
     * what does both asks {@link TrainingContext#isDryRun}.
     */
    default boolean inDryRuns() {
        return true;
    }

    /** Validate settings and set up. The model, the data and the planned number of steps are known. */
    default void beforeFit(TrainingContext fit) {}

    default void beforeEpoch(TrainingContext fit) {}

    /** Prepare for the training part of an epoch. The model is in training mode. */
    default void beforeTrain(TrainingContext fit) {}

    /** Change or skip a batch before the forward pass. A skipped batch only reaches {@code afterBatch}. */
    default void beforeBatch(TrainStep step) {}

    /** Read the prediction. The loss is not computed yet. */
    default void afterForward(TrainStep step) {}

    /**
     * Add loss terms or change their weights. The backward pass then runs on the weighted sum. Other tensors that the forward pass made,
     * such as a layer's output that a hook has seen, are closed after this; read or copy them here.
     */
    default void afterLoss(TrainStep step) {}

    /**
     * Read or change the gradients, the learning rate and the momentum. Not called for a batch that only accumulates
     * gradients, nor when there are no gradients.
     */
    default void beforeStep(TrainStep step) {}

    default void afterStep(TrainStep step) {}

    default void afterBatch(TrainStep step) {}

    default void afterTrain(TrainingContext fit) {}

    default void beforeValidate(TrainingContext fit) {}

    /** Read the validation metrics. They measure the task only. */
    default void afterValidate(TrainingContext fit) {}

    /** Read the finished row of the epoch table. */
    default void afterEpoch(TrainingContext fit) {}

    /** Clean up. Also runs after an exception. */
    default void afterFit(TrainingContext fit) {}

    /**
     * Wrap the data of a fit: change what its training rows look like. Asked once a fit, before {@link #beforeFit}. Splits, targets and
     * rows for validation must stay the same.
     *
     * @return data that forwards to the given one; a callback that changes nothing returns it
     */
    default Data decorate(Data data) {
        return data;
    }

    /**
     * Wrap what is computed for each batch: change the batch before it, or add and change loss terms after it. Asked once a fit,
     * after {@link #beforeFit}; of several callbacks the first wraps next to the model.
     *
     * @param task to run inside; a callback that changes nothing returns it
     */
    default TrainingTask decorate(TrainingTask task) {
        return task;
    }

    /** Return further tensors for the optimizer to train, by name. */
    default Map<String, Tensor> parameters() {
        return Map.of();
    }

    /** Return the state that a checkpoint stores for this callback. The caller closes it. */
    default StateDict state() {
        return new StateDict();
    }

    /**
     * Return the name under which {@link #state} is stored. It must be the same in every process. If several callbacks
     * share a name, their states are matched in order.
     */
    default String stateName() {
        return getClass().getName();
    }

    /** Restore a state that {@link #state} returned. */
    default void restore(StateDict state) {}
}
