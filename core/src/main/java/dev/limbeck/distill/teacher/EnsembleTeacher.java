package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.Settings;
import dev.limbeck.Task;
import dev.limbeck.data.Batch;
import dev.limbeck.distill.loss.OutputKind;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.Summary;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Precision;
import dev.limbeck.tensor.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;

/**
 * Combine several teachers. Each keeps its own image size and normalization.
 *
 * <p>Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", 2015, distill from ensembles.
 */
public final class EnsembleTeacher implements Teacher {
    /** Formula that combines the outputs; w are the teachers' weights, p their probabilities at T = 1. */
    public enum Combination {
        /** Σ w·logits / Σ w. */
        LOGITS,
        /** log(Σ w·p / Σ w). A single teacher with large logits has less influence. */
        PROBABILITIES,
        /**
         * log(Σ w·c·p / Σ w·c) with c the largest probability of each teacher. Confident teachers count more in each
         * row.
         */
        CONFIDENCE
    }

    private static final double LEAST = 1e-12;

    private final List<Teacher> teachers;
    private final double[] shares;
    private final Combination join;

    private EnsembleTeacher(List<Teacher> teachers, double[] weights, Combination join) {
        this.teachers = List.copyOf(teachers);
        this.join = join;
        if (teachers.isEmpty()) throw new LimbeckException("an ensemble needs at least one teacher");
        if (weights.length != teachers.size()) {
            throw new LimbeckException(
                    "set one weight for each of " + teachers.size() + " teachers, found " + weights.length);
        }
        for (double weight : weights) Settings.positive("weight", weight);
        double sum = Arrays.stream(weights).sum();
        shares = Arrays.stream(weights).map(weight -> weight / sum).toArray();
        for (Teacher teacher : teachers) {
            boolean names = !teacher.classNames().isEmpty() && !classNames().isEmpty();
            if (names && !teacher.classNames().equals(classNames())) {
                throw new LimbeckException(
                        "the teachers of an ensemble must have the same classes in the same order, found "
                                + classNames() + " and " + teacher.classNames());
            }
        }
    }

    /** Create an ensemble that averages logits with equal weights. */
    public static EnsembleTeacher of(Teacher... teachers) {
        double[] weights = new double[teachers.length];
        Arrays.fill(weights, 1);
        return new EnsembleTeacher(List.of(teachers), weights, Combination.LOGITS);
    }

    /** Return a copy with a positive weight per teacher. */
    public EnsembleTeacher withWeights(double... weights) {
        return new EnsembleTeacher(teachers, weights, join);
    }

    /** Return a copy with another combination formula. */
    public EnsembleTeacher withCombination(Combination other) {
        return new EnsembleTeacher(teachers, shares, other);
    }

    @Override
    public String name() {
        return teachers.stream().map(Teacher::name).collect(Collectors.joining("+"));
    }

    @Override
    public List<String> classNames() {
        return teachers.stream()
                .map(Teacher::classNames)
                .filter(names -> !names.isEmpty())
                .findFirst()
                .orElse(List.of());
    }

    @Override
    public int classes() {
        return teachers.stream().mapToInt(Teacher::classes).max().orElse(0);
    }

    /** {@inheritDoc} Teachers of one ensemble have the same task and scale. */
    @Override
    public Task task(Task student) {
        Task first = teachers.get(0).task(student);
        for (Teacher teacher : teachers) {
            Task other = teacher.task(student);
            if (other.kind() == first.kind() && other.toMetadata().equals(first.toMetadata())) continue;
            throw new LimbeckException(
                    "the teachers of an ensemble must have the same task and scale of targets, found "
                            + teachers.get(0).name() + " and " + teacher.name()
                            + "; train them on the same rows, or distill from one");
        }
        if (student.kind() != Task.Kind.SINGLE_LABEL && join != Combination.LOGITS) {
            throw new LimbeckException("probabilities of teachers can only be combined for one class per row, found "
                    + student.kind().words() + "; combine logits");
        }
        return first;
    }

