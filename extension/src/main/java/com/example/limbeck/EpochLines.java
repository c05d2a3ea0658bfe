package com.example.limbeck;

import dev.limbeck.LimbeckException;
import dev.limbeck.train.EpochRecord;
import dev.limbeck.train.TrackedRun;
import dev.limbeck.train.Tracker;
import dev.limbeck.train.Tracking;
import dev.limbeck.train.TrainingContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** Append a line for each epoch to a file: {@code epoch-lines:FILE}. */
public final class EpochLines implements Tracker {
    @Override
    public String name() {
        return "epoch-lines";
    }

    @Override
    public String summary() {
        return "a line for each epoch in a file: epoch-lines:FILE";
    }

    @Override
    public void check(String target) {
        if (target.isEmpty()) throw new LimbeckException("epoch-lines needs a file; give epoch-lines:FILE");
    }

    @Override
    public TrackedRun follow(Tracking training) {
        Path file = Path.of(training.target());
        return new TrackedRun() {
            @Override
            public void afterEpoch(TrainingContext fit) {
                List<EpochRecord> rows = fit.wholeHistory();
                EpochRecord last = rows.get(rows.size() - 1);
                append(file, training.run() + " epoch " + last.epoch() + " loss " + last.trainLoss() + "\n");
            }
        };
    }

    private static void append(Path file, String line) {
        try {
            Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new LimbeckException("cannot write " + file + ": " + e.getMessage(), e);
        }
    }
}
