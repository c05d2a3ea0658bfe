package dev.limbeck;

import java.util.Arrays;

/** Compute probabilities of logits, also softened ones. */
public final class Softmax {
    private Softmax() {}

    /**
     * Return softmax(z/T). T = 1 is the standard softmax; a higher T makes small probabilities visible.
     *
     * @param logits z, at least one, finite
     * @param temperature T, positive
     */
    public static double[] of(double[] logits, double temperature) {
        Settings.positive("temperature", temperature);
        if (logits.length == 0) throw new LimbeckException("there must be at least one logit");
        for (double logit : logits) {
            if (!Double.isFinite(logit)) throw new LimbeckException("logits must be finite numbers, found " + logit);
        }
        double largest = Arrays.stream(logits).max().getAsDouble();
        double[] weights = Arrays.stream(logits)
                .map(logit -> Math.exp((logit - largest) / temperature))
                .toArray();
        double sum = Arrays.stream(weights).sum();
        return Arrays.stream(weights).map(weight -> weight / sum).toArray();
    }
}
