package dev.limbeck.bench;

import dev.limbeck.train.Callback;
import dev.limbeck.train.TrainStep;
import dev.limbeck.train.TrainingContext;
import java.util.ArrayList;
import java.util.List;

/** Time whole steps, from the end of one to the end of the next, so that the loop's overhead is included. */
final class StepTimes implements Callback {
    private final int warmUp;
    private final List<Double> seconds = new ArrayList<>();
    private int finished;
    private long last;

    /**
     * Ignore the first steps of the fit.
     *
     * @param warmUp number of ignored steps
     */
    StepTimes(int warmUp) {
        this.warmUp = warmUp;
    }

    @Override
    public int order() {
        return Integer.MAX_VALUE;
    }

    @Override
    public void beforeTrain(TrainingContext fit) {
        last = System.nanoTime();
    }

    @Override
    public void afterBatch(TrainStep step) {
        long now = System.nanoTime();
        if (finished++ >= warmUp) seconds.add((now - last) / 1e9);
        last = now;
    }

    /** Return the median time of a step in seconds. */
    double median() {
        return Medians.of(seconds);
    }
}
