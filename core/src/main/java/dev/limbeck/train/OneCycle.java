package dev.limbeck.train;

import dev.limbeck.Settings;

/**
 * Apply the one-cycle learning-rate schedule of fastai's {@code fit_one_cycle}. The rate rises to its maximum over the
 * first quarter of the steps, then falls to almost 0. Both parts are half cosines. The momentum moves in the opposite
 * direction.
 *
 * <p>Smith, "A disciplined approach to neural network hyper-parameters", 2018. Learning rate: max/25 → max → max/1e5.
 * Momentum: 0.95 → 0.85 → 0.95. Step i of n uses the values at position i/n.
 */
public final class OneCycle implements Callback {
    private static final double DEFAULT_RISE = 0.25;
    static final double DEFAULT_START = 25;
    private static final double END_DIVISOR = 1e5;
    private static final double HIGH_MOMENTUM = 0.95;
    private static final double LOW_MOMENTUM = 0.85;

    private final double maximum;
    private final double rise;
    private final double startDivisor;

    /** Create a schedule with the given maximum learning rate. */
    public OneCycle(double maximum) {
        this(maximum, DEFAULT_RISE, DEFAULT_START);
    }

    /**
     * Create a schedule with a custom shape.
     *
     * @param rise share of the steps in which the rate rises, in (0, 1)
     * @param startDivisor ratio of the maximum rate to the first rate, positive
     */
    public OneCycle(double maximum, double rise, double startDivisor) {
        this.maximum = Settings.positive("learning rate", maximum);
        if (!(rise > 0 && rise < 1)) throw Settings.wrong("rise", "between 0 and 1", rise);
        this.rise = rise;
        this.startDivisor = Settings.positive("start divisor", startDivisor);
    }

    /** Return the learning rate at a position in [0, 1]. */
    public double rate(double position) {
        return piecewise(position, maximum / startDivisor, maximum, maximum / END_DIVISOR);
    }

    /** Return the momentum at a position in [0, 1]. */
    public double momentum(double position) {
        return piecewise(position, HIGH_MOMENTUM, LOW_MOMENTUM, HIGH_MOMENTUM);
    }

    private double piecewise(double position, double start, double middle, double end) {
        return position <= rise
                ? cosine(start, middle, position / rise)
                : cosine(middle, end, (position - rise) / (1 - rise));
    }

    private static double cosine(double from, double to, double position) {
        return from + (1 + Math.cos(Math.PI * (1 - position))) * (to - from) / 2;
    }

    @Override
    public void beforeStep(TrainStep step) {
        double position = (double) step.fit().optimizerSteps() / step.fit().plannedOptimizerSteps();
        step.fit().setLr(rate(position));
        step.fit().setMomentum(momentum(position));
    }
}
