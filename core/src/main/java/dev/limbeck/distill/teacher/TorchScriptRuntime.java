package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.ModelFacts;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Script;
import dev.limbeck.weights.TorchScriptFile;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * Run TorchScript files, such as {@code torch.jit.trace(model, example).save("teacher.pt")} leaves in Python; save after
 * {@code model.eval()}. What was saved beside it as {@code _extra_files} is its metadata.
 */
public final class TorchScriptRuntime implements ModelRuntime {
    @Override
    public String name() {
        return "TorchScript";
    }

    /** A zip file with a program in it; a checkpoint of weights alone has none. */
    @Override
    public boolean runs(Path file) {
        return TorchScriptFile.isIn(file);
    }

    private static ModelFacts facts(TorchScriptFile file) {
        return new ModelFacts("TorchScript", List.of(), List.of(), file.extraFiles());
    }

    /** Check a file and read the texts beside it, without loading it. */
    @Override
    public Running look(Path file) {
        ModelFacts facts = facts(TorchScriptFile.open(file));
        return new Running() {
            @Override
            public Tensor forward(Inputs inputs) {
                throw new IllegalStateException(file + " was opened for what it says alone");
            }

            @Override
            public ModelFacts facts() {
                return facts;
            }

            @Override
            public void close() {
                // Nothing is held.
            }
        };
    }

    @Override
    public Running open(Path file) {
        TorchScriptFile checked = TorchScriptFile.open(file);
        ModelFacts facts = facts(checked);
        Script script = checked.load();
        if (script.trains()) {
            script.close();
            throw new LimbeckException(
                    file + " was saved in training mode, so its batch norms or dropout compute otherwise "
                            + "than they should for answers; save it again after model.eval()");
        }
        return new Running() {
            @Override
            public Tensor forward(Inputs inputs) {
                return script.forward(inputs);
            }

            @Override
            public ModelFacts facts() {
                return facts;
            }

            @Override
            public void close() {
                script.close();
            }
        };
    }
}
