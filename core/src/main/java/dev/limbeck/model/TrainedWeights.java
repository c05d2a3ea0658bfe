package dev.limbeck.model;

import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import dev.limbeck.io.Checksum;
import dev.limbeck.nn.FakeQuantization;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.weights.RequiredTensors;
import dev.limbeck.weights.WeightFiles;
import dev.limbeck.weights.WeightFit;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Bert;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Load all weights of a trained network, with its classifier, to train it further. */
public final class TrainedWeights {
    private TrainedWeights() {}

    /**
     * Return an architecture with the head that a file was trained with; the same if the file does not say.
     *
     * @throws LimbeckException if the file is of another architecture, or of other classes
     */
    public static Architecture architecture(Path path, Architecture wanted, List<String> classNames) {
        String stored = SavedModel.readMetadata(path).get(SavedModel.ARCHITECTURE);
        Architecture found = stored == null ? null : Zoo.find(stored).orElse(null);
        if (found == null) return wanted;
        String plain = found.withoutQuantization().withOwnHead().name();
        if (!Bert.Size.areSame(plain, wanted.withoutQuantization().withOwnHead().name())) {
            throw new LimbeckException(path + " is a " + stored + ", expected the weights of a " + wanted
                    + "; use that architecture, or other weights");
        }
        List<String> own = SavedModel.classNames(
                path.toString(), SavedModel.readMetadata(path).get(SavedModel.CLASSES));
        if (!own.isEmpty() && !own.equals(classNames)) {
            throw new LimbeckException(path + " knows the classes " + Printable.line(own.toString()) + ", the data has "
                    + Printable.line(classNames.toString()) + "; give it a new classifier (--weights, --head linear)");
        }
        return wanted.withHeadOf(found);
    }

    /**
     * Load the weights. Ranges of quantization-aware training that the file lacks stay new.
     *
     * @param path a file of weights, or a run directory
     * @param weightsKey where in the file the weights are stored; null if only one set of weights fits
     * @param log receives a description of the loaded and ignored tensors
     * @return what was loaded, with the SHA-256 of the file
     * @throws LimbeckException if the file does not fit the network
     */
    public static StartingWeights load(
            Path path, @Nullable String weightsKey, Module network, Architecture architecture, Consumer<String> log) {
        Path file = SavedModel.fileOf(path);
        String stored = SavedModel.readMetadata(file).getOrDefault(SavedModel.ARCHITECTURE, "");
        boolean hasRanges =
                Zoo.find(stored).map(Architecture::isQuantizationAware).orElse(false);
        RequiredTensors all = RequiredTensors.of(architecture.name(), network);
        WeightFit fit = WeightFiles.open(file)
                .fit(hasRanges ? all : all.only(name -> !FakeQuantization.isRange(name)), weightsKey);
        fit.orThrow();
        try (StateDict state = fit.read();
                StateDict own = network.stateDict()) {
            int read = state.names().size();
            for (String name : own.names()) {
                if (FakeQuantization.isRange(name) && !state.contains(name)) {
                    state.put(name, Scope.retain(Tensors.copy(own.get(name))));
                }
            }
            network.load(state);
            List<String> remarks = new ArrayList<>(fit.notes());
            remarks.add(0, read + " tensors read from " + file + ", its classifier too");
            log.accept(String.join("; ", remarks));
            int copied = (int) state.names().stream()
                    .filter(name -> !WeightSelection.isCounter(name) && !FakeQuantization.isRange(name))
                    .count();
            return new StartingWeights(
                    file.toString(), architecture.name(), Checksum.sha256Of(file), copied, 0, 0, Map.of(), Map.of());
        }
    }
}
