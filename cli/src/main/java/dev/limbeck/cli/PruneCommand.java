package dev.limbeck.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.Data;
import dev.limbeck.model.SavedModel;
import dev.limbeck.prune.Criterion;
import dev.limbeck.prune.PrunableNetwork;
import dev.limbeck.prune.Pruned;
import dev.limbeck.prune.Pruning;
import dev.limbeck.recipe.DataRecipe;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.tensor.Engine;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "prune",
        optionListHeading = "Pruning",
        description = "Remove channels of a trained convolutional network, and write the smaller network.")
final class PruneCommand extends DataCommand {
    private static final String ENDING = ".safetensors";
    /** Settings that pruning uses without data too: the size of a network's inputs decides its MACs, and a file may not say its task. */
    private static final List<String> OF_MODEL = List.of("image_size", "task");
    /** The setting that counts beside the data of the model's run, which has its task. */
    private static final List<String> SIZE = List.of("image_size");

    @Parameters(paramLabel = "MODEL", description = "A run directory, a .safetensors file or a PyTorch checkpoint.")
    Path model = Path.of("");

    @Mixin
    CheckpointOptions checkpoint = new CheckpointOptions();

    @Option(
            names = "--out",
            required = true,
            paramLabel = "FILE",
            description = "The .safetensors file that is written")
    Path out = Path.of("");

    @Option(names = "--overwrite", description = "Replace an existing file")
    boolean overwrite;

    @Option(names = "--macs", paramLabel = "SHARE", description = "Keep this share of the MACs of the whole network")
    @Nullable
    Double macs;

    @Option(
            names = "--ratio",
            split = ",",
            paramLabel = "X,LAYER=X",
            hideParamSyntax = true,
            description = "Or remove this share of each layer: 0.3,layer3=0.5")
    List<String> ratios = List.of();

    @Option(
            names = "--criterion",
            paramLabel = "NAME",
            description = "Remove first by: l1, bn, or taylor, which needs data (default: bn)")
    Criterion criterion = Criterion.BN;

    @Option(names = "--batches", paramLabel = "N", description = "Batches of training rows for taylor (default: 8)")
    int batches = Pruning.BATCHES;

    @Option(names = "--least", paramLabel = "SHARE", description = "Keep this share of each layer (default: 0.1)")
    double least = Pruning.LEAST;

    @Option(names = "--multiple", paramLabel = "N", description = "Keep a multiple of N channels (default: 1)")
    int multiple = 1;

    @Override
    Object run() {
        Numbers.atLeast(1, "--batches", batches);
        Numbers.atLeast(1, "--multiple", multiple);
        if (!(least >= 0 && least < 1)) throw new WrongOption("--least must be at least 0 and below 1, found " + least);
        if ((macs == null) == ratios.isEmpty()) {
            throw new WrongOption("set --macs or --ratio, found " + (macs == null ? "neither" : "both"));
        }
        if (macs != null && !(macs > 0 && macs < 1)) {
            throw new WrongOption("--macs must be above 0 and below 1, found " + macs);
        }
        onlyIf(macs != null, "bounds what --macs leaves of a layer, found --ratio; leave one of them out", "--least");
        Map<String, Double> layers = layers();
        String withoutData =
                "is for the criterion taylor, found " + criterion.key() + "; leave it out, or add --criterion taylor";
        onlyIf(criterion.needsData(), withoutData, "--batches", "--workers");
        onlyIf(criterion.needsData(), withoutData, data.settings.without(OF_MODEL));
        requireFree();
        engine.apply();
        try (SavedModel opened = checkpoint.open(model)) {
            SavedModel saved = task().of(opened);
            PrunableNetwork network = PrunableNetwork.of(saved, ModelInputs.of(saved, data.imageSize()));
            Pruning pruning = new Pruning(criterion).least(least).multiple(multiple);
            if (macs != null) pruning.requireShare(network, macs);
            if (criterion.needsData() && saved.task().kind() == Task.Kind.EMBEDDING) {
                throw new LimbeckException("the criterion taylor needs a loss on labels, and " + saved.file()
                        + " returns embeddings; take l1 or bn");
            }
            if (criterion.needsData()) return prunedOnData(saved, pruning, network, layers);
            Object result = written(pruned(pruning, network, layers), saved);
            task().sayAssumed(saved.file(), saved.task().kind(), saved.knowsTask());
            return result;
        }
    }

    /** Parse the ratios; that of all layers is under an empty name. */
    private Map<String, Double> layers() {
        Map<String, Double> layers = new LinkedHashMap<>();
        for (String ratio : ratios) {
            int equals = ratio.indexOf('=');
            String layer = ratio.substring(0, Math.max(0, equals)).strip();
            try {
                if (layers.put(layer, Double.valueOf(ratio.substring(equals + 1))) != null) {
                    throw new WrongOption("--ratio must be one number for each layer, and one for all others, found "
                            + String.join(",", ratios) + "; "
                            + (layer.isEmpty() ? "name a layer, as in layer3=0.5" : "name " + layer + " once"));
                }
            } catch (NumberFormatException e) {
                throw new WrongOption("--ratio must be numbers such as 0.3 or layer3=0.5, found '" + ratio + "'");
            }
        }
        return layers;
    }

    private void requireFree() {
        if (!out.toString().endsWith(ENDING)) {
            throw new WrongOption("--out must end with " + ENDING + ", found " + out);
        }
        if (Files.exists(out) && !overwrite) {
            throw new LimbeckException(out + " exists; choose another --out, or replace it with --overwrite");
        }
    }

    private Object prunedOnData(
            SavedModel saved, Pruning pruning, PrunableNetwork network, Map<String, Double> layers) {
        ObjectNode tree = dataOrThatOf(saved, SIZE)
                .orElseThrow(() -> new LimbeckException("the criterion taylor needs data, and " + saved.file()
                        + " stands beside no run; set --data, or take l1 or bn"));
        DataRecipe recipe = WrongOption.in(() -> RecipeFiles.bind(tree, DataRecipe.class, ""));
        try (Data rows = recipe.openFor(0, Zoo.byName(saved.architecture()), saved.preprocessing(), context())) {
            LoadedModel.checkClasses(saved.classes(), saved.classNames(), rows.classNames());
            context().logData(rows);
            saved.module().to(Engine.device(engine.device));
            return written(pruned(pruning.data(rows, batches), network, layers), saved.withTaskFor(rows.task()));
        }
    }

    private Pruned pruned(Pruning pruning, PrunableNetwork network, Map<String, Double> layers) {
        if (macs != null) return pruning.toShare(network, macs);
        Map<String, Double> named = new LinkedHashMap<>(layers);
        Double all = named.remove("");
        return pruning.byRatio(network, all == null ? 0 : all, named);
    }

    private Map<String, Object> written(Pruned made, SavedModel of) {
        try (Pruned pruned = made) {
            pruned.save(out, of);
            return described(pruned);
        }
    }

    private Map<String, Object> described(Pruned pruned) {
        for (Pruned.Layer layer : pruned.layers()) {
            if (layer.before() != layer.after()) {
                say(Texts.format("%-24s %5d -> %d channels", layer.name(), layer.before(), layer.after()));
            }
        }
        say(pruned.summary());
        say("written to " + out);
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("file", out.toString());
        result.put("architecture", pruned.architecture().name());
        result.put("criterion", criterion.key());
        result.put("before", pruned.before());
        result.put("after", pruned.after());
        result.put("layers", pruned.layers());
        return result;
    }
}
