package dev.limbeck.distill;

import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.distill.teacher.TeacherContext;
import dev.limbeck.distill.teacher.TeacherSession;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Tensors;
import java.util.List;

/** Provide a teacher that returns zeros, without features. */
record LogitsOnly(List<String> classNames) implements Teacher {
    @Override
    public String name() {
        return "zeros";
    }

    @Override
    public int classes() {
        return classNames.size();
    }

    @Override
    public boolean isModule(Module other) {
        return false;
    }

    @Override
    public TeacherSession open(TeacherContext context) {
        return TeacherSession.of(
                context,
                "",
                batch -> Tensors.to(Tensors.zeros(DType.FLOAT32, batch.size(), classNames.size()), context.device()));
    }
}
