package dev.limbeck.train;

import dev.limbeck.Settings;

/**
 * Raise the learning rate to its maximum over the first quarter of the steps and let it fall to almost nothing, both
 * along a half cosine, while the momentum does the opposite: fastai's {@code fit_one_cycle}.
 *
 * <p>Smith, A disciplined approach to neural network hyper-parameters, 2018. Rates run from max/25 to max to max/1e5,
 * momentum from 0.95 to 0.85 to 0.95; step i of n has the values at position i/n.
 */
public final class OneCycle implements Callback {
    private static final double RISE = 0.25;
    private static final double START_DIVISOR = 25;
    private static final double END_DIVISOR = 1e5;
    private static final double HIGH_MOMENTUM = 0.95;
    private static final double LOW_MOMENTUM = 0.85;

    private final double maximum;

    /** Make a schedule with this highest learning rate. */
    public OneCycle(double maximum) {
        this.maximum = Settings.positive("learning rate", maximum);
    }

    /** Return the learning rate at a position in [0, 1]. */
    public double rate(double position) {
        return piecewise(position, maximum / START_DIVISOR, maximum, maximum / END_DIVISOR);
    }

    /** Return the momentum at a position in [0, 1]. */
    public double momentum(double position) {
        return piecewise(position, HIGH_MOMENTUM, LOW_MOMENTUM, HIGH_MOMENTUM);
    }

    private static double piecewise(double position, double start, double middle, double end) {
        return position <= RISE
                ? cosine(start, middle, position / RISE)
                : cosine(middle, end, (position - RISE) / (1 - RISE));
    }

    private static double cosine(double from, double to, double position) {
        return from + (1 + Math.cos(Math.PI * (1 - position))) * (to - from) / 2;
    }

    @Override
    public void beforeStep(Step step) {
        double position = (double) step.fit().optimizerSteps() / step.fit().plannedOptimizerSteps();
        step.fit().setRate(rate(position));
        step.fit().setMomentum(momentum(position));
    }
}
