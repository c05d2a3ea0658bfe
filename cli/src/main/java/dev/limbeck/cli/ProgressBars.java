package dev.limbeck.cli;

import dev.limbeck.train.Callback;
import dev.limbeck.train.TrainStep;
import dev.limbeck.train.TrainingContext;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** Draw a progress bar per epoch, with images per second and the remaining time. */
final class ProgressBars implements Callback {
    private static final int REFRESH_MILLIS = 200;

    private final Terminal terminal;
    private @Nullable ProgressBar bar;

    ProgressBars(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void beforeTrain(TrainingContext fit) {
        bar = new ProgressBarBuilder()
                .setTaskName("epoch " + fit.epoch())
                .setInitialMax((long) fit.batchesPerEpoch() * fit.data().batchSize())
                .setUpdateIntervalMillis(REFRESH_MILLIS)
                .setStyle(ProgressBarStyle.ASCII)
                .setUnit(" images", 1)
                .showSpeed()
                .clearDisplayOnFinish()
                .setConsumer(new ConsoleProgressBarConsumer(terminal.err()))
                .build();
    }

    @Override
    public void afterBatch(TrainStep step) {
        if (bar != null) bar.stepBy(step.batch().size());
    }

    @Override
    public void afterTrain(TrainingContext fit) {
        close();
    }

    @Override
    public void afterFit(TrainingContext fit) {
        close();
    }

    private void close() {
        if (bar != null) bar.close();
        bar = null;
    }
}
