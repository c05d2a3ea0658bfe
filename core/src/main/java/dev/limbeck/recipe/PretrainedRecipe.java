package dev.limbeck.recipe;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Modalities;
import dev.limbeck.io.Checksum;
import dev.limbeck.io.Downloads;
import dev.limbeck.io.MissingFile;
import dev.limbeck.model.HuggingFaceFolder;
import dev.limbeck.model.SavedModel;
import dev.limbeck.train.LearnerBuilder;
import dev.limbeck.weights.PretrainedWeights;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Hold the pretrained weights that a network starts from, with a new classifier or the file's. */
public record PretrainedRecipe(
        @Setting(help = "Fine-tune the weights of a file or a run", defaultValue = "imagenet", label = "FILE")
        String weights,

        @Setting(help = "Which of several sets of weights in the file, such as model_ema", label = "KEY", rare = true)
        @Nullable
        String weightsKey,

        @Setting(
                help = "Layers of a deeper encoder to start from, one for each of the student's",
                whenUnset = "evenly from the first",
                atLeast = 0,
                label = "N,N",
                rare = true)
        @Nullable
        List<Integer> weightsLayers,

        @Setting(
                help = "New classifier, or keep the file's",
                oneOf = {"concat", "linear", "keep"},
                whenUnset = "concat if it pools; keep for quantize",
                rare = true)
        @Nullable
        String head,

        @Setting(help = "First epochs that train only the new classifier", defaultValue = "1", atLeast = 0, rare = true)
        Integer frozenEpochs,

        @Setting(
                help = "Train only a new linear classifier, in all epochs (a linear probe)",
                defaultValue = "false",
                rare = true)
        Boolean probe) {
    private static final String IMAGENET = "imagenet";
    private static final String LINEAR = "linear";
    private static final String KEEP = "keep";

    public PretrainedRecipe {
        if (weightsKey != null && weights.equals(IMAGENET)) {
            throw new LimbeckException("found pretrained.weights_key without a file of weights; leave it out");
        }
        if (probe && head != null && !head.equals(LINEAR)) {
            throw new LimbeckException(
                    "a probe trains a linear classifier, found pretrained.head " + head + "; leave one of both out");
        }
        if (weightsLayers != null && weights.equals(IMAGENET)) {
            throw new LimbeckException("found pretrained.weights_layers without a file of weights; leave it out");
        }
        // One is the default, which means nothing here.
        if ((probe || KEEP.equals(head)) && frozenEpochs > 1) {
            throw new LimbeckException("found frozen_epochs " + frozenEpochs + ", but with "
                    + (probe ? "probe all epochs train the classifier only" : "head keep there is no new classifier")
                    + "; leave one of both out");
        }
        if (KEEP.equals(head)) {
            if (weights.equals(IMAGENET)) {
                throw new LimbeckException(
                        "found head keep without a file of weights (--weights) whose classifier is kept; "
                                + "choose concat or linear");
            }
            if (weightsLayers != null) {
                throw new LimbeckException(
                        "found weights_layers with head keep, which takes all layers; leave one out");
            }
            frozenEpochs = 0;
        }
    }

    /** Refuse what is for a classifier: a student that learns an embedding has none, and all its layers are trained from the start. */
    void requireNoClassifier() {
        // One is the default, which means nothing here.
        String found = head != null ? "head " + head : frozenEpochs > 1 ? "frozen_epochs " + frozenEpochs : null;
        if (found == null) return;
        throw new LimbeckException("the task embedding trains a network without a classifier, found pretrained." + found
                + "; leave it out");
    }

    boolean keepsHead() {
        return KEEP.equals(head);
    }

    /** Return the same, with the file's classifier unless the recipe chooses another one. */
    PretrainedRecipe keepingHead() {
        return head == null && !probe && !weights.equals(IMAGENET) ? Sections.with(this, "head", KEEP) : this;
    }

    /**
     * Return how the inputs of these weights are prepared. For data of rows, a network that starts from them must read the same columns
     * and tokens. For images it is empty, unless the network's features or its classifier stay as they are.
     */
    Map<String, String> preprocessing() {
        Path file = Path.of(weights);
        if (HuggingFaceFolder.isAt(file)) return HuggingFaceFolder.read(file).preprocessing();
        if (weights.equals(IMAGENET) || !Files.exists(file)) return Map.of();
        Map<String, String> said = SavedModel.readMetadata(file);
        // Weights that are kept were trained for these inputs.
        if (keepsHead() || probe) return SavedModel.preprocessing(said);
        return said.containsKey(Modalities.KEY) ? said : Map.of();
    }

    /** Return the SHA-256 of the file of the weights, in hex; empty if they are published ones, whose checksum is known, or missing. */
    String sha256() {
        if (weights.equals(IMAGENET)) return "";
        Path path = Path.of(weights);
        Path file = HuggingFaceFolder.isAt(path) ? HuggingFaceFolder.read(path).weights() : SavedModel.fileOf(path);
        return Files.isRegularFile(file) ? Checksum.sha256Of(file) : "";
    }

    /** Return the number of epochs that come before the others. */
    int earlierEpochs() {
        return probe ? 0 : frozenEpochs;
    }

    /** Configure a learner to start from these weights. */
    LearnerBuilder into(LearnerBuilder learner, Downloads.Progress progress) {
        if (probe || LINEAR.equals(head)) learner.ownHead();
        if (keepsHead()) learner.keepHead();
        if (weights.equals(IMAGENET)) return learner.pretrained(PretrainedWeights.store(), progress);
        Path file = Path.of(weights);
        if (!Files.exists(file)) {
            throw MissingFile.of(
                    "weights", file, "expected imagenet, a safetensors file, a PyTorch checkpoint or a run directory");
        }
        return learner.weights(file).weightsKey(weightsKey).weightsLayers(weightsLayers);
    }
}
