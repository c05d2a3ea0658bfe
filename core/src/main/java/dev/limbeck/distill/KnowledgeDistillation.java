package dev.limbeck.distill;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import dev.limbeck.distill.loss.FeatureLoss;
import dev.limbeck.distill.loss.LogitLoss;
import dev.limbeck.distill.loss.Losses;
import dev.limbeck.distill.loss.RowMean;
import dev.limbeck.distill.teacher.MappedTeacher;
import dev.limbeck.distill.teacher.ModuleTeacher;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.distill.teacher.TeacherContext;
import dev.limbeck.distill.teacher.TeacherFacts;
import dev.limbeck.distill.teacher.TeacherResult;
import dev.limbeck.distill.teacher.TeacherSession;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.optim.Schedule;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Callback;
import dev.limbeck.train.EvaluationResult;
import dev.limbeck.train.Learner;
import dev.limbeck.train.Predictions;
import dev.limbeck.train.TrainStep;
import dev.limbeck.train.TrainingContext;
import dev.limbeck.train.TrainingTask;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Distill knowledge: train the student on the labels and a teacher's outputs with the loss
 *
 * <p>total = (1 − w)·task + w·Σᵢ sᵢ·KDᵢ
 *
 * <p>where w is the {@link DistillationBuilder#weight} (α in the PyTorch tutorial) and sᵢ is the scale of each loss, 1
 * by default. The weights are applied in {@link #decorate}; each loss computes its own softened outputs. Pass the
 * callback to fit:
 *
 * <pre>{@code
 * student.fitOneCycle(10, 1e-3, KnowledgeDistillation.from(teacher).weight(0.5).build());
 * }</pre>
 *
 * <p>The teacher runs frozen in evaluation mode, without autograd, on the same inputs as the student. Its state is
 * restored after each fit, and a change of its weights throws. The validation metrics measure the task only. Each epoch
 * also logs {@code teacher_agreement} and the value of each loss on the validation split.
 *
 * <p>Adapters and what losses learn are kept from one fit to the next; {@link #close} frees them.
 */
public final class KnowledgeDistillation implements Callback, AutoCloseable {
    /** Name of the logged agreement with the teacher's top class. */
    public static final String AGREEMENT = "teacher_agreement";

    /** Name of the logged mean cosine between the embeddings of student and teacher. */
    public static final String COSINE = "teacher_cosine";

    private Teacher teacher;
    private final DistillationBuilder settings;
    private LogitTerms losses;
    private FeatureBindings pairs;
    private final GradientStats diagnosis;
    private final Peers also;
    private @Nullable TeacherSession session;
    private String before = "";
    private @Nullable Predictions teacherOnValidation;
    private @Nullable TeacherCheck teacherCheck;
    private double progress;
    private boolean embeds;

    KnowledgeDistillation(DistillationBuilder settings) {
        this.settings = settings;
        teacher = settings.teacher;
        losses = LogitTerms.of(settings, Task.Kind.SINGLE_LABEL);
        pairs = new FeatureBindings(settings.pairs);
        diagnosis = new GradientStats(settings.diagnosisInterval);
        also = new Peers(settings.also);
    }

    /** Distill from a learner's model. */
    public static DistillationBuilder from(Learner teacher) {
        return from(ModuleTeacher.of(teacher));
    }

    /** Distill from a saved model. */
    public static DistillationBuilder from(SavedModel teacher) {
        return from(ModuleTeacher.of(teacher));
    }

    /** Distill from a module whose logits are in the order of the data's classes. */
    public static DistillationBuilder from(Module teacher) {
        return from(ModuleTeacher.of(teacher, List.of()));
    }

    /** Distill from any teacher. */
    public static DistillationBuilder from(Teacher teacher) {
        return new DistillationBuilder(teacher);
    }

    @Override
    public void beforeFit(TrainingContext fit) {
        if (settings.teacher.isModule(fit.model())) {
            throw new LimbeckException("teacher and student are the same module; distill into a fresh student");
        }
        Task task = fit.data().task();
        embeds = task.kind() == Task.Kind.EMBEDDING;
        DistillationChecks checks = checked(fit.data());
        teacher = checks.teacher();
        losses = LogitTerms.of(settings, task.kind());
        if (embeds && settings.losses.isEmpty() && pairs.isEmpty()) {
            FeatureLoss loss = Losses.defaultFor(task.kind()).features(Map.of());
            pairs = new FeatureBindings(List.of(FeaturePair.embeddings().loss(loss)));
        }
        also.begin(fit);
        TeacherContext context = new TeacherContext(fit.data(), fit.device(), fit.precision(), null);
        TeacherSession begun = teacher.open(context);
        session = begun;
        TeacherFacts facts = begun.facts();
        before = facts.identity();
        diagnosis.begin(fit);
        checks.kind(facts.kind(), task.kind());
        pairs.begin(fit, begun);
        pairs.plan().forEach(settings.log);
        checkAdapters(fit);
        // Computed once: it is the same in every epoch.
        if (fit.data().has(Split.VALID)) {
            teacherOnValidation = begun.predict(fit.data(), Split.VALID, fit.exchange());
            // The check computes some of these again, and finds those of all processes in a cache folder.
            begun.flush();
            fit.exchange().any(false);
            // The teacher may not know its number of classes before its first output.
            if (!embeds) checks.count(teacherOnValidation.width(), fit.data().classNames());
            TeacherCheck found = TeacherCheck.of(
                    teacher,
                    facts,
                    teacherOnValidation,
                    context,
                    settings.teacher.classNames(),
                    losses.temperatures(),
                    settings.thorough);
            teacherCheck = found;
            settings.log.accept(found.summary());
            found.warnings().forEach(line -> settings.log.accept("warning: " + line));
        }
    }

    /** Refuse rows that do not fit the teacher's task, its classes or the losses, as each fit does: for long work before the first. */
    public void requireFitting(Data data) {
        checked(data);
    }

    private DistillationChecks checked(Data data) {
        Task task = data.task();
        boolean matches = settings.matchesClasses || !settings.classes.isEmpty();
        Teacher matched = task.kind() == Task.Kind.EMBEDDING
                ? DistillationChecks.embedding(settings.teacher, matches, !settings.also.isEmpty())
                : MappedTeacher.matching(settings.teacher, settings.matchesClasses, settings.classes, task);
        DistillationChecks checks = new DistillationChecks(
                matched, LogitTerms.of(settings, task.kind()).losses());
        checks.rows(data, settings.selection);
        return checks;
    }

    private void checkAdapters(TrainingContext fit) {
        if (settings.adapterEpochs == 0) return;
        if (!pairs.learns()) {
            throw new LimbeckException("there are no adapters to train first; leave adapter_epochs out");
        }
        if (!fit.isDryRun() && adapterEpochs(fit) >= fit.epochs()) {
            throw new LimbeckException("adapter_epochs must be below the epochs of each fit, found "
                    + settings.adapterEpochs + " of " + fit.epochs()
                    + ", in which only adapters would be trained; lower "
                    + "it, or leave it out");
        }
        long heldSteps = (long) settings.adapterEpochs * fit.plannedOptimizerSteps() / fit.epochs();
        if (settings.lastStep <= heldSteps) {
            throw new LimbeckException(
                    "distillation ends after " + settings.lastStep + " steps, but adapters are trained for " + heldSteps
                            + " first; raise max_steps above that, or leave one of them out");
        }
    }

    /** Run the teacher as in a training step, and discard the output. */
    void warmUp(Batch batch) {
        warmed().compute(batch, pairs.layers());
    }

    /** End the warm-up: other processes find what this one has computed. */
    void warmedUp() {
        warmed().flush();
    }

    private TeacherSession warmed() {
        TeacherSession current = session;
        if (current == null)
            throw new IllegalStateException("the cache warm-up must come after its distillation in the same fit");
        return current;
    }

    /** Return the teacher's layers whose features losses use; known during and after a fit. */
    public Set<String> teacherLayers() {
        return Set.copyOf(pairs.layers());
    }

    /** Return the result of the check before the last fit; null without a validation split. */
    public @Nullable TeacherCheck teacherCheck() {
        return teacherCheck;
    }

    @Override
    public void beforeTrain(TrainingContext fit) {
        // Adapters are trained on the student's features in evaluation mode, and its statistics stay.
        if (adaptersOnly(fit)) fit.model().eval();
        also.train();
    }

    private boolean adaptersOnly(TrainingContext fit) {
        return fit.epoch() < adapterEpochs(fit);
    }

    /** Return the first epochs that train only adapters. A fit that goes on with the same network has trained ones. */
    private int adapterEpochs(TrainingContext fit) {
        return fit.goesOn() ? 0 : settings.adapterEpochs;
    }

    /** {@inheritDoc} The student's batch is computed first, its features captured, then compared with the teacher's outputs. */
    @Override
    public TrainingTask decorate(TrainingTask task) {
        return step -> {
            TrainingContext fit = step.fit();
            progress = fit.progress(step);
            boolean teaches = teaches(step);
            if (teaches) pairs.start();
            task.forward(step);
            if (fit.trainingSteps() < settings.lastStep) step.setWeight(TrainStep.TASK, taskWeight());
            List<Tensor> others = also.forward(step);
            also.addTasks(step, others, step.weight(TrainStep.TASK));
            if (teaches) teach(step, others);
        };
    }

    /** A step with distillation weight 0 needs no teacher outputs. */
    private boolean teaches(TrainStep step) {
        if (step.fit().trainingSteps() >= settings.lastStep) return false;
        return adaptersOnly(step.fit()) || settings.weight.isConstant() || settings.weight.at(progress) > 0;
    }

    private void teach(TrainStep step, List<Tensor> others) {
        TeacherSession current = session;
        if (current == null) throw new IllegalStateException("distillation takes part in a fit only");
        TeacherResult result = current.compute(step.batch(), pairs.layers());
        Tensor outputs = result.logits();
        if (!embeds) LogitLoss.checkShapes(step.prediction(), outputs);
        boolean held = adaptersOnly(step.fit());
        if (held) step.setWeight(TrainStep.TASK, 0);
        SampleSelection choice =
                held ? new SampleSelection(null, outputs, null) : SampleSelection.of(settings.selection, step, outputs);
        double weight = held ? 0 : settings.weight.at(progress);
        Tensor nothing = losses.add(step, choice, step.prediction(), weight, progress, name -> name);
        pairs.compare(
                step,
                result,
                choice.rows(),
                held,
                nothing,
                (name, values) -> step.addTerm(
                        name,
                        RowMean.of(values, pairs.relational(name) ? null : choice.weightsOf(step)),
                        (held ? 1 : weight) * pairs.scale(name).at(progress)));
        for (int i = 0; i < others.size(); i++) {
            int peer = i;
            losses.add(step, choice, others.get(i), weight, progress, name -> Peers.named(name, peer));
        }
        pairs.stop();
    }

    /** {@inheritDoc} Gradients are measured when the terms of all callbacks are there. */
    @Override
    public void afterLoss(TrainStep step) {
        diagnosis.measure(step);
    }

    private double taskWeight() {
        Schedule own = settings.taskWeight;
        return own == null ? 1 - settings.weight.at(progress) : own.at(progress);
    }

    @Override
    public void afterValidate(TrainingContext fit) {
        also.validate(fit);
        EvaluationResult validation = fit.validation();
        Predictions outputs = teacherOnValidation;
        if (validation == null || outputs == null) return;
        Predictions student = validation.predictions();
        if (student.task().kind() == Task.Kind.SINGLE_LABEL) fit.log(AGREEMENT, student.agreement(outputs));
        if (embeds) fit.log(COSINE, pairs.cosine(student, outputs, fit.device()));
        if (embeds) return;
        try (Scope scope = Scope.open()) {
            Tensor ours = Tensors.of(student.outputs(), student.size(), student.width());
            Tensor theirs = Tensors.of(outputs.outputs(), outputs.size(), outputs.width());
            Tensor labeled = new Batch(Inputs.of(ours), student.targets().tensor(), new int[student.size()]).labels();
            losses.values(ours, theirs, labeled, progress).forEach((name, value) -> fit.log("valid_" + name, value));
        }
    }

    @Override
    public void afterFit(TrainingContext fit) {
        TeacherSession current = session;
        session = null;
        teacherOnValidation = null;
        pairs.end();
        also.end();
        if (current == null) return;
        try (current) {
            if (!current.facts().identity().equals(before)) {
                throw new IllegalStateException("the teacher's weights or statistics changed during distillation");
            }
        }
    }

    @Override
    public Map<String, Tensor> parameters() {
        // Features are of one student, so at most one of them has parameters.
        return also.isEmpty() ? pairs.parameters() : also.parameters("also");
    }

    @Override
    public String stateName() {
        return "KnowledgeDistillation";
    }

    /** Free adapters and what losses learned. Without such losses, there is nothing to free. */
    @Override
    public void close() {
        pairs.close();
    }

    @Override
    public StateDict state() {
        StateDict state = pairs.state();
        also.addTo(state);
        diagnosis.addTo(state);
        return state;
    }

    @Override
    public void restore(StateDict state) {
        diagnosis.restore(state);
        if (also.isEmpty()) pairs.restore(state);
        else also.restore(state);
    }

    /** Return a description of each feature pair; empty before the first fit. */
    public List<String> plan() {
        return pairs.plan();
    }

    /** Return the settings for a run record, and the measurements of {@link DistillationBuilder#gradientStatsEvery}. */
    public Map<String, Object> describe() {
        Map<String, Object> described = new LinkedHashMap<>();
        described.put("teacher", teacher.name());
        described.put("kd_weight", settings.weight.value());
        Schedule task = settings.taskWeight;
        boolean follows = task == null && !settings.weight.isConstant();
        described.put(
                "task_weight", follows ? "1 - weight" : task == null ? 1 - settings.weight.first() : task.value());
        if (settings.selection.confidenceThreshold() > 0)
            described.put("confidence_threshold", settings.selection.confidenceThreshold());
        if (settings.selection.teacherErrors() != TeacherErrorPolicy.KEEP) {
            described.put(
                    "teacher_errors", settings.selection.teacherErrors().name().toLowerCase(Locale.ROOT));
        }
        if (settings.adapterEpochs > 0) described.put("adapter_epochs", settings.adapterEpochs);
        if (settings.lastStep < Integer.MAX_VALUE) described.put("max_steps", settings.lastStep);
        Map<String, Object> terms = losses.describe();
        for (FeaturePair pair : pairs.pairs()) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("loss", pair.loss().toString());
            one.put("layers", pair.layers());
            one.put("scale", pair.scale().value());
            terms.put(pair.name(), one);
        }
        described.put("losses", terms);
        if (!pairs.isEmpty()) described.put("pairs", pairs.plan());
        List<Map<String, Object>> diagnoses = diagnosis.describe();
        if (!diagnoses.isEmpty()) described.put("gradient_stats", diagnoses);
        return described;
    }
}
