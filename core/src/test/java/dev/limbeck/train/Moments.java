package dev.limbeck.train;

import java.util.List;
import java.util.function.Consumer;

/** Tell a test which moment of training has come. */
public class Moments implements Callback {
    public static final List<String> ALL = List.of(
            "beforeFit",
            "beforeEpoch",
            "beforeTrain",
            "beforeBatch",
            "afterForward",
            "afterLoss",
            "beforeStep",
            "afterStep",
            "afterBatch",
            "afterTrain",
            "beforeValidate",
            "afterValidate",
            "afterEpoch",
            "afterFit");

    private final int order;
    private final Consumer<String> told;

    public Moments(Consumer<String> told) {
        this(0, told);
    }

    public Moments(int order, Consumer<String> told) {
        this.order = order;
        this.told = told;
    }

    /** Throw when a moment comes for the first time. */
    public static Moments throwing(String moment, Throwable failure) {
        return new Moments(now -> {
            if (!now.equals(moment)) return;
            if (failure instanceof Error error) throw error;
            throw (RuntimeException) failure;
        });
    }

    @Override
    public int order() {
        return order;
    }

    @Override
    public void beforeFit(TrainingContext fit) {
        told.accept("beforeFit");
    }

    @Override
    public void beforeEpoch(TrainingContext fit) {
        told.accept("beforeEpoch");
    }

    @Override
    public void beforeTrain(TrainingContext fit) {
        told.accept("beforeTrain");
    }

    @Override
    public void beforeBatch(TrainStep step) {
        told.accept("beforeBatch");
    }

    @Override
    public void afterForward(TrainStep step) {
        told.accept("afterForward");
    }

    @Override
    public void afterLoss(TrainStep step) {
        told.accept("afterLoss");
    }

    @Override
    public void beforeStep(TrainStep step) {
        told.accept("beforeStep");
    }

    @Override
    public void afterStep(TrainStep step) {
        told.accept("afterStep");
    }

    @Override
    public void afterBatch(TrainStep step) {
        told.accept("afterBatch");
    }

    @Override
    public void afterTrain(TrainingContext fit) {
        told.accept("afterTrain");
    }

    @Override
    public void beforeValidate(TrainingContext fit) {
        told.accept("beforeValidate");
    }

    @Override
    public void afterValidate(TrainingContext fit) {
        told.accept("afterValidate");
    }

    @Override
    public void afterEpoch(TrainingContext fit) {
        told.accept("afterEpoch");
    }

    @Override
    public void afterFit(TrainingContext fit) {
        told.accept("afterFit");
    }
}
