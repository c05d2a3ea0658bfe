package dev.limbeck.weights;

import dev.limbeck.LimbeckException;
import dev.limbeck.nn.StateDict;
import java.nio.file.Path;

/** Read weights from a file of any supported format. */
public final class WeightFiles {
    /** What the names begin with under which a checkpoint holds the state of a training, beside the weights. */
    public static final String TRAINING = "training/";

    private static final String INDEX = ".index.json";

    private WeightFiles() {}

    /**
     * Read a state dict from a safetensors file or a PyTorch checkpoint, told apart by their content and not by the name. Of a training's checkpoint only the weights are returned.
     *
     * @return a state dict that the caller closes
     * @throws LimbeckException if there is no such file, or it is of another kind or damaged
     * @see WeightFile#fit the way to read the weights of a known network
     */
    public static StateDict read(Path file) {
        return WeightFile.open(file).read(null);
    }

    static LimbeckException noWeights(Path file, FileKind kind) {
        if (file.toString().endsWith(INDEX)) {
            return FileTrouble.in(
                    file,
                    "is the index of weights in several files, which are not read; join them in Python, as by"
                            + " model.save_pretrained(path, max_shard_size=\"100GB\")");
        }
        return FileTrouble.in(
                file, "is " + kind.description() + "; expected a safetensors file or a PyTorch checkpoint");
    }
}
