package dev.limbeck.distill;

import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import dev.limbeck.Settings;
import dev.limbeck.distill.loss.LogitLoss;
import dev.limbeck.distill.loss.SoftTarget;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.optim.Schedule;
import dev.limbeck.train.TrainStep;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** Choose what a student learns from its teacher; the defaults are the tutorial's: weight 0.5, {@link SoftTarget} at T = 3. */
public final class DistillationBuilder {
    /** A loss on logits with its scale; null for a temperature that does not change. */
    record LogitTerm(
            LogitLoss loss, Schedule scale, @Nullable Schedule temperature) {
        LogitLoss at(double progress) {
            return temperature == null ? loss : loss.withTemperature(temperature.at(progress));
        }
    }

    final Teacher teacher;
    final List<LogitTerm> losses = new ArrayList<>();
    final List<FeaturePair> pairs = new ArrayList<>();
    Schedule weight = Schedule.constant(0.5);

    @Nullable
    Schedule taskWeight;

    double confidenceThreshold;
    boolean matchesClasses;
    Map<String, List<String>> classes = Map.of();
    TeacherErrorPolicy teacherErrors = TeacherErrorPolicy.KEEP;
    int lastStep = Integer.MAX_VALUE;
    int adapterEpochs;
    int diagnosisInterval;
    boolean thorough;

    @Nullable
    Function<TrainStep, Tensor> sampleWeights;

    Consumer<String> log =
            line -> LoggerFactory.getLogger(KnowledgeDistillation.class).info(Printable.line(line));

    DistillationBuilder(Teacher teacher) {
        this.teacher = teacher;
    }

    /** Set the share w of the teacher in [0, 1]; the labels get the rest. */
    public DistillationBuilder weight(double weight) {
        return weight(Schedule.constant(Settings.inUnit("weight", weight)));
    }

    /** Let the share of the teacher change in the course of the fit. */
    public DistillationBuilder weight(Schedule weights) {
        weight = weights.each(value -> Settings.inUnit("weight", value));
        return this;
    }

    /** Set the weight of the task's loss apart from 1 − w, at least 0. */
    public DistillationBuilder taskWeight(double taskWeight) {
        return taskWeight(Schedule.constant(Settings.notNegative("task weight", taskWeight)));
    }

    /** Let the weight of the task's loss change in the course of the fit. */
    public DistillationBuilder taskWeight(Schedule weights) {
        taskWeight = weights.each(value -> Settings.notNegative("task weight", value));
        return this;
    }

    /** Use a loss on logits in place of the default; several calls add up. */
    public DistillationBuilder loss(LogitLoss loss) {
        return loss(loss, 1);
    }

    /** Use a loss with a scale of its own. */
    public DistillationBuilder loss(LogitLoss loss, double scale) {
        return loss(loss, Schedule.constant(Settings.notNegative("scale", scale)), null);
    }

    /**
     * Use a loss whose scale and temperature change in the course of the fit.
     *
     * @param temperature null to leave the loss's own
     * @throws LimbeckException if a temperature is given to a loss that has none
     */
    public DistillationBuilder loss(LogitLoss loss, Schedule scale, @Nullable Schedule temperature) {
        scale.each(value -> Settings.notNegative("scale", value));
        if (temperature != null) {
            temperature.each(value -> Settings.positive("temperature", value));
            loss.withTemperature(temperature.first());
        }
        losses.add(new LogitTerm(loss, scale, temperature));
        return this;
    }

    /** Let a layer learn from a layer, beside the losses on logits; without any of these, in place of the default. */
    public DistillationBuilder pair(FeaturePair pair) {
        pairs.add(pair);
        return this;
    }

    /**
     * Leave out rows without a label of which the teacher is not sure enough; labeled rows always count.
     *
     * @param probability least probability of the teacher's first choice, in [0, 1]; 0 unless set
     */
    public DistillationBuilder confidenceThreshold(double probability) {
        confidenceThreshold = Settings.inUnit("least confidence", probability);
        return this;
    }

    /** Let a teacher teach that knows the data's classes in another order, or others besides: they are matched by name. */
    public DistillationBuilder matchClasses() {
        matchesClasses = true;
        return this;
    }

    /**
     * Let a teacher of other classes teach; see {@link dev.limbeck.distill.teacher.MappedTeacher}.
     *
     * @param classes from each class of the data, all of them, to those of the teacher that it stands for
     */
    public DistillationBuilder classes(Map<String, List<String>> classes) {
        this.classes = Map.copyOf(classes);
        return this;
    }

    /** Choose what becomes of labeled rows on which the teacher is wrong; kept unless set. */
    public DistillationBuilder teacherErrors(TeacherErrorPolicy choice) {
        teacherErrors = choice;
        return this;
    }

    /**
     * Weigh the rows of each batch in the teacher's terms.
     *
     * @param weights from a step, its prediction known, to N numbers of at least 0. Losses that compare rows with each
     *     other leave rows of weight 0 out and count the others alike
     */
    public DistillationBuilder sampleWeights(Function<TrainStep, Tensor> weights) {
        sampleWeights = weights;
        return this;
    }

    /** Stop distilling after this many batches of a fit, at least 1: from then on the labels alone teach, with weight 1. */
    public DistillationBuilder maxSteps(int batches) {
        lastStep = Settings.atLeast(1, "batches", batches);
        return this;
    }

    /** Train only adapters, and what losses learn, for the first epochs of a fit, the student unchanged. */
    public DistillationBuilder adaptersFirst(int epochs) {
        adapterEpochs = Settings.atLeast(0, "adapter epochs", epochs);
        return this;
    }

    /**
     * Measure, every n batches, each term's value, weight and gradient and how the gradient lies to the task's. Such a
     * step costs one backward pass more for each term.
     */
    public DistillationBuilder gradientStatsEvery(int batches) {
        diagnosisInterval = Settings.atLeast(1, "diagnosis interval", batches);
        return this;
    }

    /** Try other preparations of the teacher's inputs before training even if it does well; only if it does badly unless set. */
    public DistillationBuilder checkThoroughly() {
        thorough = true;
        return this;
    }

    /** Choose where what is found out about the teacher and the plan of the feature pairs is told before training; the log unless set. */
    public DistillationBuilder log(Consumer<String> log) {
        this.log = log;
        return this;
    }

    /**
     * Make the callback.
     *
     * @throws LimbeckException if nothing would be learned
     */
    public KnowledgeDistillation build() {
        if (losses.isEmpty() && pairs.isEmpty()) loss(new SoftTarget());
        boolean noTask = taskWeight != null && taskWeight.equals(Schedule.constant(0));
        if (weight.equals(Schedule.constant(0)) && noTask) {
            throw new LimbeckException("weight and task weight are both 0; nothing would be learned");
        }
        if (adapterEpochs > 0 && pairs.isEmpty()) {
            throw new LimbeckException("there are no feature pairs whose adapters could be trained first; add a pair");
        }
        return new KnowledgeDistillation(this);
    }
}
