package dev.limbeck.cli;

import dev.limbeck.Names;
import dev.limbeck.Settings;
import dev.limbeck.train.AdamW;
import dev.limbeck.train.Callback;
import dev.limbeck.train.EarlyStopping;
import dev.limbeck.train.GradientAccumulation;
import dev.limbeck.train.GradientClip;
import dev.limbeck.train.Optimizer;
import dev.limbeck.train.RunDirectory;
import dev.limbeck.train.Sgd;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Offer how to train, for the commands that do. */
final class TrainingOptions {
    @Option(names = "--arch", required = true, description = "Architecture, such as resnet18 or cifar-resnet20.")
    String arch = "";

    @Option(names = "--epochs", defaultValue = "10", description = "Passes over the training images (default: 10).")
    int epochs = 10;

    @Option(names = "--lr", defaultValue = "1e-3", description = "Highest learning rate (default: 1e-3).")
    double rate = 1e-3;

    @Option(
            names = "--schedule",
            defaultValue = "one-cycle",
            description = "one-cycle or constant (default: one-cycle).")
    String schedule = "one-cycle";

    @Option(names = "--optimizer", defaultValue = "adamw", description = "adamw or sgd (default: adamw).")
    String optimizer = "adamw";

    @Option(names = "--weight-decay", description = "Weight decay (default: 0.01 for adamw, 5e-4 for sgd).")
    @Nullable
    Double weightDecay;

    @Option(names = "--clip", description = "Scale gradients down to this joint L2 norm.")
    @Nullable
    Double clip;

    @Option(names = "--accumulate", defaultValue = "1", description = "Batches that make one step (default: 1).")
    int accumulate = 1;

    @Option(
            names = "--patience",
            description = "Stop when validation accuracy has not risen for so many epochs (default: never).")
    @Nullable
    Integer patience;

    @Option(names = "--seed", defaultValue = "0", description = "Seed of weights, order and draws (default: 0).")
    long seed;

    @Option(names = "--out", required = true, description = "Directory that the run is written to.")
    Path out = Path.of("");

    @Option(names = "--overwrite", description = "Replace an existing run.")
    boolean overwrite;

    /** Check every number before data is read. */
    void check() {
        Settings.atLeast(1, "--epochs", epochs);
        Settings.positive("--lr", rate);
        Settings.atLeast(1, "--accumulate", accumulate);
        Numbers.atLeast(1, "--patience", patience);
        if (clip != null) Settings.positive("--clip", clip);
        if (weightDecay != null) Settings.notNegative("--weight-decay", weightDecay);
        optimizer();
        oneCycle();
        RunDirectory.check(out, overwrite);
    }

    boolean oneCycle() {
        if (!List.of("one-cycle", "constant").contains(schedule)) {
            throw Names.unknown("schedule", schedule, List.of("one-cycle", "constant"));
        }
        return schedule.equals("one-cycle");
    }

    Optimizer optimizer() {
        switch (optimizer) {
            case "adamw" -> {
                AdamW usual = AdamW.defaults();
                return weightDecay == null
                        ? usual
                        : new AdamW(usual.beta1(), usual.beta2(), usual.eps(), weightDecay, usual.decayAll());
            }
            case "sgd" -> {
                Sgd usual = Sgd.defaults();
                return weightDecay == null
                        ? usual
                        : new Sgd(usual.momentum(), usual.nesterov(), weightDecay, usual.decayAll());
            }
            default -> throw Names.unknown("optimizer", optimizer, List.of("adamw", "sgd"));
        }
    }

    List<Callback> callbacks() {
        List<Callback> callbacks = new ArrayList<>();
        if (clip != null) callbacks.add(new GradientClip(clip));
        if (accumulate != 1) callbacks.add(new GradientAccumulation(accumulate));
        if (patience != null) callbacks.add(new EarlyStopping("accuracy", patience));
        return callbacks;
    }
}
