package dev.limbeck.distill;

import dev.limbeck.distill.teacher.ModuleTeacher;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.train.Learner;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * Train students one after the other, each taught by the one before it.
 *
 * <p>Students that get smaller are a chain of teaching assistants, for a teacher that is much larger than the last student
 * (Mirzadeh et al., Improved Knowledge Distillation via Teacher Assistant, AAAI 2020). Students of the teacher's own size are
 * born-again generations, which come to exceed it (Furlanello et al., Born-Again Neural Networks, ICML 2018).
 *
 * <pre>{@code
 * TeacherChain.from(ModuleTeacher.of(resnet34))
 *         .with(teacher -> KnowledgeDistillation.from(teacher).weight(0.7).build())
 *         .train(List.of(resnet18, resnet8), (student, distillation) -> student.fitOneCycle(10, 1e-3, distillation));
 * }</pre>
 */
public final class TeacherChain {
    private final Teacher first;
    private final Function<Teacher, KnowledgeDistillation> settings;

    private TeacherChain(Teacher first, Function<Teacher, KnowledgeDistillation> settings) {
        this.first = first;
        this.settings = settings;
    }

    /** Begin with a teacher, and distill with the defaults of {@link DistillationBuilder}. */
    public static TeacherChain from(Teacher first) {
        return new TeacherChain(
                first, teacher -> KnowledgeDistillation.from(teacher).build());
    }

    /** Distil with settings of your own, asked for before each student. */
    public TeacherChain with(Function<Teacher, KnowledgeDistillation> settings) {
        return new TeacherChain(first, settings);
    }

    /**
     * Train all students in order.
     *
     * @param students all on data of the same classes; they stay the caller's
     * @param training runs the fit of one student with the callback that lets it be taught
     */
    public void train(List<Learner> students, BiConsumer<Learner, KnowledgeDistillation> training) {
        Teacher teacher = first;
        for (Learner student : students) {
            training.accept(student, settings.apply(teacher));
            teacher = ModuleTeacher.of(student);
        }
    }
}
