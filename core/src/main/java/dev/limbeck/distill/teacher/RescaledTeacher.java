package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.Batch;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.train.TargetScale;
import java.util.Set;

/** Convert a regression teacher's outputs to the student's scale of targets. */
final class RescaledTeacher extends TeacherWrapper {
    private final TargetScale scale;

    private RescaledTeacher(Teacher teacher, TargetScale scale) {
        super(teacher);
        this.scale = scale;
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
        TargetScale scale = TargetScale.between(own, student);
        return scale == null ? teacher : new RescaledTeacher(teacher, scale);
    }

    @Override
    public Task task(Task student) {
        return student;
    }

    @Override
    protected TeacherResult compute(TeacherSession session, Batch batch, Set<String> features) {
        // No scope of its own: the features must outlive it.
        try (NoGrad noGrad = NoGrad.on()) {
            return session.compute(batch, features).withLogits(scale::apply);
        }
    }

    @Override
    protected TeacherFacts facts(TeacherFacts facts) {
        return facts.withIdentity("scale " + scale);
    }
}
