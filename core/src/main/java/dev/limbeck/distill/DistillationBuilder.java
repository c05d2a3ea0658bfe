package dev.limbeck.distill;

import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import dev.limbeck.Settings;
import dev.limbeck.distill.loss.LogitLoss;
import dev.limbeck.distill.loss.LogitMse;
import dev.limbeck.distill.loss.MultiLabel;
import dev.limbeck.distill.loss.SoftTarget;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.optim.Schedule;
import dev.limbeck.train.Learner;
import dev.limbeck.train.TrainStep;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Build a distillation callback. The defaults are those of the PyTorch tutorial: weight 0.5, {@link SoftTarget} at T =
 * 3. For several labels the default loss is {@link MultiLabel}, for regression {@link LogitMse}.
 */
public final class DistillationBuilder {
    /** Hold a logit loss with its scale; the temperature is null if it is constant. */
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

    boolean matchesClasses;
    Map<String, List<String>> classes = Map.of();
    SelectionRule selection = SelectionRule.ALL;
    int lastStep = Integer.MAX_VALUE;
    int adapterEpochs;
    int diagnosisInterval;
    boolean thorough;
    List<Learner> also = List.of();

    Consumer<String> log =
            line -> LoggerFactory.getLogger(KnowledgeDistillation.class).info(Printable.line(line));

    DistillationBuilder(Teacher teacher) {
        this.teacher = teacher;
    }

    /** Set the weight w of the distillation loss, in [0, 1]. The task loss gets 1 − w. */
    public DistillationBuilder weight(double weight) {
        return weight(Schedule.constant(Settings.inUnit("weight", weight)));
    }

    /** Set a schedule for the weight of the distillation loss. */
    public DistillationBuilder weight(Schedule weights) {
        weight = weights.each(value -> Settings.inUnit("weight", value));
        return this;
    }

    /** Set the weight of the task loss, at least 0, instead of 1 − w. */
    public DistillationBuilder taskWeight(double taskWeight) {
        return taskWeight(Schedule.constant(Settings.notNegative("task weight", taskWeight)));
    }

    /** Set a schedule for the weight of the task loss. */
    public DistillationBuilder taskWeight(Schedule weights) {
        taskWeight = weights.each(value -> Settings.notNegative("task weight", value));
        return this;
    }

    /** Add a logit loss. The first one replaces the default; several are summed. */
    public DistillationBuilder loss(LogitLoss loss) {
        return loss(loss, 1);
    }

    /** Add a logit loss with a scale. */
    public DistillationBuilder loss(LogitLoss loss, double scale) {
        return loss(loss, Schedule.constant(Settings.notNegative("scale", scale)), null);
    }

    /**
     * Add a logit loss with schedules for scale and temperature.
     *
     * @param temperature schedule of the temperature, or null to use the loss's own
     * @throws LimbeckException if the loss has no temperature, but a schedule is given
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

    /** Add a feature loss between two layers. It replaces the default logit loss unless {@link #loss} is called too. */
    public DistillationBuilder pair(FeaturePair pair) {
        pairs.add(pair);
        return this;
    }

    /**
     * Skip unlabeled rows with a low teacher confidence. Labeled rows always count.
     *
     * @param probability minimum probability of the teacher's top class, in [0, 1]; the default is 0
     */
    public DistillationBuilder confidenceThreshold(double probability) {
        selection = new SelectionRule(
                Settings.inUnit("least confidence", probability), selection.teacherErrors(), selection.weights());
        return this;
    }

    /**
     * Match the teacher's classes with the data's by name. The order may differ, and the teacher may have further
     * classes.
     */
    public DistillationBuilder matchClasses() {
        matchesClasses = true;
        return this;
    }

    /**
     * Map the data's classes to the teacher's; see {@link dev.limbeck.distill.teacher.MappedTeacher}.
     *
     * @param classes for each class of the data, one or more classes of the teacher
     */
    public DistillationBuilder classes(Map<String, List<String>> classes) {
        this.classes = Map.copyOf(classes);
        return this;
    }

    /**
     * Set what happens to labeled rows that the teacher misclassifies. The default is {@link TeacherErrorPolicy#KEEP}.
     */
    public DistillationBuilder teacherErrors(TeacherErrorPolicy choice) {
        selection = new SelectionRule(selection.confidenceThreshold(), choice, selection.weights());
        return this;
    }

    /**
     * Weight the rows of each batch in the distillation losses.
     *
     * @param weights maps a step after the forward pass to N finite weights of at least 0. Relational losses on features skip rows of
     *     weight 0 and weight the others equally; {@link dev.limbeck.distill.loss.Dist} weights them
     */
    public DistillationBuilder sampleWeights(Function<TrainStep, Tensor> weights) {
        selection = new SelectionRule(selection.confidenceThreshold(), selection.teacherErrors(), weights);
        return this;
    }

    /**
     * Stop distillation after a number of optimizer steps, at least 1, of a training: a fit, or both phases of a fine-tuning. Later steps use
     * only the task loss, with weight 1.
     */
    public DistillationBuilder maxSteps(int steps) {
        lastStep = Settings.atLeast(1, "steps", steps);
        return this;
    }

    /**
     * Train only the adapters and learned losses in the first epochs of a fit, fewer than it has. The student is frozen in these epochs. The
     * second phase of a fine-tuning goes on with trained adapters.
     */
    public DistillationBuilder adaptersFirst(int epochs) {
        adapterEpochs = Settings.atLeast(0, "adapter epochs", epochs);
        return this;
    }

    /**
     * Measure the value, weight and gradient of each term every n optimizer steps, and the cosine with the task gradient,
     * on the first batch of such a step. It needs one more backward pass per term.
     */
    public DistillationBuilder gradientStatsEvery(int steps) {
        diagnosisInterval = Settings.atLeast(1, "steps between measurements", steps);
        return this;
    }

    /**
     * Train other students along with the one that runs the fit, by the same losses on logits. The teacher computes each batch once for all of
     * them: for teachers that are expensive and whose outputs cannot be cached. Without dropout, each student ends as if it had been
     * trained alone with the same optimizer and seed. Callbacks about one model, such as averages, are about the student that runs the fit;
     * {@link dev.limbeck.train.GradientClip} clips one norm of all students.
     *
     * @param students on the data and the device of the student that runs the fit; they stay the caller's
     */
    public DistillationBuilder also(Learner... students) {
        also = List.of(students);
        return this;
    }

    /**
     * Always try other preprocessing of the teacher's inputs before training. By default, this happens only if the
     * teacher's accuracy is low.
     */
    public DistillationBuilder checkThoroughly() {
        thorough = true;
        return this;
    }

    /** Set the consumer of the teacher check and the plan of feature pairs. The default is the logger. */
    public DistillationBuilder log(Consumer<String> log) {
        this.log = log;
        return this;
    }

    /**
     * Build the callback.
     *
     * @throws LimbeckException if all weights are 0, or several students are to learn features
     */
    public KnowledgeDistillation build() {
        boolean noTask = taskWeight != null && taskWeight.equals(Schedule.constant(0));
        if (weight.equals(Schedule.constant(0)) && noTask) {
            throw new LimbeckException("weight and task weight are both 0; nothing would be learned");
        }
        if (adapterEpochs > 0 && pairs.isEmpty()) {
            throw new LimbeckException("there are no feature pairs with adapters to train first; add a pair");
        }
        if (!also.isEmpty() && !pairs.isEmpty()) {
            throw new LimbeckException(
                    "losses on features are for one student; use losses on logits, or train the students one by one");
        }
        return new KnowledgeDistillation(this);
    }
}
