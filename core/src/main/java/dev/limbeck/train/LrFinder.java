package dev.limbeck.train;

import dev.limbeck.LimbeckException;
import dev.limbeck.Settings;
import dev.limbeck.data.Split;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Raise the learning rate geometrically and record the smoothed loss until it diverges (Smith, "Cyclical Learning Rates
 * for Training Neural Networks", WACV 2017, section 3.3).
 */
final class LrFinder implements Callback {
    static final double LOWEST = 1e-6;
    static final double HIGHEST = 1;
    private static final double SMOOTHING = 0.98;
    private static final double RUN_AWAY = 4;

    private final double lowest;
    private final double factor;
    private final int steps;
    private final List<Double> rates = new ArrayList<>();
    private final List<Double> losses = new ArrayList<>();
    private double mean;
    private double best = Double.POSITIVE_INFINITY;
    private double sum;
    private int batches;

    /** Search with the callbacks of a training and further ones, and restore the weights. */
    static LrCurve run(Training what, List<Callback> own, double lowest, double highest, int steps, Callback... more) {
        Settings.positive("lowest rate", lowest);
        if (!(highest > lowest)) throw Settings.wrong("highest rate", "above the lowest, " + lowest, highest);
        Settings.atLeast(LrCurve.FEWEST_STEPS, "steps", steps);
        LrFinder finder = new LrFinder(lowest, highest, steps);
        int batches = Math.max(1, what.data().size(Split.TRAIN) / what.data().batchSize());
        int accumulated = Stream.concat(own.stream(), Stream.of(more))
                .filter(GradientAccumulation.class::isInstance)
                .mapToInt(callback -> ((GradientAccumulation) callback).batches())
                .max()
                .orElse(1);
        int epochs = Math.toIntExact(Math.min(Integer.MAX_VALUE, (long) steps * accumulated / batches + 2));
        DryRun.run(what, own, epochs, lowest, finder, more);
        if (finder.rates.isEmpty()) {
            throw new LimbeckException("no step of the learning-rate search had a finite loss, from the rate " + lowest
                    + " on; check the inputs and the losses");
        }
        return LrCurve.of(finder.rates, finder.losses);
    }

    private LrFinder(double lowest, double highest, int steps) {
        this.lowest = lowest;
        this.steps = steps;
        factor = Math.pow(highest / lowest, 1.0 / (steps - 1));
    }

    /** Run last, after every other callback has added its terms. */
    @Override
    public int order() {
        return Integer.MAX_VALUE;
    }

    @Override
    public void afterLoss(TrainStep step) {
        double loss = step.total().item_double();
        if (!Double.isFinite(loss)) throw new StopTraining();
        sum += loss;
        batches++;
    }

    /** Take the mean loss of the batches of a step. */
    @Override
    public void beforeStep(TrainStep step) {
        double loss = sum / batches;
        sum = 0;
        batches = 0;
        int count = rates.size() + 1;
        mean = SMOOTHING * mean + (1 - SMOOTHING) * loss;
        double smooth = mean / (1 - Math.pow(SMOOTHING, count));
        if (count > steps || (count > 1 && smooth > RUN_AWAY * best)) throw new StopTraining();
        best = Math.min(best, smooth);
        double rate = lowest * Math.pow(factor, rates.size());
        rates.add(rate);
        losses.add(smooth);
        step.fit().setLr(rate);
    }
}
