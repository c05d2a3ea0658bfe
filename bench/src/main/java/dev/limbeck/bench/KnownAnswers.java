package dev.limbeck.bench;

import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.distill.teacher.TeacherContext;
import dev.limbeck.distill.teacher.TeacherSession;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Return the same logits for every batch: a teacher with known outputs and no cost. */
final class KnownAnswers implements Teacher, AutoCloseable {
    private final Tensor logits;

    KnownAnswers(int rows, int classes) {
        logits = Scope.retain(Tensors.randn(rows, classes));
    }

    @Override
    public String name() {
        return "known";
    }

    @Override
    public List<String> classNames() {
        return List.of();
    }

    @Override
    public int classes() {
        return 0;
    }

    @Override
    public boolean isModule(Module other) {
        return false;
    }

    @Override
    public TeacherSession open(TeacherContext context) {
        return TeacherSession.of(context, "known", batch -> logits);
    }

    @Override
    public void close() {
        logits.close();
    }
}