    private LimbeckException otherClasses(int position, Tensor logits, Tensor others) {
        return new LimbeckException("teacher " + teachers.get(position).name() + " has " + logits.size(1)
                + " classes, the teachers before it " + others.size(1) + "; combine teachers with the same classes");
    }

    @Override
    public boolean isModule(Module other) {
        return teachers.stream().anyMatch(teacher -> teacher.isModule(other));
    }

    @Override
    public TeacherSession open(TeacherContext context) {
        List<TeacherSession> sessions = new ArrayList<>();
        TeacherSession all = new Session(sessions);
        try {
            for (Teacher teacher : teachers) sessions.add(teacher.open(context));
            return all;
        } catch (RuntimeException e) {
            all.close();
            throw e;
        }
    }

    private final class Session implements TeacherSession {
        private final List<TeacherSession> sessions;

        Session(List<TeacherSession> sessions) {
            this.sessions = sessions;
        }

        @Override
        public TeacherResult compute(Batch batch, Set<String> features) {
            if (!features.isEmpty()) throw TeacherSession.closedInside();
            try (Scope scope = Scope.open();
                    NoGrad noGrad = NoGrad.on()) {
                return TeacherResult.of(scope.promote(joined(batch)));
            }
        }

        private Tensor joined(Batch batch) {
            Tensor sum = null;
            Tensor counts = null;
            for (int i = 0; i < sessions.size(); i++) {
                Tensor logits = sessions.get(i).logits(batch);
                if (sum != null && sum.size(1) != logits.size(1)) throw otherClasses(i, logits, sum);
                Tensor part = join == Combination.LOGITS ? logits : Ops.softmax(logits, 1);
                if (join == Combination.CONFIDENCE) {
                    Tensor count = Ops.mul(Ops.amax(part, 1), shares[i]);
                    part = part.mul(count);
                    counts = counts == null ? count : counts.add(count);
                } else {
                    part = Ops.mul(part, shares[i]);
                }
                sum = sum == null ? part : sum.add(part);
            }
            if (sum == null) throw new IllegalStateException("an ensemble has a teacher at least");
            if (counts != null) sum = sum.div(counts);
            return join == Combination.LOGITS ? sum : Ops.clampMin(sum, LEAST).log();
        }

        @Override
        public void flush() {
            sessions.forEach(TeacherSession::flush);
        }

        /**
         * {@inheritDoc} Joined probabilities are known as such, nothing is known better than of the least teacher, and the
         * precision is the least of theirs. Inputs are those of the first.
         */
        @Override
        public TeacherFacts facts() {
            List<TeacherFacts> each =
                    sessions.stream().map(TeacherSession::facts).toList();
            OutputKind kind = join == Combination.LOGITS ? OutputKind.LOGITS : OutputKind.PROBABILITIES;
            for (TeacherFacts one : each) kind = kind.and(one.kind());
            boolean rounds = each.stream().anyMatch(one -> one.precision() == Precision.BF16);
            return new TeacherFacts(
                    kind,
                    TeacherOutput.of(kind).words(),
                    rounds ? Precision.BF16 : Precision.FP32,
                    each.get(0).inputs(),
                    each.get(0).preprocessing(),
                    () -> {
                        List<String> identities =
                                each.stream().map(TeacherFacts::identity).toList();
                        return identities.contains("")
                                ? ""
                                : join + " " + Arrays.toString(shares) + " " + String.join("+", identities);
                    });
        }

        @Override
        public Summary summary() {
            throw TeacherSession.closedInside();
        }

        /** {@inheritDoc} The last first, as each may have found a module as an earlier one had left it. */
        @Override
        public void close() {
            RuntimeException failure = null;
            for (int i = sessions.size() - 1; i >= 0; i--) {
                try {
                    sessions.get(i).close();
                } catch (RuntimeException e) {
                    failure = e;
                }
            }
            if (failure != null) throw failure;
        }
    }
}
