package dev.limbeck.train;

/** Compute metrics of one class per row. */
final class LabelMetrics {
    private LabelMetrics() {}

    static double accuracy(Predictions p, int k) {
        long labeled = 0;
        long right = 0;
        for (int row = 0; row < p.size(); row++) {
            int label = p.labels()[row];
            if (label < 0) continue;
            labeled++;
            float own = p.output(row, label);
            int above = 0;
            for (int c = 0; c < p.width(); c++) {
                float other = p.output(row, c);
                // On a tie the lower class index wins, as in argmax. A NaN ranks above everything.
                if (!(other < own) && (c < label || other != own) && c != label) above++;
            }
            if (above < k && !Float.isNaN(own)) right++;
        }
        return labeled == 0 ? Double.NaN : (double) right / labeled;
    }

    static double macroF1(Predictions p) {
        long[] hits = new long[p.width()];
        long[] predicted = new long[p.width()];
        long[] present = new long[p.width()];
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
        for (int c = 0; c < p.width(); c++) {
            if (hits[c] > 0) sum += 2.0 * hits[c] / (predicted[c] + present[c]);
        }
        return sum / p.width();
    }
}
