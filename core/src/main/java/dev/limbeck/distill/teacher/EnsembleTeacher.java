package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.Settings;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.distill.loss.OutputKind;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Precision;
import dev.limbeck.tensor.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Device;
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
    public EnsembleTeacher withPrecision(Precision precision) {
        return new EnsembleTeacher(
                teachers.stream()
                        .map(teacher -> teacher.withPrecision(precision))
                        .toList(),
                shares,
                join);
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

    private LimbeckException otherClasses(int position, Tensor answer, Tensor others) {
        return new LimbeckException("teacher " + teachers.get(position).name() + " has " + answer.size(1)
                + " classes, the teachers before it " + others.size(1) + "; combine teachers with the same classes");
    }

    @Override
    public TeacherSession open(Data data, Device device) {
        List<TeacherSession> lessons = new ArrayList<>();
        TeacherSession all = new TeacherSession() {
            @Override
            public Tensor logits(Batch batch) {
                try (Scope scope = Scope.open();
                        NoGrad noGrad = NoGrad.on()) {
                    Tensor sum = null;
                    Tensor counts = null;
                    for (int i = 0; i < lessons.size(); i++) {
                        Tensor answer = lessons.get(i).logits(batch);
                        if (sum != null && sum.size(1) != answer.size(1)) throw otherClasses(i, answer, sum);
                        Tensor part = join == Combination.LOGITS ? answer : Ops.softmax(answer, 1);
                        if (join == Combination.CONFIDENCE) {
                            Tensor count = Ops.mul(Ops.amax(part, 1), shares[i]);
                            part = part.mul(count);
                            counts = counts == null ? count : counts.add(count);
                        } else {
                            part = Ops.mul(part, shares[i]);
                        }
                        sum = sum == null ? part : sum.add(part);
                    }
                    if (sum == null) throw new IllegalStateException("an ensemble has at least one teacher");
                    if (counts != null) sum = sum.div(counts);
                    return scope.promote(
                            join == Combination.LOGITS
                                    ? sum
                                    : Ops.clampMin(sum, LEAST).log());
                }
            }

            /** Probabilities if they are averaged; otherwise the least informative kind of all teachers. */
            @Override
            public OutputKind outputKind() {
                OutputKind least = join == Combination.LOGITS ? OutputKind.LOGITS : OutputKind.PROBABILITIES;
                for (TeacherSession lesson : lessons) least = least.and(lesson.outputKind());
                return least;
            }

            /** The lowest precision of all teachers. */
            @Override
            public Precision precision() {
                return lessons.stream().map(TeacherSession::precision).anyMatch(Precision.BF16::equals)
                        ? Precision.BF16
                        : Precision.FP32;
            }

            @Override
            public String fingerprint() {
                List<String> all =
                        lessons.stream().map(TeacherSession::fingerprint).toList();
                if (all.contains("")) return "";
                return join + " " + Arrays.toString(shares) + " " + String.join("+", all);
            }

            @Override
            public void close() {
                // In reverse order: a later session may have saved the state that an earlier one set.
                RuntimeException failure = null;
                for (int i = lessons.size() - 1; i >= 0; i--) {
                    try {
                        lessons.get(i).close();
                    } catch (RuntimeException e) {
                        failure = e;
                    }
                }
                if (failure != null) throw failure;
            }
        };
        try {
            for (Teacher teacher : teachers) lessons.add(teacher.open(data, device));
            return all;
        } catch (RuntimeException e) {
            all.close();
            throw e;
        }
    }
}
