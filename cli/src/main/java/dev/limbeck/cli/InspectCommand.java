package dev.limbeck.cli;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Modalities;
import dev.limbeck.data.ModelFacts;
import dev.limbeck.distill.served.ModelAddress;
import dev.limbeck.distill.served.ServedModel;
import dev.limbeck.distill.teacher.FileTeacher;
import dev.limbeck.distill.teacher.ModelFiles;
import dev.limbeck.distill.teacher.ModelRole;
import dev.limbeck.distill.teacher.ModelRuntimes;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.io.MissingFile;
import dev.limbeck.model.ForeignFolder;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.weights.ClassNames;
import dev.limbeck.weights.TorchScriptFile;
import dev.limbeck.weights.WeightFile;
import dev.limbeck.weights.WeightFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "inspect", description = "Describe a model file: format, inputs, outputs, class names, preprocessing.")
final class InspectCommand extends LimbeckCommand {
    private static final int SHOWN = 12;

    @Parameters(
            paramLabel = "FILE",
            description =
                    "A run directory, a .safetensors file, a PyTorch checkpoint, a TorchScript, ONNX or XGBoost file, or the "
                            + "address of a served model.")
    String named = "";

    @Option(
            names = "--weights-key",
            description = "Which of several sets of weights in a checkpoint, such as model_ema.")
    @Nullable
    String weightsKey;

    @Override
    Object run() {
        Map<String, Object> facts = ModelAddress.isOne(named) ? served() : file(Path.of(named));
        facts.forEach((key, value) -> say(key + ": " + Texts.shortened(text(value))));
        return facts;
    }

    private Map<String, Object> served() {
        requireWeights("the address of a served model");
        try (FileTeacher teacher = ServedModel.open(ModelAddress.of(named), 1, ModelRole.TEACHER, this::log)) {
            Map<String, Object> facts = described(teacher);
            metadata(teacher, facts);
            return facts;
        }
    }

    private Map<String, Object> file(Path file) {
        Path path = SavedModel.fileOf(file);
        LimbeckException folder = ForeignFolder.error(file);
        if (folder != null) throw folder;
        if (!Files.exists(path)) throw MissingFile.of("model", path);
        return Files.isRegularFile(path) && ModelRuntimes.find(path).isPresent()
                ? network(path)
                : weights(path, weightsKey);
    }

    private void requireWeights(String found) {
        onlyIf(false, "is for checkpoints, found " + found + "; leave it out", "--weights-key");
    }

    private Map<String, Object> network(Path path) {
        requireWeights(path + ", which holds a network");
        try (FileTeacher teacher = FileTeacher.look(path)) {
            Map<String, Object> facts = described(teacher);
            List<Path> files = ModelFiles.of(path);
            if (files.size() > 1)
                facts.put("files", files.stream().map(Path::toString).toList());
            if (TorchScriptFile.isIn(path)) contents(TorchScriptFile.open(path), facts);
            metadata(teacher, facts);
            return facts;
        }
    }

    private static Map<String, Object> described(FileTeacher teacher) {
        ModelFacts said = teacher.facts();
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("kind", said.kind());
        facts.put("sha256", teacher.sha256());
        if (!said.inputs().isEmpty()) {
            facts.put("inputs", said.inputs().stream().map(InputSpec::toString).toList());
        }
        if (!said.outputs().isEmpty()) facts.put("outputs", said.outputs());
        if (!teacher.preprocessing().containsKey(Modalities.KEY)) {
            facts.put("layout", teacher.preprocessing().getOrDefault(ImagePreprocessing.LAYOUT, "nchw"));
        }
        facts.put("classes", teacher.classNames().isEmpty() ? "not named" : teacher.classNames());
        facts.put("preprocessing", teacher.preprocessing().isEmpty() ? "not said" : teacher.preprocessing());
        return facts;
    }

    private static void metadata(FileTeacher teacher, Map<String, Object> facts) {
        teacher.facts().metadata().forEach((key, value) -> facts.put("metadata." + key, value));
    }

    /** Count the contents of a TorchScript file, most frequent first. */
    private static void contents(TorchScriptFile script, Map<String, Object> facts) {
        facts.put("tensors", script.tensors());
        facts.put("numbers", script.numbers());
        facts.put("modules", counted(script.classes()));
        facts.put("operators", counted(script.operators()));
    }

    private static List<String> counted(Map<String, Integer> counts) {
        return counts.entrySet().stream()
                .sorted(Map.Entry.<String, Integer>comparingByValue()
                        .reversed()
                        .thenComparing(Map.Entry.comparingByKey()))
                .map(entry -> entry.getKey() + " " + entry.getValue())
                .toList();
    }

    private Map<String, Object> weights(Path path, @Nullable String key) {
        WeightFile weights = WeightFiles.open(path);
        List<String> keys = weights.keys();
        List<String> shown =
                keys.stream().map(one -> one.isEmpty() ? "'' (top level)" : one).toList();
        List<ClassNames.Found> names = weights.classNames();
        if (key == null && keys.size() > 1 && !keys.contains("")) {
            Map<String, Object> facts = new LinkedHashMap<>();
            facts.put("kind", "weights without a network (state dicts)");
            facts.put("sha256", ModelFiles.sha256(path));
            facts.put("checksum", checksum(weights));
            facts.put("weights_keys", json ? keys : shown);
            names.forEach(found -> facts.put("classes." + found.key(), found.names()));
            facts.put(
                    "use",
                    "set its architecture: --arch, for a teacher --teacher-arch; and if several sets of weights"
                            + " fit it, one of them: --weights-key, for a teacher --teacher-weights-key");
            return facts;
        }
        try (StateDict state = weights.read(key)) {
            Map<String, Object> facts = new LinkedHashMap<>();
            facts.put("kind", "weights without a network (a state dict)");
            facts.put("sha256", ModelFiles.sha256(path));
            facts.put("checksum", checksum(weights));
            facts.put("weights_sha256", state.sha256());
            if (keys.size() > 1) facts.put("weights_keys", json ? keys : shown);
            List<String> remarks = weights.remarks(key);
            if (!remarks.isEmpty()) facts.put("remarks", remarks);
            names.forEach(found -> facts.put("classes." + found.key(), found.names()));
            long numbers = 0;
            for (String name : state.names()) numbers += state.get(name).numel();
            facts.put("tensors", state.names().size());
            facts.put("numbers", numbers);
            facts.put(
                    "first_tensors",
                    state.names().stream()
                            .limit(SHOWN)
                            .map(name -> name + " " + shape(state.get(name)))
                            .toList());
            state.metadata().forEach((name, value) -> facts.put("metadata." + name, value));
            if (!state.metadata().containsKey("architecture")) {
                facts.put("use", "set its architecture: --arch, for a teacher --teacher-arch");
            }
            return facts;
        }
    }

    private static String checksum(WeightFile weights) {
        return weights.hasChecksum() ? "right" : "none; damage to its numbers cannot be detected";
    }

    private static String shape(Tensor tensor) {
        return Tensors.shapeText(tensor.shape());
    }

    private static String text(Object value) {
        if (value instanceof Map<?, ?> map) return Texts.pairs(map);
        if (value instanceof List<?> list)
            return list.stream().map(String::valueOf).collect(Collectors.joining(", "));
        return String.valueOf(value);
    }
}
