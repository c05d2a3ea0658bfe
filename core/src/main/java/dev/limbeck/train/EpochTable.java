package dev.limbeck.train;

import dev.limbeck.Printable;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Write the epoch table of fastai, one line per epoch: epoch, train_loss, valid_loss, metrics, time. Behind it stands how long the
 * rest of the training is likely to take. If a training has several phases, each has a table with a line above it.
 */
public final class EpochTable implements Callback {
    private final Consumer<String> lines;
    private boolean headed;

    /** Write to any line consumer, such as {@code System.out::println}. */
    public EpochTable(Consumer<String> lines) {
        // Metric names may have any length.
        this.lines = line -> lines.accept(Printable.line(line));
    }

    @Override
    public boolean inDryRuns() {
        return false;
    }

    @Override
    public void beforeFit(TrainingContext fit) {
        headed = false;
    }

    @Override
    public void afterEpoch(TrainingContext fit) {
        EpochRecord row = fit.history().get(fit.history().size() - 1);
        if (!headed) {
            headed = true;
            if (fit.phase() != null) lines.accept(fit.phase());
            StringBuilder head = new StringBuilder("%5s  %10s  %10s".formatted("epoch", "train_loss", "valid_loss"));
            shown(row).keySet().forEach(name -> head.append("  %10s".formatted(name)));
            lines.accept(head.append("  %6s  %6s".formatted("time", "left")).toString());
        }
        StringBuilder line = new StringBuilder(String.format(
                Locale.ROOT, "%5d  %10s  %10s", row.epoch(), number(row.trainLoss()), number(row.validLoss())));
        shown(row).values().forEach(value -> line.append("  %10s".formatted(number(value))));
        lines.accept(line.append("  %6s  %6s".formatted(duration(row.seconds()), duration(fit.secondsLeft())))
                .toString());
        String stopped = fit.stopReason();
        if (stopped != null) lines.accept("stopped: " + stopped);
    }

    /** Return the metrics; without labels there are none, but what callbacks logged. */
    private static Map<String, Double> shown(EpochRecord row) {
        return row.metrics().isEmpty() ? row.notes() : row.metrics();
    }

    private static String duration(double time) {
        long seconds = Math.round(time);
        return String.format(Locale.ROOT, "%02d:%02d", seconds / 60, seconds % 60);
    }

    private static String number(double value) {
        return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.6f", value);
    }
}
