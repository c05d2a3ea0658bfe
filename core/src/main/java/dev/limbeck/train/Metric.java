package dev.limbeck.train;

/** Compute a metric from predictions and labels. Rows without a label are ignored. */
public interface Metric {
    /** Return the name used in tables and JSON. */
    String name();

    /** Compute the metric, or return NaN if no row has a label. */
    double of(Predictions predictions);

    /** Return top-1 accuracy: the share of rows, in [0, 1], whose largest logit is the label's. */
    static Metric accuracy() {
        return named("accuracy", p -> share(p, 1));
    }

    /** Return top-k accuracy: the share of rows, in [0, 1], whose label is among the k largest logits. */
    static Metric topK(int k) {
        if (k < 1) throw new IllegalArgumentException("k must be at least 1, found " + k);
        return named("top" + k, p -> share(p, k));
    }

    /**
     * Return macro F1: the unweighted mean of the F1 score over classes. A class that is neither present nor predicted
     * counts as 0.
     */
    static Metric macroF1() {
        return named("macro_f1", Metric::macroF1);
    }

    private static double share(Predictions p, int k) {
        long labeled = 0;
        long right = 0;
        for (int row = 0; row < p.size(); row++) {
            int label = p.labels()[row];
            if (label < 0) continue;
            labeled++;
            float own = p.logits()[row * p.classes() + label];
            int above = 0;
            for (int c = 0; c < p.classes(); c++) {
                float other = p.logits()[row * p.classes() + c];
                // On a tie the lower class index wins, as in argmax. A NaN ranks above everything.
                if (!(other < own) && (c < label || other != own) && c != label) above++;
            }
            if (above < k && !Float.isNaN(own)) right++;
        }
        return labeled == 0 ? Double.NaN : (double) right / labeled;
    }

    private static double macroF1(Predictions p) {
        long[] hits = new long[p.classes()];
        long[] predicted = new long[p.classes()];
        long[] present = new long[p.classes()];
        long labeled = 0;
        for (int row = 0; row < p.size(); row++) {
            int label = p.labels()[row];
            if (label < 0) continue;
            labeled++;
            int top = p.argmax(row);
            present[label]++;
            if (top >= 0) predicted[top]++;
            if (top == label) hits[label]++;
        }
        if (labeled == 0) return Double.NaN;
        double sum = 0;
        for (int c = 0; c < p.classes(); c++) {
            if (hits[c] > 0) sum += 2.0 * hits[c] / (predicted[c] + present[c]);
        }
        return sum / p.classes();
    }

    private static Metric named(String name, java.util.function.ToDoubleFunction<Predictions> function) {
        return new Metric() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public double of(Predictions predictions) {
                return function.applyAsDouble(predictions);
            }
        };
    }
}
