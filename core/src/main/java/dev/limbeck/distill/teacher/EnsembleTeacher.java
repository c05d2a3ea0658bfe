package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.Settings;
import dev.limbeck.data.Data;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;

/**
 * Teach with several teachers at once, each of which keeps its own normalisation. Their answers are joined to logits: their
 * weighted mean, or the logarithm of the weighted mean of their probabilities (at T = 1), which a single sure teacher sways
 * less.
 *
 * <p>Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural Network, 2015, distil ensembles.
 */
public final class EnsembleTeacher implements Teacher {
    private static final double LEAST = 1e-12;

    private final List<Teacher> teachers;
    private final double[] shares;
    private final boolean ofProbabilities;

    private EnsembleTeacher(List<Teacher> teachers, double[] weights, boolean ofProbabilities) {
        this.teachers = List.copyOf(teachers);
        this.ofProbabilities = ofProbabilities;
        if (teachers.isEmpty()) throw new LimbeckException("an ensemble needs a teacher at least");
        if (weights.length != teachers.size()) {
            throw new LimbeckException(
                    "there must be a weight for each of " + teachers.size() + " teachers, found " + weights.length);
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

    /** Take the mean of the logits, all alike. */
    public static EnsembleTeacher of(Teacher... teachers) {
        double[] weights = new double[teachers.length];
        Arrays.fill(weights, 1);
        return new EnsembleTeacher(List.of(teachers), weights, false);
    }

    /** Return the same teachers with a positive weight each. */
    public EnsembleTeacher weighted(double... weights) {
        return new EnsembleTeacher(teachers, weights, ofProbabilities);
    }

    /** Return the same teachers, of whose probabilities the mean is taken. */
    public EnsembleTeacher ofProbabilities() {
        return new EnsembleTeacher(teachers, shares, true);
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

    @Override
    public Lesson begin(Data data, Device device) {
        List<Lesson> lessons = new ArrayList<>();
        Lesson all = new Lesson() {
            @Override
            public Tensor logits(Tensor input) {
                try (Scope scope = Scope.open();
                        NoGrad noGrad = NoGrad.on()) {
                    Tensor sum = null;
                    for (int i = 0; i < lessons.size(); i++) {
                        Tensor answer = lessons.get(i).logits(input);
                        Tensor part = Ops.mul(ofProbabilities ? Ops.softmax(answer, 1) : answer, shares[i]);
                        sum = sum == null ? part : sum.add(part);
                    }
                    if (sum == null) throw new IllegalStateException("an ensemble has a teacher at least");
                    return scope.handOut(
                            ofProbabilities ? Ops.atLeast(sum, LEAST).log() : sum);
                }
            }

            @Override
            public String fingerprint() {
                return lessons.stream().map(Lesson::fingerprint).collect(Collectors.joining("+"));
            }

            @Override
            public void close() {
                lessons.forEach(Lesson::close);
            }
        };
        try {
            for (Teacher teacher : teachers) lessons.add(teacher.begin(data, device));
            return all;
        } catch (RuntimeException e) {
            all.close();
            throw e;
        }
    }
}
