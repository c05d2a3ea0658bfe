package dev.limbeck.distill.teacher;

import dev.limbeck.data.Batch;
import dev.limbeck.distill.loss.OutputKind;
import dev.limbeck.nn.Summary;
import dev.limbeck.tensor.Precision;
import java.util.Set;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/** Compute logits by a function, in float32. */
final class FunctionSession implements TeacherSession {
    private final TeacherContext context;
    private final String identity;
    private final Function<Batch, Tensor> logits;

    FunctionSession(TeacherContext context, String identity, Function<Batch, Tensor> logits) {
        this.context = context;
        this.identity = identity;
        this.logits = logits;
    }

    @Override
    public TeacherResult compute(Batch batch, Set<String> features) {
        if (!features.isEmpty()) throw TeacherSession.closedInside();
        return TeacherResult.of(logits.apply(batch));
    }

    @Override
    public TeacherFacts facts() {
        return new TeacherFacts(
                OutputKind.LOGITS,
                TeacherOutput.LOGITS.words(),
                Precision.FP32,
                context.data().inputs(),
                context.data().preprocessing(),
                () -> identity);
    }

    @Override
    public Summary summary() {
        throw TeacherSession.closedInside();
    }

    @Override
    public void close() {
        // Nothing is held.
    }
}
