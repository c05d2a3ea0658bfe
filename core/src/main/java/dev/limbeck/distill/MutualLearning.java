package dev.limbeck.distill;

import dev.limbeck.LimbeckException;
import dev.limbeck.Settings;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Split;
import dev.limbeck.distill.loss.LogitLoss;
import dev.limbeck.distill.loss.SoftTarget;
import dev.limbeck.nn.Module;
import dev.limbeck.optim.OptimizerState;
import dev.limbeck.optim.Schedule;
import dev.limbeck.tensor.Autocast;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.EvaluationResult;
import dev.limbeck.train.Learner;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * Train several students together without a teacher. Each learns from the labels and from the other students' current
 * outputs for the same batch.
 *
 * <p>total per student = task + s·mean over the others of loss(own logits, other's logits)
 *
 * <p>Zhang et al., Deep Mutual Learning, CVPR 2018. It has its own loop without callbacks: one optimizer step per
 * student and batch, with a learning-rate {@link Schedule}.
 */
public final class MutualLearning {
    private final List<Learner> students;
    private LogitLoss loss = new SoftTarget(1);
    private double scale = 1;

    private MutualLearning(List<Learner> students) {
        this.students = students;
    }

    /**
     * Create mutual learning for students. The defaults are the paper's T = 1 and s = 1.
     *
     * @param students two or more different modules, on the same data
     */
    public static MutualLearning of(Learner... students) {
        List<Learner> all = List.of(students);
        if (all.size() < 2)
            throw new LimbeckException("mutual learning needs at least two students, found " + all.size());
        if (all.stream().map(Learner::model).distinct().count() < all.size()) {
            throw new LimbeckException("mutual learning needs different students, found one of them twice");
        }
        if (all.stream().map(Learner::data).distinct().count() > 1) {
            throw new LimbeckException("students in mutual learning must share one data object");
        }
        return new MutualLearning(all);
    }

    /** Set the loss between outputs. */
    public MutualLearning loss(LogitLoss other) {
        loss = other;
        return this;
    }

    /** Set the scale s ≥ 0 of the loss between students. */
    public MutualLearning scale(double factor) {
        scale = Settings.notNegative("scale", factor);
        return this;
    }

    /** Train with a learning rate that falls to 0 along a half cosine. */
    public List<List<EvaluationResult>> fit(int epochs, double rate) {
        return fit(epochs, new Schedule(Schedule.Shape.COSINE, rate, 0));
    }

    /**
     * Train all students.
     *
     * @param rates learning-rate schedule
     * @return for each epoch the validation result of each student, in order; empty lists without a validation split
     */
    public List<List<EvaluationResult>> fit(int epochs, Schedule rates) {
        Settings.atLeast(1, "epochs", epochs);
        Data data = students.get(0).data();
        List<OptimizerState> optimizers = new ArrayList<>();
        List<Module.ModeGuard> modes = new ArrayList<>();
        try {
            for (Learner student : students) {
                modes.add(student.model().keepModes());
                optimizers.add(student.optimizer().prepare(student.model().parameters()));
            }
            List<List<EvaluationResult>> validations = new ArrayList<>();
            for (int epoch = 0; epoch < epochs; epoch++) {
                Tensors.seed(students.get(0).seed() + epoch);
                students.forEach(student -> student.model().train());
                try (DataLoader batches = data.train(epoch)) {
                    int last = Math.max(1, epochs * batches.batches() - 1);
                    for (int i = 0; i < batches.batches(); i++) {
                        step(batches, optimizers, rates.at((epoch * batches.batches() + i) / (double) last));
                    }
                }
                validations.add(
                        data.has(Split.VALID)
                                ? students.stream().map(Learner::validate).toList()
                                : List.of());
            }
            return validations;
        } finally {
            optimizers.forEach(OptimizerState::close);
            modes.forEach(Module.ModeGuard::close);
        }
    }

    private void step(DataLoader batches, List<OptimizerState> optimizers, double rate) {
        try (Scope scope = Scope.open()) {
            Batch batch = batches.next();
            if (batch == null) throw new IllegalStateException("the loader ended before its last batch");
            List<Tensor> outputs = new ArrayList<>();
            List<Tensor> labels = new ArrayList<>();
            for (Learner student : students) {
                outputs.add(Autocast.apply(
                        student.precision(), student.model()::apply, Tensors.to(batch.input(), student.device())));
                labels.add(Tensors.to(batch.labels(), student.device()));
            }
            for (int i = 0; i < students.size(); i++) {
                Tensor total = total(i, outputs, labels.get(i));
                if (!Double.isFinite(total.item_double())) {
                    throw new LimbeckException("the loss of student " + i + " became " + total.item_double()
                            + "; lower the learning rate, or check the inputs");
                }
                total.backward();
            }
            // All backward passes precede all steps: each student learns from the others' outputs before their step.
            for (int i = 0; i < students.size(); i++) {
                optimizers.get(i).step(rate, Double.NaN);
                students.get(i).model().parameters().values().forEach(Tensors::clearGrad);
            }
        }
    }

    private Tensor total(int own, List<Tensor> outputs, Tensor labels) {
        Learner student = students.get(own);
        Tensor total = student.loss().apply(outputs.get(own), labels);
        for (int other = 0; other < students.size(); other++) {
            if (other == own) continue;
            Tensor theirs = Tensors.to(outputs.get(other).detach(), student.device());
            Tensor taught = loss.compute(outputs.get(own), theirs, labels);
            total = total.add(Ops.mul(taught, scale / (students.size() - 1)));
        }
        return total;
    }
}
