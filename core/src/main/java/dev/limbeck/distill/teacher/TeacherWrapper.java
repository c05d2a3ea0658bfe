package dev.limbeck.distill.teacher;

import dev.limbeck.Task;
import dev.limbeck.data.Batch;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.Summary;
import dev.limbeck.tensor.Inputs;
import java.util.List;
import java.util.Set;

/**
 * Change something of another teacher: override what differs, all else is the other's.
 *
 * <pre>{@code
 * Teacher halved = new TeacherWrapper(teacher) {
 *     @Override
 *     protected TeacherResult compute(TeacherSession session, Batch batch, Set<String> features) {
 *         return session.compute(batch, features).withLogits(logits -> Ops.mul(logits, 0.5));
 *     }
 * };
 * }</pre>
 */
public abstract class TeacherWrapper implements Teacher {
    private final Teacher teacher;

    protected TeacherWrapper(Teacher teacher) {
        this.teacher = teacher;
    }

    /** Return the other teacher. */
    protected final Teacher wrapped() {
        return teacher;
    }

    /** Compute with the other teacher's session. */
    protected TeacherResult compute(TeacherSession session, Batch batch, Set<String> features) {
        return session.compute(batch, features);
    }

    /**
     * Return the facts of this teacher. The default has no identity, so that outputs are not cached in a folder: a wrapper whose outputs
     * are fixed by its settings adds them with {@link TeacherFacts#withIdentity}.
     */
    protected TeacherFacts facts(TeacherFacts facts) {
        return facts.withoutIdentity();
    }

    @Override
    public String name() {
        return teacher.name();
    }

    @Override
    public List<String> classNames() {
        return teacher.classNames();
    }

    @Override
    public int classes() {
        return teacher.classes();
    }

    @Override
    public Task task(Task student) {
        return teacher.task(student);
    }

    @Override
    public boolean isModule(Module other) {
        return teacher.isModule(other);
    }

    @Override
    public TeacherSession open(TeacherContext context) {
        TeacherSession session = teacher.open(context);
        return new TeacherSession() {
            @Override
            public TeacherResult compute(Batch batch, Set<String> features) {
                return TeacherWrapper.this.compute(session, batch, features);
            }

            @Override
            public TeacherFacts facts() {
                return TeacherWrapper.this.facts(session.facts());
            }

            @Override
            public Inputs inputs(Batch batch) {
                return session.inputs(batch);
            }

            @Override
            public Summary summary() {
                return session.summary();
            }

            @Override
            public void flush() {
                session.flush();
            }

            @Override
            public void close() {
                session.close();
            }
        };
    }
}
