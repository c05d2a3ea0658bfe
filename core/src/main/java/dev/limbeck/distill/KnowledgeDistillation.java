package dev.limbeck.distill;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Split;
import dev.limbeck.distill.DistillationBuilder.LogitTerm;
import dev.limbeck.distill.loss.Knowledge;
import dev.limbeck.distill.loss.LogitLoss;
import dev.limbeck.distill.loss.RowMean;
import dev.limbeck.distill.teacher.MappedTeacher;
import dev.limbeck.distill.teacher.ModuleTeacher;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Callback;
import dev.limbeck.train.Fit;
import dev.limbeck.train.Learner;
import dev.limbeck.train.Predictions;
import dev.limbeck.train.SavedModel;
import dev.limbeck.train.Step;
import dev.limbeck.train.Validation;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Let the student learn from a teacher as well as from the labels:
 *
 * <p>total = (1 − w)·task + w·Σᵢ sᵢ·KDᵢ
 *
 * <p>with w the {@link DistillationBuilder#weight} (the tutorial's α) and sᵢ the scale of each loss, 1 unless set. It is one
 * callback more in a call of fit:
 *
 * <pre>{@code
 * student.fitOneCycle(10, 1e-3, KnowledgeDistillation.from(teacher).weight(0.5).build());
 * }</pre>
 *
 * <p>The teacher computes in evaluation mode, outside the graph, frozen, on the very inputs of the student. It is
 * proven unchanged after each fit, and is put back as it was whatever happens. Beside the task's metrics, which stay
 * free of it, each epoch notes {@code teacher_agreement} and the value of each loss on the validation split.
 */
public final class KnowledgeDistillation implements Callback {
    /** The name under which the agreement with the teacher's top class is noted. */
    public static final String AGREEMENT = "teacher_agreement";

    private Teacher teacher;
    private final DistillationBuilder settings;
    private final Map<String, LogitTerm> losses = new LinkedHashMap<>();
    private final BoundPairs pairs;
    private final Diagnosis diagnosis;
    private Teacher.@Nullable Lesson lesson;
    private String before = "";
    private @Nullable Predictions teacherOnValidation;
    private @Nullable Preflight preflight;
    private double progress;

    KnowledgeDistillation(DistillationBuilder settings) {
        this.settings = settings;
        teacher = settings.teacher;
        for (LogitTerm term : settings.losses) {
            String name = term.loss().name();
            for (int i = 2; losses.containsKey(name); i++) name = term.loss().name() + i;
            losses.put(name, term);
        }
        pairs = new BoundPairs(settings.pairs);
        diagnosis = new Diagnosis(settings.diagnosisInterval);
    }

    /** Distil from the model of a learner. */
    public static DistillationBuilder from(Learner teacher) {
        return from(ModuleTeacher.of(teacher));
    }

    /** Distil from a model that was read from a file. */
    public static DistillationBuilder from(SavedModel teacher) {
        return from(ModuleTeacher.of(teacher));
    }

    /** Distil from a module whose logits are in the order of the data's classes. */
    public static DistillationBuilder from(Module teacher) {
        return from(ModuleTeacher.of(teacher, List.of()));
    }

    /** Distil from any teacher. */
    public static DistillationBuilder from(Teacher teacher) {
        return new DistillationBuilder(teacher);
    }

    @Override
    public void beforeFit(Fit fit) {
        if (settings.teacher instanceof ModuleTeacher own && own.teachesWith(fit.model())) {
            throw new LimbeckException("teacher and student are the same module; distil into a fresh student");
        }
        teacher = MappedTeacher.matching(
                settings.teacher.in(fit.learner().precision()),
                settings.matchesClasses,
                settings.classes,
                fit.data().classNames());
        checkClasses(fit.data().classNames());
        checkLabels(fit);
        checkRows(fit);
        Teacher.Lesson begun = teacher.begin(fit.data(), fit.learner().device());
        lesson = begun;
        before = begun.fingerprint();
        checkKnowledge(begun.knowledge());
        pairs.begin(fit, begun);
        pairs.plan().forEach(settings.told);
        if (settings.adapterEpochs > 0 && !pairs.learns()) {
            throw new LimbeckException("there are no adapters to train first; leave adaptersFirst out");
        }
        // Once: it does not change from epoch to epoch.
        if (fit.data().has(Split.VALID)) {
            teacherOnValidation = begun.predict(fit.data(), Split.VALID);
            // The teacher may not have known how many classes it has.
            checkCount(teacherOnValidation.classes(), fit.data().classNames());
            Preflight found = Preflight.of(
                    teacher,
                    begun,
                    teacherOnValidation,
                    fit.data(),
                    settings.teacher.classNames(),
                    temperatures(),
                    settings.thorough);
            preflight = found;
            settings.told.accept(found.summary());
            found.warnings().forEach(line -> settings.told.accept("warning: " + line));
        }
    }

    private double[] temperatures() {
        return losses.values().stream()
                .mapToDouble(term -> term.at(0).temperature())
                .filter(temperature -> !Double.isNaN(temperature))
                .distinct()
                .toArray();
    }

    private void checkKnowledge(Knowledge told) {
        for (LogitTerm term : losses.values()) {
            Knowledge needed = term.loss().needs();
            if (told.suffices(needed)) continue;
            throw new LimbeckException(term.loss().name() + " needs a teacher's " + words(needed) + ", and "
                    + teacher.name() + " tells " + words(told) + " only; use a loss such as "
                    + (told == Knowledge.TOP_CLASSES ? "SoftTarget or HardLabel" : "SoftTarget or DecoupledKD"));
        }
    }

    private static String words(Knowledge knowledge) {
        return switch (knowledge) {
            case LOGITS -> "logits";
            case PROBABILITIES -> "probabilities";
            case TOP_CLASSES -> "likeliest classes";
        };
    }

    /** Ask the teacher as a step would, and leave the answer. */
    void rehearse(Batch batch) {
        Teacher.Lesson current = lesson;
        if (current == null)
            throw new IllegalStateException("a rehearsal goes behind its distillation in the same fit");
        pairs.start();
        current.logits(batch);
        pairs.stop();
    }

    /** Return what was found out about the teacher before the last fit; null without a validation split. */
    public @Nullable Preflight preflight() {
        return preflight;
    }

    private void checkLabels(Fit fit) {
        for (LogitTerm term : losses.values()) {
            if (!term.loss().needsLabels()) continue;
            long without = IntStream.of(fit.data().labels(Split.TRAIN))
                    .filter(label -> label < 0)
                    .count();
            if (without > 0) {
                throw new LimbeckException(term.loss().name() + " needs a label for every row, found " + without
                        + " without; use a loss such as SoftTarget, or leave these rows out");
            }
        }
    }

    private void checkRows(Fit fit) {
        int rows = Math.min(fit.data().batchSize(), fit.data().size(Split.TRAIN));
        for (LogitTerm term : losses.values()) {
            LogitLoss loss = term.loss();
            if (Rows.tooFew(rows, loss.relational())) throw Rows.needsTwo(loss.name());
        }
    }

    private void checkClasses(List<String> student) {
        List<String> names = teacher.classNames();
        if (teacher.classes() != 0) checkCount(teacher.classes(), student);
        if (!names.isEmpty()) checkCount(names.size(), student);
        for (int i = 0; i < names.size(); i++) {
            if (!names.get(i).equals(student.get(i))) {
                throw new LimbeckException(
                        "teacher " + teacher.name() + " calls class " + i + " '" + names.get(i) + "', the data '"
                                + student.get(i)
                                + "'; use a teacher of the same classes in the same order, or match them by name (matchClasses, --match-classes)");
            }
        }
    }

    private void checkCount(long known, List<String> student) {
        if (known != student.size()) {
            throw new LimbeckException("teacher " + teacher.name() + " knows " + known + " classes, the data has "
                    + student.size()
                    + "; use a teacher of the same classes, or match them by name (matchClasses, --match-classes)");
        }
    }

    @Override
    public void beforeTrain(Fit fit) {
        // Adapters are to meet the student as it is, its statistics too.
        if (adaptersOnly(fit)) fit.model().eval();
    }

    private boolean adaptersOnly(Fit fit) {
        return fit.epoch() < settings.adapterEpochs;
    }

    @Override
    public void beforeBatch(Step step) {
        Fit fit = step.fit();
        int last = fit.epochs() * fit.batchesPerEpoch() - 1;
        progress = last == 0 ? 1 : Math.min(1, step.index() / (double) last);
        if (teaches(step)) pairs.start();
    }

    /** A weight that has come to 0 for good, or for now, needs no answers. */
    private boolean teaches(Step step) {
        if (step.index() >= settings.lastStep) return false;
        return adaptersOnly(step.fit()) || settings.weight.isConstant() || settings.weight.at(progress) > 0;
    }

    @Override
    public void afterLoss(Step step) {
        Teacher.Lesson current = lesson;
        if (current == null) throw new IllegalStateException("distillation takes part in a fit only");
        if (step.index() < settings.lastStep) step.setWeight(Step.TASK, taskWeight());
        if (!teaches(step)) return;
        Tensor answers = current.logits(step.batch());
        LogitLoss.checkShapes(step.prediction(), answers);
        boolean held = adaptersOnly(step.fit());
        if (held) step.setWeight(Step.TASK, 0);
        RowChoice choice = held ? new RowChoice(null, answers, null) : RowChoice.of(settings, step, answers);
        addTerms(step, choice, held);
        pairs.stop();
        diagnosis.measure(step);
    }

    private double taskWeight() {
        Schedule own = settings.taskWeight;
        return own == null ? 1 - settings.weight.at(progress) : own.at(progress);
    }

    private void addTerms(Step step, RowChoice choice, boolean held) {
        double weight = settings.weight.at(progress);
        Rows rows = choice.rows();
        int count = rows == null ? step.batch().size() : rows.count();
        Tensor weights = count == 0 ? null : choice.weights();
        Tensor student = choice.of(step.prediction());
        Tensor answers = choice.of(choice.answers());
        Tensor labels = choice.of(step.batch().labels());
        // Where too few rows were chosen, a loss has nothing to say.
        Tensor nothing = Ops.mul(step.prediction().sum(), 0).abs();
        losses.forEach((name, term) -> step.addTerm(
                name,
                Rows.tooFew(count, term.loss().relational())
                        ? nothing
                        : term.at(progress).of(student, answers, labels, weights),
                held ? 0 : weight * term.scale().at(progress)));
        pairs.compare(
                step,
                rows,
                held,
                nothing,
                (name, values) -> step.addTerm(
                        name,
                        RowMean.of(values, pairs.relational(name) ? null : weights),
                        (held ? 1 : weight) * pairs.scale(name).at(progress)));
    }

    @Override
    public void afterValidate(Fit fit) {
        Validation validation = fit.validation();
        Predictions answers = teacherOnValidation;
        if (validation == null || answers == null) return;
        Predictions student = validation.predictions();
        int agree = 0;
        for (int row = 0; row < student.size(); row++) {
            if (student.top(row) == answers.top(row)) agree++;
        }
        fit.note(AGREEMENT, (double) agree / student.size());
        try (Scope scope = Scope.open()) {
            long[] shape = {student.size(), student.classes()};
            Tensor ours = Tensors.of(student.logits(), shape);
            Tensor theirs = Tensors.of(answers.logits(), answers.size(), answers.classes());
            long[] labels = new long[student.size()];
            for (int row = 0; row < labels.length; row++) labels[row] = student.labels()[row];
            Tensor labelled = Tensors.of(labels, labels.length);
            losses.forEach((name, term) -> {
                if (Rows.tooFew(student.size(), term.loss().relational())) return;
                fit.note(
                        "valid_" + name,
                        term.at(progress).of(ours, theirs, labelled).item_double());
            });
        }
    }

    @Override
    public void afterFit(Fit fit) {
        Teacher.Lesson current = lesson;
        lesson = null;
        teacherOnValidation = null;
        pairs.end();
        if (current == null) return;
        try (current) {
            if (!current.fingerprint().equals(before)) {
                throw new IllegalStateException("the teacher's weights or statistics changed during distillation");
            }
        }
    }

    @Override
    public Map<String, Tensor> parameters() {
        return pairs.parameters();
    }

    @Override
    public String stateName() {
        return "KnowledgeDistillation";
    }

    @Override
    public StateDict state() {
        return pairs.state();
    }

    @Override
    public void restore(StateDict state) {
        pairs.restore(state);
    }

    /** Return how the features of each pair are joined, line by line; known once a fit has begun. */
    public List<String> plan() {
        return pairs.plan();
    }

    /** Return the settings that a run record shows, and what {@link DistillationBuilder#diagnoseEvery} measured. */
    public Map<String, Object> describe() {
        Map<String, Object> described = new LinkedHashMap<>();
        described.put("teacher", teacher.name());
        described.put("weight", settings.weight.value());
        Schedule task = settings.taskWeight;
        boolean follows = task == null && !settings.weight.isConstant();
        described.put(
                "task_weight", follows ? "1 - weight" : task == null ? 1 - settings.weight.first() : task.value());
        if (settings.leastConfidence > 0) described.put("least_confidence", settings.leastConfidence);
        if (settings.wrongAnswers != WrongAnswers.KEEP) {
            described.put("wrong_answers", settings.wrongAnswers.name().toLowerCase(Locale.ROOT));
        }
        if (settings.adapterEpochs > 0) described.put("adapter_epochs", settings.adapterEpochs);
        Map<String, Object> terms = new LinkedHashMap<>();
        losses.forEach((name, term) -> {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("loss", term.loss().toString());
            if (term.temperature() != null)
                one.put("temperature", term.temperature().value());
            one.put("scale", term.scale().value());
            terms.put(name, one);
        });
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
        if (!diagnoses.isEmpty()) described.put("diagnoses", diagnoses);
        return described;
    }
}
