package dev.limbeck.distill.teacher;

import dev.limbeck.data.Batch;
import dev.limbeck.distill.loss.OutputKind;
import dev.limbeck.nn.Capture;
import dev.limbeck.nn.InferenceCopy;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.Summary;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Precision;
import dev.limbeck.tensor.Scope;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Hold a module in evaluation mode, frozen, while it teaches; closing gives it back its modes and flags. */
final class ModuleSession implements TeacherSession {
    private final Module module;
    private final TeacherInput inputs;
    private final Precision precision;
    private final Module.ModeGuard modes;
    private final Map<Tensor, Boolean> trained = new IdentityHashMap<>();
    private final InferenceCopy copy;
    private final ClosedFlag closing;
    private @Nullable Capture capture;
    private Set<String> captured = Set.of();

    ModuleSession(Module module, String name, TeacherInput inputs, Precision precision) {
        this.module = module;
        this.inputs = inputs;
        this.precision = precision;
        modes = module.evalMode();
        module.parameters().values().forEach(tensor -> trained.put(tensor, tensor.requires_grad()));
        module.freeze();
        copy = new InferenceCopy(module, precision, () -> Inputs.example(inputs.specs(), 2), false);
        closing = new ClosedFlag("the session of " + ModelName.teacher(name));
    }

    @Override
    public TeacherResult compute(Batch batch, Set<String> features) {
        closing.check();
        module.checkOpen();
        watch(features);
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            Capture watching = features.isEmpty() ? null : capture;
            if (watching != null) watching.start();
            Tensor logits = copy.logits(inputs.of(batch));
            Map<String, Tensor> found = new LinkedHashMap<>();
            if (watching != null) {
                for (String point : features) {
                    // A layer that took no part is missed by whoever wants it.
                    if (watching.has(point)) found.put(point, scope.promote(watching.get(point)));
                }
                watching.stop();
            }
            return new TeacherResult(scope.promote(logits), found);
        }
    }

    /** Watch these layers from here on: the module itself computes then, and not its faster copy, so that bits stay the same. */
    private void watch(Set<String> features) {
        if (features.isEmpty() || features.equals(captured)) return;
        if (capture != null) capture.close();
        capture = Capture.of(module, features);
        captured = Set.copyOf(features);
    }

    @Override
    public TeacherFacts facts() {
        return new TeacherFacts(
                OutputKind.LOGITS,
                TeacherOutput.LOGITS.words(),
                precision,
                inputs.specs(),
                inputs.preprocessing(),
                () -> module.sha256() + " " + inputs.preprocessing().identity());
    }

    @Override
    public Inputs inputs(Batch batch) {
        return inputs.of(batch);
    }

    @Override
    public Summary summary() {
        return Summary.of(module, inputs.specs());
    }

    @Override
    public void close() {
        if (!closing.close()) return;
        inputs.close();
        if (capture != null) capture.close();
        copy.close();
        modes.close();
        trained.forEach(Tensor::set_requires_grad);
    }
}
