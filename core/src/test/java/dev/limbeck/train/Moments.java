package dev.limbeck.train;

import java.util.List;
import java.util.function.Consumer;

/** Report each callback method of training to a test. */
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
    private final Consumer<String> log;

    public Moments(Consumer<String> log) {
        this(0, log);
    }

    public Moments(int order, Consumer<String> log) {
        this.order = order;
        this.log = log;
    }

    /** Throw when a callback method is called for the first time. */
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
        log.accept("beforeFit");
    }

    @Override
    public void beforeEpoch(TrainingContext fit) {
        log.accept("beforeEpoch");
    }

    @Override
    public void beforeTrain(TrainingContext fit) {
        log.accept("beforeTrain");
    }

    @Override
    public void beforeBatch(TrainStep step) {
        log.accept("beforeBatch");
    }

    @Override
    public void afterForward(TrainStep step) {
        log.accept("afterForward");
    }

    @Override
    public void afterLoss(TrainStep step) {
        log.accept("afterLoss");
    }

    @Override
    public void beforeStep(TrainStep step) {
        log.accept("beforeStep");
    }

    @Override
    public void afterStep(TrainStep step) {
        log.accept("afterStep");
    }

    @Override
    public void afterBatch(TrainStep step) {
        log.accept("afterBatch");
    }

    @Override
    public void afterTrain(TrainingContext fit) {
        log.accept("afterTrain");
    }

    @Override
    public void beforeValidate(TrainingContext fit) {
        log.accept("beforeValidate");
    }

    @Override
    public void afterValidate(TrainingContext fit) {
        log.accept("afterValidate");
    }

    @Override
    public void afterEpoch(TrainingContext fit) {
        log.accept("afterEpoch");
    }

    @Override
    public void afterFit(TrainingContext fit) {
        log.accept("afterFit");
    }
}
