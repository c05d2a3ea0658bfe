package dev.limbeck.train;

import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import dev.limbeck.io.AtomicFile;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Write a CSV file with one row per epoch: losses, loss terms, metrics, logged values, learning rate and time. */
public final class CsvLog implements TrackedRun {
    private final Path file;

    /** Write to a file, which is replaced. */
    public CsvLog(Path file) {
        this.file = file;
    }

    @Override
    public void afterEpoch(TrainingContext fit) {
        // Rewritten each time, because a resumed fit starts with rows from before.
        List<Map<String, Double>> rows =
                fit.wholeHistory().stream().map(CsvLog::values).toList();
        Set<String> columns = new LinkedHashSet<>();
        rows.forEach(row -> columns.addAll(row.keySet()));
        StringBuilder text = new StringBuilder("epoch,")
                .append(columns.stream().map(Printable::csv).collect(Collectors.joining(",")))
                .append('\n');
        for (int i = 0; i < rows.size(); i++) {
            text.append(i);
            for (String column : columns) {
                double value = rows.get(i).getOrDefault(column, Double.NaN);
                text.append(',').append(Double.isFinite(value) ? Double.toString(value) : "");
            }
            text.append('\n');
        }
        AtomicFile.write(file, text.toString());
    }

    /** Return the numbers of an epoch by name. They are CSV columns and the names in other trackers. */
    public static Map<String, Double> values(EpochRecord row) {
        Map<String, Double> values = new LinkedHashMap<>();
        values.put("train_loss", row.trainLoss());
        row.terms().forEach((name, value) -> values.put("train_" + name, value));
        values.put("valid_loss", row.validLoss());
        row.metrics().forEach(values::put);
        row.notes().forEach(values::put);
        values.put("lr", row.lr());
        values.put("seconds", row.seconds());
        values.put("rows_per_second", row.trainRowsPerSecond());
        return values;
    }

    /** Register the CSV log under its name. */
    public static final class Named implements Tracker {
        @Override
        public String name() {
            return "csv";
        }

        @Override
        public String summary() {
            return "one row per epoch in the run's epochs.csv; always on";
        }

        @Override
        public void check(String target) {
            if (!target.isEmpty()) {
                throw new LimbeckException("the tracker csv writes epochs.csv in the run, found the target '" + target
                        + "'; leave it out");
            }
        }

        @Override
        public TrackedRun follow(Tracking training) {
            return new CsvLog(training.epochs());
        }
    }
}
