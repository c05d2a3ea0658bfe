package dev.limbeck.weights;

import dev.limbeck.LimbeckException;
import dev.limbeck.nn.StateDict;
import java.nio.file.Path;

/** Read weights from a file of any supported format. */
public final class WeightFiles {
    /** What the names begin with under which a checkpoint holds the state of a training, beside the weights. */
    public static final String TRAINING = "training/";

    private WeightFiles() {}

    /**
     * Read a state dict from a safetensors file or a PyTorch checkpoint, told apart by their content and not by the name. Of a training's checkpoint only the weights are returned.
     *
     * @return a state dict that the caller closes
     * @throws LimbeckException if there is no such file, or it is of another kind or damaged
     * @see Safetensors
     * @see TorchCheckpoint
     */
    public static StateDict read(Path file) {
        FileTrouble.requireFile(file);
        FileKind kind = FileKind.of(file);
        return switch (kind) {
            case SAFETENSORS -> {
                StateDict state = Safetensors.read(file);
                state.take(TRAINING).close();
                yield state;
            }
            case ZIP, TORCH_LEGACY -> TorchCheckpoint.read(file);
            default ->
                throw FileTrouble.in(
                        file, "is " + kind.description() + "; expected a safetensors file or a PyTorch checkpoint");
        };
    }
}
