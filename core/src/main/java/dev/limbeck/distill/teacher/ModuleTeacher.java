package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.Modalities;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.Capture;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.Precision;
import dev.limbeck.train.Learner;
import dev.limbeck.zoo.Zoo;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Use a module as a teacher. The caller keeps the module. A session restores its modes and {@code requires_grad} flags,
 * and never changes its weights. The module is moved to the student's device and stays there.
 *
 * <p>A session computes with an optimized copy: batch norms are folded, and it uses bfloat16 if the student does. The
 * module itself computes while captures or hooks are active.
 */
public final class ModuleTeacher implements Teacher {
    private final Module module;
    private final List<String> classNames;
    private final int classes;
    private final Map<String, String> preprocessing;
    /** Its own task for that of the student. */
    private final UnaryOperator<Task> task;

    private final @Nullable Precision ownPrecision;
    /** Path of the classifier; null if it is not known. */
    private final @Nullable String head;

    private ModuleTeacher(
            Module module,
            List<String> classNames,
            int classes,
            Map<String, String> preprocessing,
            UnaryOperator<Task> task,
            @Nullable Precision precision,
            @Nullable String head) {
        this.module = module;
        this.classNames = List.copyOf(classNames);
        this.classes = classes;
        this.preprocessing = Map.copyOf(preprocessing);
        this.task = task;
        this.ownPrecision = precision;
        this.head = head;
    }

    /** Create a teacher from a module with the student's preprocessing. */
    public static ModuleTeacher of(Module module, List<String> classNames) {
        return new ModuleTeacher(module, classNames, classNames.size(), Map.of(), UnaryOperator.identity(), null, null);
    }

    /** Create a teacher from a learner's model. */
    public static ModuleTeacher of(Learner learner) {
        List<String> names = learner.data().classNames();
        Task task = learner.data().task();
        return new ModuleTeacher(
                learner.model(),
                names,
                names.size(),
                Modalities.metadata(learner.data().preprocessing()),
                student -> task,
                null,
                head(learner.architecture(), learner.model()));
    }

    /** Create a teacher from a saved model, with the normalization it was saved with. */
    public static ModuleTeacher of(SavedModel saved) {
        return new ModuleTeacher(
                saved.module(),
                saved.classNames(),
                saved.classes(),
                saved.preprocessing(),
                saved::taskFor,
                null,
                head(saved.architecture(), saved.module()));
    }

    private static @Nullable String head(String architecture, Module module) {
        return Zoo.find(architecture).map(found -> found.head(module)).orElse(null);
    }

    /** Use a fixed precision, independent of the student's. */
    public ModuleTeacher withOwnPrecision(Precision chosen) {
        return new ModuleTeacher(module, classNames, classes, preprocessing, task, chosen, head);
    }

    @Override
    public boolean isModule(Module other) {
        return module == other;
    }

    @Override
    public String name() {
        return module.describe();
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }

    @Override
    public int classes() {
        return classes;
    }

    /**
     * {@inheritDoc} The default is the input of the classifier.
     *
     * @throws LimbeckException if there is no such layer, or the classifier of a module is not known
     */
    @Override
    public Teacher embedding(@Nullable String layer) {
        boolean embeds = task.apply(new Task.SingleLabel(List.of())).kind() == Task.Kind.EMBEDDING;
        if (layer == null && embeds) return this;
        if (layer == null && head == null) {
            throw new LimbeckException("the classifier of teacher " + name() + " is not known, so neither is its "
                    + "embedding; name a layer (teacher.embedding in a recipe)");
        }
        String point = layer == null ? head + ":input" : layer;
        Capture.module(module, point);
        return new EmbeddingTeacher(this, point);
    }

    /**
     * {@inheritDoc} A module of the caller has the student's, with its scale of targets. A file that does not say its task has it, too, but
     * its numbers are in the targets' units.
     */
    @Override
    public Task task(Task student) {
        return task.apply(student);
    }

    @Override
    public TeacherSession open(TeacherContext context) {
        module.checkOpen();
        // These first, because they may fail, and then nothing else has changed.
        TeacherInput inputs = TeacherInput.of(context, preprocessing, ModelName.teacher(name()));
        try {
            module.to(context.device());
        } catch (RuntimeException e) {
            inputs.close();
            throw e;
        }
        return new ModuleSession(module, name(), inputs, ownPrecision == null ? context.precision() : ownPrecision);
    }
}
