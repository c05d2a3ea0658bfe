package dev.limbeck.distill.teacher;

import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.Precision;
import dev.limbeck.train.Learner;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Teach with a module. The module stays the caller's: its modes and {@code requires_grad} flags are after a lesson as
 * before, and its weights are never touched. It is moved to the student's device and stays there.
 *
 * <p>A lesson answers by a copy of its own that is made for speed: batch norms folded, in bfloat16 if the student computes in
 * it. While captures or hooks look inside, the module itself answers.
 */
public final class ModuleTeacher implements Teacher {
    private final Module module;
    private final List<String> classNames;
    private final int classes;
    private final Map<String, String> preprocessing;
    private final @Nullable Precision ownPrecision;

    private ModuleTeacher(
            Module module,
            List<String> classNames,
            int classes,
            Map<String, String> preprocessing,
            @Nullable Precision precision) {
        this.module = module;
        this.classNames = List.copyOf(classNames);
        this.classes = classes;
        this.preprocessing = Map.copyOf(preprocessing);
        this.ownPrecision = precision;
    }

    /** Teach with a module that sees inputs as the student does. */
    public static ModuleTeacher of(Module module, List<String> classNames) {
        return new ModuleTeacher(module, classNames, classNames.size(), Map.of(), null);
    }

    /** Teach with the model of a learner. */
    public static ModuleTeacher of(Learner learner) {
        List<String> names = learner.data().classNames();
        return new ModuleTeacher(
                learner.model(),
                names,
                names.size(),
                learner.data().preprocessing().toMetadata(),
                null);
    }

    /** Teach with a model from a file; its own normalization is honored. */
    public static ModuleTeacher of(SavedModel saved) {
        return new ModuleTeacher(saved.module(), saved.classNames(), saved.classes(), saved.preparation(), null);
    }

    /** Compute in a precision, whatever the student computes in. */
    public ModuleTeacher withOwnPrecision(Precision chosen) {
        return new ModuleTeacher(module, classNames, classes, preprocessing, chosen);
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
