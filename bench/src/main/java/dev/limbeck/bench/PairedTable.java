package dev.limbeck.bench;

import dev.limbeck.evaluate.Interval;
import java.io.PrintStream;
import java.util.Locale;
import org.apache.commons.math3.stat.descriptive.DescriptiveStatistics;

/** Print a row per seed for a student alone and distilled, then the mean paired difference with its 95 % t interval. */
final class PairedTable {
    private final PrintStream out;
    private final DescriptiveStatistics differences = new DescriptiveStatistics();

    PairedTable(PrintStream out) {
        this.out = out;
        out.println("| seed | teacher | alone | distilled | difference | seconds |");
        out.println("|---|---|---|---|---|---|");
    }

    /** Add a row. Accuracies are fractions; {@code seconds} is the total training time of the row. */
    void add(long seed, double teacher, double alone, double distilled, double seconds) {
        double difference = 100 * (distilled - alone);
        differences.addValue(difference);
        out.printf(
                Locale.ROOT,
                "| %d | %.2f | %.2f | %.2f | %+.2f | %.0f |%n",
                seed,
                100 * teacher,
                100 * alone,
                100 * distilled,
                difference,
                seconds);
    }

    void finish() {
        Interval difference = Interval.of(differences.getValues());
        if (difference.n() < 2) {
            out.printf(Locale.ROOT, "difference %+.2f points; one seed gives no interval%n", difference.mean());
            return;
        }
        out.printf(
                Locale.ROOT,
                "mean difference %+.2f points, paired 95 %% interval %+.2f to %+.2f, %d seeds%n",
                difference.mean(),
                difference.low(),
                difference.high(),
                difference.n());
    }
}
