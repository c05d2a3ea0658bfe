package dev.limbeck.evaluate;

import org.apache.commons.math3.distribution.TDistribution;
import org.apache.commons.math3.stat.descriptive.DescriptiveStatistics;

/**
 * Hold a mean with its 95 % confidence interval by Student's t.
 *
 * @param n number of values
 * @param mean mean
 * @param spread standard deviation with n − 1 degrees of freedom, at least that of the values' rounding; NaN for one value
 * @param low lower bound; NaN for one value
 * @param high upper bound; NaN for one value
 */
public record Interval(int n, double mean, double spread, double low, double high) {
    private static final double UPPER = 0.975;

    /** Probability that the seeds of {@link #valuesToShow} find a difference that is there. */
    private static final double POWER = 0.8;

    /** Return the confidence interval of the mean of independent values, at least one. */
    public static Interval of(double... values) {
        return ofRounded(0, values);
    }

    /**
     * Return the confidence interval of the mean of values that are rounded: a few that are equal do not show that all would be.
     *
     * @param least standard deviation of the rounding, such as {@link #roundingOfDifferences}
     */
    public static Interval ofRounded(double least, double... values) {
        if (values.length == 0) throw new IllegalArgumentException("an interval needs at least one value");
        DescriptiveStatistics statistics = new DescriptiveStatistics(values);
        double mean = statistics.getMean();
        if (values.length == 1) return new Interval(1, mean, Double.NaN, Double.NaN, Double.NaN);
        double spread = Math.max(least, statistics.getStandardDeviation());
        double half = half(values.length, spread);
        return new Interval(values.length, mean, spread, mean - half, mean + half);
    }

    /**
     * Return the standard deviation of the rounding of a difference of two shares. A share of n rows is known to a multiple of 1/n, which adds
     * a uniform error of the deviation 1/(n √12).
     */
    public static double roundingOfDifferences(int rows) {
        return 1 / (rows * Math.sqrt(6));
    }

    /**
     * Return the confidence interval of a ratio of two means, such as the share of a gap that was closed. It uses the
     * ratio estimator (Cochran, Sampling Techniques, 3rd ed., section 6.3): the variance of {@code part[i] − ratio ·
     * whole[i]}. NaN if the mean of {@code whole} is not above zero; with several values, if its whole interval is not.
     *
     * @param least standard deviation of the rounding of both; 0 for none
     */
    public static Interval ofRatio(double[] part, double[] whole, double least) {
        Interval all = ofRounded(least, whole);
        double wholeMean = all.mean;
        double ratio = of(part).mean / wholeMean;
        int n = part.length;
        // A share of a gap that may be none has no meaning.
        if (!(n > 1 ? all.low > 0 : wholeMean > 0))
            return new Interval(n, Double.NaN, Double.NaN, Double.NaN, Double.NaN);
        double[] rest = new double[n];
        for (int i = 0; i < n; i++) rest[i] = (part[i] - ratio * whole[i]) / wholeMean;
        double spread = ofRounded(least / wholeMean, rest).spread;
        double half = n == 1 ? Double.NaN : half(n, spread);
        return new Interval(n, ratio, spread, ratio - half, ratio + half);
    }

    /** Return whether the whole interval is above zero; false without an interval. */
    public boolean isPositive() {
        return low > 0;
    }

    /** Return whether the whole interval is below zero; false without an interval. */
    public boolean isNegative() {
        return high < 0;
    }

    /**
     * Return how many values would show a mean of this size, with a power of 80 %: the sample size of a t test, the least n with
     * {@code (t(0.975) + t(0.8)) · spread / √n < |mean|}.
     *
     * @param most largest number to try
     * @return at least 2; {@code most + 1} if more would be needed
     */
    public int valuesToShow(int most) {
        for (int values = 2; values <= most; values++) {
            if (half(values, spread) + error(POWER, values, spread) < Math.abs(mean)) return values;
        }
        return most + 1;
    }

    /** Return {@code a[i] − b[i]} for arrays of the same length. Pairing by seed removes the common variance. */
    public static double[] differences(double[] a, double[] b) {
        if (a.length != b.length) throw new IllegalArgumentException(a.length + " values against " + b.length);
        double[] differences = new double[a.length];
        for (int i = 0; i < a.length; i++) differences[i] = a[i] - b[i];
        return differences;
    }

    private static double half(int n, double spread) {
        return error(UPPER, n, spread);
    }

    private static double error(double probability, int n, double spread) {
        return new TDistribution(n - 1).inverseCumulativeProbability(probability) * spread / Math.sqrt(n);
    }
}
