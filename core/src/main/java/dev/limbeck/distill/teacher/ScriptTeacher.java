package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Data;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.weights.Checksum;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;

/**
 * Teach with a TorchScript file, such as {@code torch.jit.trace(model, example).save("teacher.pt")} leaves in Python. It
 * computes on the CPU, in the mode that it was saved in; save it after {@code model.eval()}. Close it.
 */
public final class ScriptTeacher implements Teacher, AutoCloseable {
    private final Path file;
    private final Script script;
    private final List<String> classNames;
    private final Map<String, String> preparation;

    private ScriptTeacher(Path file, List<String> classNames, Map<String, String> preparation) {
        this.file = file;
        this.classNames = List.copyOf(classNames);
        this.preparation = Map.copyOf(preparation);
        script = Script.load(file);
    }

    /**
     * Open a file.
     *
     * @param classNames in the order of its logits; empty if they are the data's
     * @param preparation how its inputs are prepared, as {@link Data#preparation()} says it; empty if as the student's
     * @throws LimbeckException if it is not there or no TorchScript
     */
    public static ScriptTeacher open(Path file, List<String> classNames, Map<String, String> preparation) {
        return new ScriptTeacher(file, classNames, preparation);
    }

    @Override
    public String name() {
        return String.valueOf(file.getFileName());
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }

    @Override
    public int classes() {
        return classNames.size();
    }

    @Override
    public Lesson begin(Data data, Device device) {
        InputChange change = InputChange.between(data.preparation(), preparation, name());
        return new Lesson() {
            @Override
            public Tensor logits(Tensor input) {
                try (Scope scope = Scope.open()) {
                    Tensor answer = script.forward(change.apply(input.cpu()));
                    if (answer.dim() != 2 || answer.size(0) != input.size(0)) {
                        throw new LimbeckException("teacher " + name() + " must give rows×classes logits, found "
                                + Tensors.shapeText(answer.shape()) + " for " + input.size(0) + " rows");
                    }
                    return scope.handOut(Tensors.to(answer, device));
                }
            }

            @Override
            public String fingerprint() {
                return Checksum.sha256Of(file);
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public void close() {
        script.close();
    }
}
