package dev.limbeck.train;

import dev.limbeck.nn.StateDict;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * Take part in training at any of its moments, which are listed here in the order they come. Within a moment callbacks
 * run by {@link #order}, equal ones as they were given. After fastai's callbacks.
 *
 * <p>Around one fit: {@code beforeFit, (beforeEpoch, beforeTrain, (beforeBatch, afterForward, afterLoss, beforeStep,
 * afterStep, afterBatch)*, afterTrain, beforeValidate, afterValidate, afterEpoch)*, afterFit}. {@code afterFit} runs for
 * every callback whose {@code beforeFit} was begun, also when something throws. Tensors of a batch live until {@code
 * afterBatch} has run.
 */
public interface Callback {
    /** Return the place among the callbacks of one moment; smaller runs earlier. */
    default int order() {
        return 0;
    }

    /** Check what can be checked and set up; the model, the data and the planned steps are known. */
    default void beforeFit(TrainingContext fit) {}

    default void beforeEpoch(TrainingContext fit) {}

    /** Prepare for the training part of an epoch; the model is in training mode. */
    default void beforeTrain(TrainingContext fit) {}

    /** Change or skip a batch before it is used; of a skipped one only {@code afterBatch} follows. */
    default void beforeBatch(TrainStep step) {}

    /** Use the prediction; the loss is not computed yet. */
    default void afterForward(TrainStep step) {}

    /** Add loss terms or change their weights; the gradients are taken of the weighted sum afterward. */
    default void afterLoss(TrainStep step) {}

    /** Use or change the gradients, the learning rate and the momentum; not called for a batch that only accumulates, or with nothing to step on. */
    default void beforeStep(TrainStep step) {}

    default void afterStep(TrainStep step) {}

    default void afterBatch(TrainStep step) {}

    default void afterTrain(TrainingContext fit) {}

    default void beforeValidate(TrainingContext fit) {}

    /** Use the metrics of the validation split, which are of the task alone. */
    default void afterValidate(TrainingContext fit) {}

    /** Use the finished row of the epoch table. */
    default void afterEpoch(TrainingContext fit) {}

    /** Clean up; runs on exceptions too. */
    default void afterFit(TrainingContext fit) {}

    /** Return tensors that the optimizer trains besides the model's parameters, by name. */
    default Map<String, Tensor> parameters() {
        return Map.of();
    }

    /** Return what a checkpoint must hold for this callback to go on where it was; the caller closes it. */
    default StateDict state() {
        return new StateDict();
    }

    /**
     * Return the name that {@link #state} is kept under, the same in every run of a program. Of callbacks with the same
     * name the first restores what the first left, and so on.
     */
    default String stateName() {
        return getClass().getName();
    }

    /** Go on from a state that {@link #state} returned. */
    default void restore(StateDict state) {}
}
