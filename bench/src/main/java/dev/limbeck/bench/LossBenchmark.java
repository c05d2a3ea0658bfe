package dev.limbeck.bench;

import dev.limbeck.LimbeckException;
import dev.limbeck.distill.loss.DecoupledKD;
import dev.limbeck.distill.loss.Dist;
import dev.limbeck.distill.loss.LogitLoss;
import dev.limbeck.distill.loss.LogitMse;
import dev.limbeck.distill.loss.SoftTarget;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/** Time a loss on logits with its gradient: 64 samples, 1,000 classes. */
public class LossBenchmark extends Microseconds {
    private static final int ROWS = 64;
    private static final int CLASSES = 1000;

    /** Name of the loss. */
    @Param({"soft-target", "logit-mse", "decoupled", "dist"})
    public String name;

    private LogitLoss loss;
    private Tensor student;
    private Tensor teacher;
    private Tensor labels;

    /** Create random logits. */
    @Setup
    public void draw() {
        loss = switch (name) {
            case "soft-target" -> new SoftTarget(4);
            case "logit-mse" -> new LogitMse();
            case "decoupled" -> new DecoupledKD();
            case "dist" -> new Dist();
            default -> throw new LimbeckException("no loss " + name + " in this benchmark");
        };
        student = Scope.retain(Tensors.randn(ROWS, CLASSES).detach());
        student.set_requires_grad(true);
        teacher = Scope.retain(Tensors.randn(ROWS, CLASSES));
        labels = Scope.retain(Tensors.of(LongStream.range(0, ROWS).toArray(), ROWS));
    }

    /** Compute the loss and the student's gradient. */
    @Benchmark
    public double withGradient() {
        try (Scope scope = Scope.open()) {
            Tensor value = loss.compute(student, teacher, labels);
            value.backward();
            Tensors.clearGrad(student);
            return value.item_double();
        }
    }

    /** Free the logits. */
    @TearDown
    public void free() {
        student.close();
        teacher.close();
        labels.close();
    }
}
