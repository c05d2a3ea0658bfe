package dev.limbeck.distill;

import dev.limbeck.LimbeckException;
import dev.limbeck.Settings;
import dev.limbeck.data.Split;
import dev.limbeck.distill.loss.LogitLoss;
import dev.limbeck.distill.loss.SoftTarget;
import dev.limbeck.distill.teacher.ModuleTeacher;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.nn.Module;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Let the student learn from a teacher as well as from the labels:
 *
 * <p>total = (1 − w)·task + w·Σᵢ sᵢ·KDᵢ
 *
 * <p>with w the {@link Builder#weight} (the tutorial's α) and sᵢ the scale of each loss, 1 unless set. It is one
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

    private record Scaled(LogitLoss loss, double scale) {}

    private final Teacher teacher;
    private final double weight;
    private final double taskWeight;
    private final double leastConfidence;
    private final Map<String, Scaled> losses;
    private Teacher.@Nullable Lesson lesson;
    private String before = "";
    private @Nullable Predictions teacherOnValidation;

    private KnowledgeDistillation(Builder settings) {
        teacher = settings.teacher;
        weight = settings.weight;
        taskWeight = Double.isNaN(settings.taskWeight) ? 1 - weight : settings.taskWeight;
        leastConfidence = settings.leastConfidence;
        losses = new LinkedHashMap<>();
        List<Scaled> chosen = settings.losses.isEmpty() ? List.of(new Scaled(new SoftTarget(), 1)) : settings.losses;
        for (Scaled scaled : chosen) {
            String name = scaled.loss.name();
            for (int i = 2; losses.containsKey(name); i++) name = scaled.loss.name() + i;
            losses.put(name, scaled);
        }
    }

    /** Distil from the model of a learner. */
    public static Builder from(Learner teacher) {
        return from(ModuleTeacher.of(teacher));
    }

    /** Distil from a model that was read from a file. */
    public static Builder from(SavedModel teacher) {
        return from(ModuleTeacher.of(teacher));
    }

    /** Distil from a module whose logits are in the order of the data's classes. */
    public static Builder from(Module teacher) {
        return from(ModuleTeacher.of(teacher, List.of()));
    }

    /** Distil from any teacher. */
    public static Builder from(Teacher teacher) {
        return new Builder(teacher);
    }

    /** Choose the weight and the losses; the defaults are the tutorial's: weight 0.5, {@link SoftTarget} at T = 3. */
    public static final class Builder {
        private final Teacher teacher;
        private final List<Scaled> losses = new ArrayList<>();
        private double weight = 0.5;
        private double taskWeight = Double.NaN;
        private double leastConfidence;

        private Builder(Teacher teacher) {
            this.teacher = teacher;
        }

        /** Set the share w of the teacher in [0, 1]; the labels get the rest. */
        public Builder weight(double weight) {
            this.weight = Settings.inUnit("weight", weight);
            return this;
        }

        /** Set the weight of the task's loss apart from 1 − w, at least 0. */
        public Builder taskWeight(double taskWeight) {
            this.taskWeight = Settings.notNegative("task weight", taskWeight);
            return this;
        }

        /**
         * Leave out rows without a label of which the teacher is not sure enough; labelled rows always count.
         *
         * @param probability least probability of the teacher's first choice, in [0, 1]; 0 unless set
         */
        public Builder leastConfidence(double probability) {
            leastConfidence = Settings.inUnit("least confidence", probability);
            return this;
        }

        /** Use a loss in place of the default; several calls add up. */
        public Builder loss(LogitLoss loss) {
            return loss(loss, 1);
        }

        /** Use a loss with a scale of its own. */
        public Builder loss(LogitLoss loss, double scale) {
            losses.add(new Scaled(loss, Settings.notNegative("scale", scale)));
            return this;
        }

        public KnowledgeDistillation build() {
            if (weight == 0 && taskWeight == 0) {
                throw new LimbeckException("weight and task weight are both 0; nothing would be learned");
            }
            return new KnowledgeDistillation(this);
        }
    }

    @Override
    public void beforeFit(Fit fit) {
        if (teacher instanceof ModuleTeacher own && own.teachesWith(fit.model())) {
            throw new LimbeckException("teacher and student are the same module; distil into a fresh student");
        }
        checkClasses(fit.data().classNames());
        Teacher.Lesson begun = teacher.begin(fit.data(), fit.learner().device());
        lesson = begun;
        before = begun.fingerprint();
        // Once: it does not change from epoch to epoch.
        if (fit.data().has(Split.VALID)) {
            teacherOnValidation = begun.predict(fit.data(), Split.VALID);
            // The teacher may not have known how many classes it has.
            checkCount(teacherOnValidation.classes(), fit.data().classNames());
        }
    }

    private void checkClasses(List<String> student) {
        List<String> names = teacher.classNames();
        if (teacher.classes() != 0) checkCount(teacher.classes(), student);
        if (!names.isEmpty()) checkCount(names.size(), student);
        for (int i = 0; i < names.size(); i++) {
            if (!names.get(i).equals(student.get(i))) {
                throw new LimbeckException("teacher " + teacher.name() + " calls class " + i + " '" + names.get(i)
                        + "', the data '" + student.get(i) + "'; use a teacher of the same classes in the same order");
            }
        }
    }

    private void checkCount(long known, List<String> student) {
        if (known != student.size()) {
            throw new LimbeckException("teacher " + teacher.name() + " knows " + known + " classes, the data has "
                    + student.size() + "; use a teacher of the same classes");
        }
    }

    @Override
    public void afterLoss(Step step) {
        Teacher.Lesson current = lesson;
        if (current == null) throw new IllegalStateException("distillation takes part in a fit only");
        Tensor logits = current.logits(step.batch().input());
        LogitLoss.checkShapes(step.prediction(), logits);
        step.setWeight(Step.TASK, taskWeight);
        Tensor labels = step.batch().labels();
        int[] sure = leastConfidence == 0 ? null : sureRows(logits, labels);
        if (sure == null || sure.length == labels.size(0)) {
            addTerms(step, step.prediction(), logits, labels);
        } else if (sure.length == 0) {
            Tensor nothing = Ops.mul(step.prediction().sum(), 0);
            losses.forEach((name, scaled) -> step.addTerm(name, nothing, weight * scaled.scale));
        } else {
            Tensor rows =
                    Tensors.to(Tensors.of(Arrays.stream(sure).asLongStream().toArray(), sure.length), labels.device());
            addTerms(
                    step,
                    Ops.indexSelect(step.prediction(), 0, rows),
                    Ops.indexSelect(logits, 0, rows),
                    Ops.indexSelect(labels, 0, rows));
        }
    }

    private void addTerms(Step step, Tensor student, Tensor teacher, Tensor labels) {
        losses.forEach(
                (name, scaled) -> step.addTerm(name, scaled.loss.of(student, teacher, labels), weight * scaled.scale));
    }

    /** Return the rows that have a label, or of which the teacher is sure. */
    private int[] sureRows(Tensor logits, Tensor labels) {
        float[] confidence = Tensors.toFloats(Ops.amax(Ops.softmax(logits, 1), 1));
        long[] known = Tensors.toLongs(labels);
        return IntStream.range(0, known.length)
                .filter(row -> known[row] >= 0 || confidence[row] >= leastConfidence)
                .toArray();
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
            losses.forEach((name, scaled) -> fit.note(
                    "valid_" + name, scaled.loss.of(ours, theirs, labelled).item_double()));
        }
    }

    @Override
    public void afterFit(Fit fit) {
        Teacher.Lesson current = lesson;
        lesson = null;
        teacherOnValidation = null;
        if (current == null) return;
        try (current) {
            if (!current.fingerprint().equals(before)) {
                throw new IllegalStateException("the teacher's weights or statistics changed during distillation");
            }
        }
    }

    /** Return the settings that a run record shows. */
    public Map<String, Object> describe() {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("teacher", teacher.name());
        settings.put("weight", weight);
        settings.put("task_weight", taskWeight);
        if (leastConfidence > 0) settings.put("least_confidence", leastConfidence);
        Map<String, Object> described = new LinkedHashMap<>();
        losses.forEach((name, scaled) -> {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("loss", scaled.loss.toString());
            one.put("scale", scaled.scale);
            described.put(name, one);
        });
        settings.put("losses", described);
        return settings;
    }
}
