package dev.limbeck.cli;

import dev.limbeck.train.Callback;
import dev.limbeck.train.EpochRecord;
import dev.limbeck.train.TrainStep;
import dev.limbeck.train.TrainingContext;
import java.time.Duration;
import java.util.Optional;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import me.tongfei.progressbar.ProgressState;
import org.jspecify.annotations.Nullable;

/** Draw a progress bar of the whole training while an epoch trains, with rows per second and the time that is left. */
final class ProgressBars implements Callback {
    private static final int REFRESH_MILLIS = 200;

    private final Terminal terminal;
    private @Nullable ProgressBar bar;

    ProgressBars(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void beforeTrain(TrainingContext fit) {
        int done = fit.wholeHistory().size();
        int all = done + fit.epochsLeft();
        long rows = (long) fit.batchesPerEpoch() * fit.data().batchSize();
        double before =
                fit.wholeHistory().stream().mapToDouble(EpochRecord::seconds).sum();
        double left = fit.secondsLeft();
        bar = new ProgressBarBuilder()
                .setTaskName("epoch " + (done + 1) + " of " + all)
                .setInitialMax(all * rows)
                .startsFrom(done * rows, duration(before))
                .setEtaFunction(now -> left(now, left))
                .setUpdateIntervalMillis(REFRESH_MILLIS)
                .setStyle(ProgressBarStyle.ASCII)
                .setUnit(" rows", 1)
                .showSpeed()
                .clearDisplayOnFinish()
                .setConsumer(new ConsoleProgressBarConsumer(terminal.err()))
                .build();
    }

    /** Estimate by whole epochs, which validate too; in the first one by the rows so far. */
    private static Optional<Duration> left(ProgressState now, double atStart) {
        Duration elapsed = now.getElapsedAfterStart();
        if (!Double.isNaN(atStart)) {
            Duration left = duration(atStart).minus(elapsed);
            return Optional.of(left.isNegative() ? Duration.ZERO : left);
        }
        long rows = now.getCurrent() - now.getStart();
        return rows == 0
                ? Optional.empty()
                : Optional.of(elapsed.dividedBy(rows).multipliedBy(now.getMax() - now.getCurrent()));
    }

    private static Duration duration(double seconds) {
        return Duration.ofMillis(Math.round(1000 * seconds));
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
