package dev.limbeck.distill;

import dev.limbeck.LimbeckException;
import dev.limbeck.Settings;
import dev.limbeck.Task;
import dev.limbeck.distill.loss.LogitLoss;
import dev.limbeck.distill.loss.Losses;
import dev.limbeck.nn.Module;
import dev.limbeck.optim.Schedule;
import dev.limbeck.tensor.Autocast;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.train.Callback;
import dev.limbeck.train.ExponentialMovingAverage;
import dev.limbeck.train.TrainStep;
import dev.limbeck.train.TrainingContext;
import dev.limbeck.train.TrainingTask;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Teach a student by the moving average of its own weights, also on rows without labels and beside another teacher:
 *
 * <pre>{@code
 * var average = new ExponentialMovingAverage(0.99);
 * student.fitOneCycle(30, 1e-3, average, MeanTeacher.of(average).weight(Schedule.of("linear:0..1@0..0.3")));
 * }</pre>
 *
 * <p>total = (all other terms) + w·loss(own outputs, outputs of the average)
 *
 * <p>Tarvainen and Valpola, Mean teachers are better role models, NeurIPS 2017. Unlike there, both get the same augmented rows, and the
 * average is in evaluation mode, without dropout. Its weights are put into the network for one forward pass, so a step takes twice the time
 * of copying the weights, and that pass, longer.
 */
public final class MeanTeacher implements Callback {
    /** Name of the loss term. */
    public static final String TERM = "mean_teacher";

    private final ExponentialMovingAverage average;
    private final Schedule weight;
    private final @Nullable LogitLoss chosen;
    private @Nullable LogitLoss loss;

    private MeanTeacher(ExponentialMovingAverage average, Schedule weight, @Nullable LogitLoss chosen) {
        this.average = average;
        this.weight = weight;
        this.chosen = chosen;
    }

    /**
     * Use an average, which takes part in the same fit. The defaults are a weight that rises linearly from 0 to 1 over the first 30 % of the
     * fit, and the default loss of the task.
     */
    public static MeanTeacher of(ExponentialMovingAverage average) {
        return new MeanTeacher(average, new Schedule(Schedule.Shape.LINEAR, 0, 1).between(0, 0.3), null);
    }

    /** Set the weight w ≥ 0 over the fit. The average of the first steps knows little, so it should begin at 0. */
    public MeanTeacher weight(Schedule weights) {
        return new MeanTeacher(average, weights.each(value -> Settings.notNegative("weight", value)), chosen);
    }

    /** Set the loss between the outputs. */
    public MeanTeacher loss(LogitLoss other) {
        return new MeanTeacher(average, weight, other);
    }

    /** Wrap the other callbacks: what they capture of the student must not be of its average. */
    @Override
    public int order() {
        return Integer.MAX_VALUE;
    }

    @Override
    public void beforeFit(TrainingContext fit) {
        Task.Kind task = fit.data().task().kind();
        if (task == Task.Kind.EMBEDDING) {
            throw new LimbeckException(
                    "a mean teacher compares outputs for labels, found the task embedding; leave mean_teacher out");
        }
        LogitLoss used = chosen == null ? Losses.defaultFor(task).logits(Map.of()) : chosen;
        DistillationChecks.fits(used, fit.data());
        loss = used;
    }

    @Override
    public TrainingTask decorate(TrainingTask task) {
        return step -> {
            TrainingContext fit = step.fit();
            double now = weight.at(fit.progress(step));
            Tensor theirs = now == 0 ? null : average.compute(fit, () -> outputs(step));
            task.forward(step);
            if (theirs == null) return;
            LogitLoss used = loss;
            if (used == null) throw new IllegalStateException("a mean teacher takes part in a fit only");
            step.addTerm(
                    TERM, used.compute(step.prediction(), theirs, step.batch().labels()), now);
        };
    }

    /** Compute the outputs of the weights that are in the model. */
    private static Tensor outputs(TrainStep step) {
        Module model = step.fit().model();
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on();
                Module.ModeGuard mode = model.evalMode()) {
            return scope.promote(Autocast.apply(
                    step.fit().precision(), model::apply, step.batch().inputs()));
        }
    }
}
