package dev.limbeck.weights;

import dev.limbeck.LimbeckException;
import dev.limbeck.io.FileKind;
import dev.limbeck.io.IoErrors;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import java.nio.file.Path;
import java.util.List;

/** Read weights from a file of any supported format. */
public final class WeightFiles {
    /** What the names begin with under which a checkpoint holds the state of a training, beside the weights. */
    public static final String TRAINING = "training/";

    private static final String INDEX = ".index.json";

    private WeightFiles() {}

    /**
     * Open a file, recognized by its content. Of a training's checkpoint the weights alone are seen.
     *
     * @throws LimbeckException if the file does not exist, has another format or is damaged
     */
    public static WeightFile open(Path file) {
        IoErrors.requireFile(file);
        FileKind kind = FileKind.of(file);
        return switch (kind) {
            case SAFETENSORS -> Safetensors.open(file, name -> !name.startsWith(TRAINING));
            case ZIP -> TorchZip.open(file);
            case TORCH_LEGACY -> TorchLegacy.open(file);
            default -> throw noWeights(file, kind);
        };
    }

    /**
     * Read a state dict from a safetensors file or a PyTorch checkpoint, detected by content. Only the weights of a
     * training checkpoint are returned.
     *
     * @return a state dict that the caller closes
     * @throws LimbeckException if the file does not exist, has another format or is damaged
     * @see WeightFile#fit the way to read the weights of a known network
     */
    public static StateDict read(Path file) {
        return open(file).read(null);
    }

    /**
     * Read the weights of a file into a network, all or nothing.
     *
     * @return what of the file was chosen, converted or left out, see {@link WeightFit#notes}
     * @throws LimbeckException if it does not fit the network, or several sets of weights in it do
     */
    public static List<String> load(Path file, Module network) {
        WeightFit fit = open(file).fit(RequiredTensors.of(network.describe(), network), null);
        try (StateDict state = fit.read()) {
            network.load(state);
        }
        return fit.notes();
    }

    static LimbeckException noWeights(Path file, FileKind kind) {
        if (file.toString().endsWith(INDEX)) {
            return IoErrors.in(
                    file,
                    "is the index of weights in several files, which are not read; join them in Python, as by"
                            + " model.save_pretrained(path, max_shard_size=\"100GB\")");
        }
        String advice = kind.advice();
        return IoErrors.in(
                file,
                "is " + kind.description() + "; expected a safetensors file or a PyTorch checkpoint"
                        + (advice == null ? "" : advice));
    }
}
