package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.Batch;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Tensors;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/** Convert a regression teacher's outputs to the student's scale of targets. */
final class RescaledTeacher extends TeacherWrapper {
    private final float[] scale;
    private final float[] shift;

    private RescaledTeacher(Teacher teacher, Task.Regression from, Task.Regression to) {
        super(teacher);
        int targets = to.outputs();
        scale = new float[targets];
        shift = new float[targets];
        for (int i = 0; i < targets; i++) {
            scale[i] = (float) (from.deviations().get(i) / to.deviations().get(i));
            shift[i] = (float) to.standardized(i, from.means().get(i));
        }
    }

    /**
     * Return a teacher whose outputs are on the student's scale.
     *
     * @throws LimbeckException if the teacher has another task
     */
    static Teacher fitted(Teacher teacher, Task student) {
        Task own = teacher.task(student);
        if (own.kind() != student.kind()) {
            throw new LimbeckException("teacher " + teacher.name() + " was trained for "
                    + own.kind().words() + ", the data has " + student.kind().words()
                    + "; use a teacher of the same task");
        }
        if (!(own instanceof Task.Regression from) || !(student instanceof Task.Regression to)) return teacher;
        boolean same = from.means().equals(to.means()) && from.deviations().equals(to.deviations());
        return same || from.outputs() != to.outputs() ? teacher : new RescaledTeacher(teacher, from, to);
    }

    @Override
    public Task task(Task student) {
        return student;
    }

    @Override
    protected TeacherResult compute(TeacherSession session, Batch batch, Set<String> features) {
        // No scope of its own: the features must outlive it.
        try (NoGrad noGrad = NoGrad.on()) {
            return session.compute(batch, features)
                    .withLogits(outputs -> outputs.mul(row(scale, outputs)).add(row(shift, outputs)));
        }
    }

    private static Tensor row(float[] values, Tensor like) {
        return Tensors.to(Tensors.of(values, 1, values.length), like.device());
    }

    @Override
    protected TeacherFacts facts(TeacherFacts facts) {
        return facts.withIdentity("scale "
                + IntStream.range(0, scale.length)
                        .mapToObj(i -> List.of(scale[i], shift[i]))
                        .toList());
    }
}
