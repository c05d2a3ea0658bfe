package dev.limbeck.train;

import dev.limbeck.Settings;
import dev.limbeck.data.Split;
import java.util.ArrayList;
import java.util.List;

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

    /** Search with the callbacks of a training and further ones, and restore the weights. */
    static LrCurve run(Training what, List<Callback> own, double lowest, double highest, int steps, Callback... more) {
        Settings.positive("lowest rate", lowest);
        if (!(highest > lowest)) throw Settings.wrong("highest rate", "above the lowest, " + lowest, highest);
        Settings.atLeast(20, "steps", steps);
        LrFinder finder = new LrFinder(lowest, highest, steps);
        int batches = Math.max(1, what.data().size(Split.TRAIN) / what.data().batchSize());
        DryRun.run(what, own, steps / batches + 2, lowest, finder, more);
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
    public void beforeStep(TrainStep step) {
        step.fit().setLr(lowest * Math.pow(factor, rates.size() - 1));
    }

    @Override
    public void afterLoss(TrainStep step) {
        double loss = step.total().item_double();
        int count = rates.size() + 1;
        mean = SMOOTHING * mean + (1 - SMOOTHING) * loss;
        double smooth = mean / (1 - Math.pow(SMOOTHING, count));
        if (!Double.isFinite(loss) || count > steps || (count > 1 && smooth > RUN_AWAY * best))
            throw new StopTraining();
        best = Math.min(best, smooth);
        rates.add(lowest * Math.pow(factor, rates.size()));
        losses.add(smooth);
    }
}
