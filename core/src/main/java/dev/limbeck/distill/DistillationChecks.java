package dev.limbeck.distill;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import dev.limbeck.data.Targets;
import dev.limbeck.distill.loss.LogitLoss;
import dev.limbeck.distill.loss.LossType;
import dev.limbeck.distill.loss.Losses;
import dev.limbeck.distill.loss.OutputKind;
import dev.limbeck.distill.teacher.Teacher;
import java.util.List;
import java.util.Map;

/** Refuse, before the first step, a teacher, losses and data that do not fit each other. */
record DistillationChecks(Teacher teacher, List<LogitLoss> losses) {
    /**
     * Return a teacher of embeddings, without labels.
     *
     * @param matches whether settings match classes
     * @param several whether several students learn
     * @throws LimbeckException if there is none, or if a setting needs classes
     */
    static Teacher embedding(Teacher teacher, boolean matches, boolean several) {
        if (several) {
            throw new LimbeckException(
                    "several students learn outputs for labels, found the task embedding; train one at a "
                            + "time (also)");
        }
        if (matches) {
            throw new LimbeckException("an embedding has no classes to match; leave them out (matchClasses, classes, "
                    + "--match-classes)");
        }
        return teacher.embedding(null);
    }

    /** Check what rows show: their task, classes and labels. */
    void rows(Data data, SelectionRule selection) {
        Task.Kind task = data.task().kind();
        task(task, selection);
        if (task != Task.Kind.EMBEDDING) classes(data.classNames());
        losses.forEach(loss -> labels(loss, data));
        losses.forEach(loss -> count(loss, data));
    }

    /** Check that the teacher gives what the losses need. */
    void kind(OutputKind given, Task.Kind task) {
        if (task == Task.Kind.EMBEDDING && given != OutputKind.LOGITS) {
            throw new LimbeckException("an embedding needs all of the teacher's numbers, and " + teacher.name()
                    + " returns " + words(given) + " only; cache its outputs as float32 or float16");
        }
        for (LogitLoss loss : losses) {
            OutputKind needed = loss.needs();
            if (given.suffices(needed)) continue;
            throw new LimbeckException(loss.name() + " needs a teacher's " + words(needed) + ", and "
                    + teacher.name() + " returns " + words(given) + " only; "
                    + (task != Task.Kind.SINGLE_LABEL
                            ? "cache all of its outputs, as float32 or float16"
                            : "use a loss such as "
                                    + (given == OutputKind.TOP_CLASSES
                                            ? "SoftTarget or HardLabel"
                                            : "SoftTarget or DecoupledKD")));
        }
    }

    /** Check that the losses and further settings make sense for the task. */
    private void task(Task.Kind task, SelectionRule selection) {
        for (LogitLoss loss : losses) fits(loss, task);
        if (task == Task.Kind.SINGLE_LABEL) return;
        String needless = selection.confidenceThreshold() > 0
                ? "a confidence threshold needs"
                : selection.teacherErrors() != TeacherErrorPolicy.KEEP ? "a policy for teacher errors needs" : null;
        if (needless != null) {
            throw new LimbeckException(needless + " one class per row, found " + task.words() + "; leave it out");
        }
    }

    /** Check that a loss makes sense for a task. */
    static void fits(LogitLoss loss, Task.Kind task) {
        if (loss.fits(task)) return;
        List<String> fitting = Losses.types().stream()
                .filter(type ->
                        !type.comparesFeatures() && type.logits(Map.of()).fits(task))
                .map(LossType::name)
                .toList();
        throw new LimbeckException("the loss " + loss.name() + " does not fit " + task.words() + "; use "
                + (fitting.isEmpty()
                        ? "a loss on features, such as cosine:embedding"
                        : String.join(" or ", fitting) + ", or a loss on features"));
    }

    private static String words(OutputKind knowledge) {
        return switch (knowledge) {
            case LOGITS -> "logits";
            case PROBABILITIES -> "probabilities";
            case TOP_CLASSES -> "top classes";
        };
    }

    /** Check that a loss without a teacher makes sense for the task, and that the training rows are what it needs. */
    static void fits(LogitLoss loss, Data data) {
        fits(loss, data.task().kind());
        labels(loss, data);
        count(loss, data);
    }

    private static void labels(LogitLoss loss, Data data) {
        if (!loss.needsLabels()) return;
        Targets targets = data.targets(Split.TRAIN);
        int without = targets.size() - targets.known();
        if (without > 0) {
            throw new LimbeckException(loss.name() + " needs a label for every row, but " + without
                    + " have none; use a loss such as SoftTarget, or leave these rows out");
        }
    }

    private static void count(LogitLoss loss, Data data) {
        int rows = Math.min(data.batchSize(), data.size(Split.TRAIN));
        if (SelectedSamples.tooFew(rows, loss.relational())) throw SelectedSamples.needsTwo(loss.name());
    }

    /** Check that teacher and data have the same classes in the same order. */
    private void classes(List<String> student) {
        List<String> names = teacher.classNames();
        if (teacher.classes() != 0) count(teacher.classes(), student);
        if (!names.isEmpty()) count(names.size(), student);
        for (int i = 0; i < names.size(); i++) {
            if (!names.get(i).equals(student.get(i))) {
                throw new LimbeckException(
                        "teacher " + teacher.name() + " names class " + i + " '" + names.get(i) + "', the data '"
                                + student.get(i)
                                + "'; use a teacher of the same classes in the same order, or match them by name (matchClasses, --match-classes)");
            }
        }
    }

    /** Check that a teacher has as many classes as the data. */
    void count(long known, List<String> student) {
        if (known != student.size()) {
            throw new LimbeckException("teacher " + teacher.name() + " has " + known + " classes, the data has "
                    + student.size()
                    + "; use a teacher of the same classes, or match them by name (matchClasses, --match-classes)");
        }
    }
}
