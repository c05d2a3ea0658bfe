package dev.limbeck.train;

import dev.limbeck.LimbeckException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;

/** Write a CSV file with a row an epoch as it ends: losses, terms, metrics, notes, rate, time. */
public final class CsvLog implements Callback {
    private final Path file;

    /** Write to a file, which is replaced when training begins. */
    public CsvLog(Path file) {
        this.file = file;
    }

    @Override
    public void beforeFit(Fit fit) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw failed(e);
        }
    }

    @Override
    public void afterEpoch(Fit fit) {
        Map<String, Double> row = values(fit.history().get(fit.history().size() - 1));
        StringBuilder text = new StringBuilder();
        if (!Files.exists(file)) {
            text.append("epoch,").append(String.join(",", row.keySet())).append('\n');
        }
        text.append(fit.epoch());
        row.values().forEach(value -> text.append(',').append(Double.isFinite(value) ? value.toString() : ""));
        try {
            Files.writeString(file, text.append('\n'), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /** Return the numbers of an epoch by name: the columns here, and the tags of other logs. */
    static Map<String, Double> values(EpochRecord row) {
        Map<String, Double> values = new LinkedHashMap<>();
        values.put("train_loss", row.trainLoss());
        row.terms().forEach((name, value) -> values.put("train_" + name, value));
        values.put("valid_loss", row.validLoss());
        row.metrics().forEach(values::put);
        row.notes().forEach(values::put);
        values.put("lr", row.rate());
        values.put("seconds", row.seconds());
        values.put("images_per_second", row.trainImagesPerSecond());
        return values;
    }

    private LimbeckException failed(IOException e) {
        return new LimbeckException("cannot write the log " + file + ": " + e.getMessage(), e);
    }
}
