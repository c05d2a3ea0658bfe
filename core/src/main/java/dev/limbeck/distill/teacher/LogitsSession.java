package dev.limbeck.distill.teacher;

import dev.limbeck.Preprocessing;
import dev.limbeck.data.Batch;
import dev.limbeck.nn.Summary;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.List;
import java.util.Set;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;

/** Teach by something that computes logits and shows nothing of its inside. */
abstract class LogitsSession implements TeacherSession {
    private final TeacherInput inputs;
    private final Device device;
    private final ClosedFlag closing;

    LogitsSession(TeacherInput inputs, Device device, ModelName who) {
        this.inputs = inputs;
        this.device = device;
        closing = new ClosedFlag("the session of " + who);
    }

    /** Compute logits, rows×classes, for inputs as the teacher wants them. */
    abstract Tensor logits(Inputs given);

    /** Return what the teacher is. */
    abstract TeacherFacts facts(List<InputSpec> specs, Preprocessing preprocessing);

    @Override
    public final TeacherResult compute(Batch batch, Set<String> features) {
        closing.check();
        if (!features.isEmpty()) throw TeacherSession.closedInside();
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            return TeacherResult.of(scope.promote(Tensors.to(logits(inputs.of(batch)), device)));
        }
    }

    @Override
    public final TeacherFacts facts() {
        return facts(inputs.specs(), inputs.preprocessing());
    }

    @Override
    public final Summary summary() {
        throw TeacherSession.closedInside();
    }

    @Override
    public final void close() {
        if (closing.close()) inputs.close();
    }
}
