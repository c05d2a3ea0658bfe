package dev.limbeck.distill.teacher;

import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.Capture;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.Summary;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Precision;
import dev.limbeck.tensor.Scope;
import dev.limbeck.train.Learner;
import java.util.ArrayList;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
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
    private final Map<String, String> preparation;
    private final @Nullable Precision withOwnPrecision;

    private ModuleTeacher(
            Module module,
            List<String> classNames,
            int classes,
            Map<String, String> preparation,
            @Nullable Precision precision) {
        this.module = module;
        this.classNames = List.copyOf(classNames);
        this.classes = classes;
        this.preparation = Map.copyOf(preparation);
        this.withOwnPrecision = precision;
    }

    /** Create a teacher from a module with the student's preprocessing. */
    public static ModuleTeacher of(Module module, List<String> classNames) {
        return new ModuleTeacher(module, classNames, classNames.size(), Map.of(), null);
    }

    /** Create a teacher from a learner's model. */
    public static ModuleTeacher of(Learner learner) {
        List<String> names = learner.data().classNames();
        return new ModuleTeacher(
                learner.model(), names, names.size(), learner.data().preprocessing(), null);
    }

    /** Create a teacher from a saved model, with the normalization it was saved with. */
    public static ModuleTeacher of(SavedModel saved) {
        return new ModuleTeacher(saved.module(), saved.classNames(), saved.classes(), saved.preparation(), null);
    }

    /** Use a fixed precision, independent of the student's. */
    public ModuleTeacher withOwnPrecision(Precision chosen) {
        return new ModuleTeacher(module, classNames, classes, preparation, chosen);
    }

    @Override
    public Teacher withPrecision(Precision usual) {
        return withOwnPrecision == null ? withOwnPrecision(usual) : this;
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
    public TeacherSession open(Data data, Device device) {
        module.checkOpen();
        // These calls may fail, so they come before any change.
        TeacherInput inputs = TeacherInput.of(data, preparation, ModelName.teacher(name()), device);
        try {
            module.to(device);
        } catch (RuntimeException e) {
            inputs.close();
            throw e;
        }
        Module.ModeGuard modes = module.evalMode();
        Map<Tensor, Boolean> flags = new IdentityHashMap<>();
        module.parameters().values().forEach(tensor -> flags.put(tensor, tensor.requires_grad()));
        module.freeze();
        List<Capture> captures = new ArrayList<>();
        Precision chosen = withOwnPrecision == null ? Precision.of(Precision.AUTO, device) : withOwnPrecision;
        InferenceCopy twin = new InferenceCopy(module, chosen, inputs.shape());
        ClosedFlag closing = new ClosedFlag("the session of teacher " + name());
        return new TeacherSession() {
            @Override
            public Capture capture(Collection<String> points) {
                Capture capture = Capture.of(module, points);
                captures.add(capture);
                return capture;
            }

            @Override
            public Tensor logits(Batch batch) {
                closing.check();
                module.checkOpen();
                try (Scope scope = Scope.open();
                        NoGrad noGrad = NoGrad.on()) {
                    Tensor logits = twin.logits(inputs.of(batch));
                    captures.forEach(capture -> capture.all().forEach(scope::promote));
                    return scope.promote(logits);
                }
            }

            @Override
            public Precision precision() {
                return chosen;
            }

            @Override
            public boolean probe(@Nullable Probe trial) {
                return inputs.tryOn(trial);
            }

            @Override
            public long[] inputShape(long... student) {
                return inputs.shape();
            }

            @Override
            public Summary summary(long... inputShape) {
                return Summary.of(
                        module,
                        LongStream.concat(LongStream.of(1), LongStream.of(inputs.shape()))
                                .toArray());
            }

            @Override
            public String fingerprint() {
                return module.sha256() + " " + inputs.preparation();
            }

            @Override
            public void close() {
                if (!closing.close()) return;
                inputs.close();
                captures.forEach(Capture::close);
                twin.close();
                modes.close();
                flags.forEach(Tensor::set_requires_grad);
            }
        };
    }
}
