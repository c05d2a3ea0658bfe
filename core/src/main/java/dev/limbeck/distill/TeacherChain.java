package dev.limbeck.distill;

import dev.limbeck.distill.teacher.ModuleTeacher;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.train.Learner;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * Train students in sequence. Each is the teacher of the next.
 *
 * <p>With ever smaller students, the intermediate ones are teacher assistants, for a teacher that is much larger than
 * the last student (Mirzadeh et al., Improved Knowledge Distillation via Teacher Assistant, AAAI 2020). With students
 * of the teacher's size, they are born-again generations (Furlanello et al., Born-Again Neural Networks, ICML 2018).
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

    /** Start with a teacher, and distill with the defaults of {@link DistillationBuilder}. */
    public static TeacherChain from(Teacher first) {
        return new TeacherChain(
                first, teacher -> KnowledgeDistillation.from(teacher).build());
    }

    /** Set a function that creates the distillation for each student. It is closed after the student's training. */
    public TeacherChain with(Function<Teacher, KnowledgeDistillation> settings) {
        return new TeacherChain(first, settings);
    }

    /**
     * Train all students in order.
     *
     * @param students students on data with the same classes; the caller owns them
     * @param training runs the fit of one student with its distillation callback
     */
    public void train(List<Learner> students, BiConsumer<Learner, KnowledgeDistillation> training) {
        Teacher teacher = first;
        for (Learner student : students) {
            try (KnowledgeDistillation distillation = settings.apply(teacher)) {
                training.accept(student, distillation);
            }
            teacher = ModuleTeacher.of(student);
        }
    }
}
