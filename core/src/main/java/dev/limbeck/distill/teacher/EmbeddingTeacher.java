package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.Batch;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Give the features of one layer of another teacher as outputs. Maps and tokens are averaged over their positions. */
final class EmbeddingTeacher extends TeacherWrapper {
    private final String layer;

    /**
     * Wrap a teacher.
     *
     * @param layer path, or path and {@code :input}, as {@link dev.limbeck.nn.Capture} names it
     */
    EmbeddingTeacher(Teacher teacher, String layer) {
        super(teacher);
        this.layer = layer;
    }

    @Override
    public List<String> classNames() {
        return List.of();
    }

    @Override
    public int classes() {
        return 0;
    }

    @Override
    public Task task(Task student) {
        return new Task.Embedding();
    }

    @Override
    public Teacher embedding(@Nullable String other) {
        return other == null || other.equals(layer) ? this : wrapped().embedding(other);
    }

    @Override
    protected TeacherResult compute(TeacherSession session, Batch batch, Set<String> features) {
        Set<String> all = new HashSet<>(features);
        all.add(layer);
        // No scope of its own: the features must outlive it.
        try (NoGrad noGrad = NoGrad.on()) {
            TeacherResult result = session.compute(batch, all);
            Map<String, Tensor> found = result.features();
            Tensor embedding = Ops.embedding(result.feature(layer));
            if (embedding.dim() != 2) {
                throw new LimbeckException("layer '" + layer + "' of teacher " + name() + " returns "
                        + Tensors.shapeText(embedding.shape()) + ", expected rows×numbers; name another layer "
                        + "(teacher.embedding in a recipe)");
            }
            return new TeacherResult(embedding, found);
        }
    }

    @Override
    protected TeacherFacts facts(TeacherFacts facts) {
        TeacherFacts own = facts.withIdentity("embedding " + layer);
        return new TeacherFacts(
                own.kind(),
                TeacherOutput.EMBEDDING.words() + " (" + layer + ")",
                own.precision(),
                own.inputs(),
                own.preprocessing(),
                own.identified());
    }
}
