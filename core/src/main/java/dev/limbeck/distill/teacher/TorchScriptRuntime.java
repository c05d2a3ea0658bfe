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
 * Run TorchScript files, such as those of {@code torch.jit.trace(model, example).save("teacher.pt")} in Python. Save
 * after {@code model.eval()}. The file's {@code _extra_files} are its metadata.
 */
public final class TorchScriptRuntime implements ModelRuntime {
    @Override
    public String name() {
        return "TorchScript";
    }

    /** A zip file that contains a program; a checkpoint of weights contains none. */
    @Override
    public boolean runs(Path file) {
        return TorchScriptFile.isIn(file);
    }

    private static ModelFacts facts(TorchScriptFile file) {
        return new ModelFacts("TorchScript", List.of(), List.of(), file.extraFiles());
    }

    /** Check a file and read its metadata, without loading the program. */
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
                // There are no resources.
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
            throw new LimbeckException(file + " was saved in training mode, so its batch norms or dropout compute "
                    + "random or batch-dependent outputs; save it again after model.eval()");
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
