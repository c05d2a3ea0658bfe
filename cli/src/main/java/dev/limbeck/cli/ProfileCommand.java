package dev.limbeck.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.data.Modalities;
import dev.limbeck.distill.teacher.ModelFiles;
import dev.limbeck.evaluate.Latency;
import dev.limbeck.evaluate.Profile;
import dev.limbeck.export.Exporter;
import dev.limbeck.export.Format;
import dev.limbeck.export.OnnxModel;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.io.MissingFile;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.Summary;
import dev.limbeck.recipe.TemporaryFolder;
import dev.limbeck.run.RunJson;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.weights.TorchScriptFile;
import dev.limbeck.zoo.Zoo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.apache.commons.io.FileUtils;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "profile",
        description =
                "Measure models: parameters, MACs, size, latency, throughput, peak memory, startup. Several models "
                        + "are measured in separate processes, with fresh memory each.")
final class ProfileCommand extends LimbeckCommand {
    /** The shape of a row of the only input, in the output for programs. */
    private static final String SHAPE = "input_shape";
    /** Names, types and shapes of several. */
    private static final String INPUTS = "inputs";

    @Parameters(
            arity = "1..*",
            paramLabel = "MODEL",
            description = "Run directories, .safetensors files, PyTorch checkpoints (with --arch), ONNX files, "
                    + "TorchScript files (.pt, with --image-size).")
    List<Path> models = List.of();

    @Option(
            names = "--runtimes",
            split = ",",
            description = "Runtimes for zoo models: limbeck, torchscript, onnx, or several; models are "
                    + "exported to temporary files for it (default: limbeck).")
    List<Runtime> runtimes = List.of(Runtime.LIMBECK);

    /** Runtime for a model. */
    enum Runtime {
        LIMBECK,
        TORCHSCRIPT,
        ONNX
    }

    @Mixin
    CheckpointOptions checkpoint = new CheckpointOptions();

    @Option(names = "--batch-size", description = "Inputs of the larger batch (default: 32).")
    int batch = 32;

    @Option(names = "--runs", description = "Passes that count (default: 100).")
    int runs = 100;

    @Option(names = "--image-size", description = "Side of the images (default: the model's).")
    @Nullable
    Integer imageSize;

    @Mixin
    EngineOptions engine = new EngineOptions();

    @Override
    Object run() {
        Numbers.atLeast(1, "--batch-size", batch);
        Numbers.atLeast(1, "--runs", runs);
        Numbers.atLeast(1, "--image-size", imageSize);
        for (Path path : models) if (!Files.exists(path)) throw MissingFile.of("model", path);
        onlyIf(
                !models.stream().allMatch(this::isFile),
                "is for models of the zoo, found only ONNX and TorchScript files; leave it out",
                "--arch",
                "--weights-key",
                "--runtimes");
        engine.apply();
        // A single one is opened at once anyway.
        if (apart()) models.forEach(this::check);
        boolean onCpu = models.stream().anyMatch(this::isFile) || !runtimes.equals(List.of(Runtime.LIMBECK));
        if (onCpu && !Engine.device(engine.device).is_cpu()) {
            log("TorchScript and ONNX files are measured on the CPU, Limbeck's models on " + engine.device);
        }
        List<Map<String, Object>> results = new ArrayList<>();
        say(Texts.format(
                "%-32s %12s %9s %9s %23s %23s %9s %9s %9s",
                "model",
                "parameters",
                "MMACs",
                "KB",
                "p50/p90/p99 ms at 1",
                "ms at " + batch,
                "inputs/s",
                "peak MiB",
                "start ms"));
        for (Path path : models) {
            if (isFile(path)) results.add(said(apart() ? measureApart(path, null, imageSize) : measure(path)));
            else inRuntimes(path, results);
        }
        return results;
    }

    /** Open a model before the measurements start, to report errors early. */
    private void check(Path path) {
        if (isOnnx(path)) {
            try (OnnxModel model = OnnxModel.open(path, 1)) {
                model.inputs().forEach(input -> filled(path, input));
            }
        } else if (isFile(path)) {
            TorchScriptFile checked = TorchScriptFile.open(path);
            inputs(path, checked.extraFiles(), imageSize);
            checked.load().close();
        } else {
            try (SavedModel saved = checkpoint.open(path)) {
                if (imageSize != null && runtimes.contains(Runtime.ONNX)) requireOwnSize(path, saved, imageSize);
            }
        }
    }

    /** Refuse another image size than the model's: its ONNX file takes no other. */
    private static void requireOwnSize(Path path, SavedModel saved, int side) {
        int own = ImagePreprocessing.isIn(saved.preprocessing())
                ? ImagePreprocessing.of(saved.preprocessing()).height()
                : Zoo.byName(saved.architecture()).imageSize();
        if (own != side) throw fixedSize(path, own, side);
    }

    private static LimbeckException fixedSize(Path path, long own, int side) {
        return new LimbeckException("the ONNX file of " + path + " takes images of " + own + "×" + own
                + " only, found --image-size " + side + "; leave it out, or leave onnx out");
    }

    private static boolean isOnnx(Path path) {
        return path.toString().toLowerCase(Locale.ROOT).endsWith(".onnx");
    }

    private boolean isFile(Path path) {
        return isOnnx(path) || (checkpoint.arch == null && TorchScriptFile.isIn(path));
    }

    /** Return whether there are several measurements. */
    private boolean apart() {
        return models.size() > 1 || runtimes.size() > 1 || !runtimes.contains(Runtime.LIMBECK);
    }

    private Map<String, Object> measure(Path path) {
        long idle = Engine.residentBytes();
        Map<String, Object> result = isOnnx(path) ? onnx(path) : isFile(path) ? script(path, imageSize) : model(path);
        result.computeIfPresent("profile", (key, profile) -> ((Profile) profile).withMemoryAbove(idle));
        return result;
    }

    private Map<String, Object> measureApart(Path path, @Nullable String named, @Nullable Integer side) {
        List<String> arguments = new ArrayList<>(List.of("profile", path.toString(), "--batch-size", "" + batch));
        arguments.addAll(List.of("--runs", "" + runs, "--device", engine.device));
        if (named != null) arguments.addAll(List.of("--arch", named));
        String key = checkpoint.weightsKey;
        if (named != null && key != null) arguments.addAll(List.of("--weights-key", key));
        if (side != null) arguments.addAll(List.of("--image-size", "" + side));
        if (engine.threads != null) arguments.addAll(List.of("--threads", "" + engine.threads));
        arguments.addAll(List.of("--model-timeout", "" + modelTimeout));
        JsonNode measured = OwnProcess.json(arguments).get(0);
        try {
            Map<String, Object> result = result(
                    path,
                    measured.get("architecture").asText(),
                    RunJson.read(measured.get("profile"), Profile.class),
                    measured.get("start_millis").asDouble());
            for (String input : List.of(SHAPE, INPUTS)) {
                if (measured.has(input)) result.put(input, measured.get(input));
            }
            return result;
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a profile cannot be read back", e);
        }
    }

    private Map<String, Object> said(Map<String, Object> result) {
        say(line(
                result.get("model") + " (" + result.get("architecture") + ")", (Profile) result.get("profile"), (double)
                        result.get("start_millis")));
        return result;
    }

    /** Measure a zoo model in every requested runtime. */
    private void inRuntimes(Path path, List<Map<String, Object>> results) {
        if (runtimes.contains(Runtime.LIMBECK)) {
            results.add(said(apart() ? measureApart(path, checkpoint.arch, imageSize) : measure(path)));
        }
        if (runtimes.equals(List.of(Runtime.LIMBECK))) return;
        try {
            Path folder = TemporaryFolder.create();
            try {
                exported(path, folder.resolve("files"), results);
            } finally {
                FileUtils.deleteDirectory(folder.toFile());
            }
        } catch (IOException e) {
            throw new LimbeckException("cannot export " + path + " to profile it: " + e.getMessage(), e);
        }
    }

    private void exported(Path path, Path folder, List<Map<String, Object>> results) {
        Summary summary;
        List<InputSpec> inputs;
        try (SavedModel saved = checkpoint.open(path)) {
            inputs = ModelInputs.of(saved, imageSize);
            summary = Summary.of(saved.module(), inputs);
            Exporter.of(saved).as(Format.ONNX, Format.TORCHSCRIPT).export(folder);
        }
        if (runtimes.contains(Runtime.TORCHSCRIPT)) {
            Path file = folder.resolve(Format.TORCHSCRIPT.fileName());
            results.add(said(of(path, measureApart(file, null, imageSize), summary)));
        }
        if (runtimes.contains(Runtime.ONNX)) {
            Path file = folder.resolve(Format.ONNX.fileName());
            results.add(said(of(path, measureApart(file, null, null), summary)));
        }
    }

    /** Add the file and the known facts of the model. */
    private static Map<String, Object> of(Path model, Map<String, Object> result, Summary summary) {
        Profile measured = (Profile) result.get("profile");
        result.put("model", model.toString());
        result.put("profile", measured.of(summary));
        return result;
    }

    private Map<String, Object> model(Path path) {
        long begun = System.nanoTime();
        try (SavedModel saved = checkpoint.open(path);
                Scope scope = Scope.open()) {
            saved.module().to(Engine.device(engine.device));
            List<InputSpec> inputs = ModelInputs.of(saved, imageSize);
            saved.module().predict(saved.module().adapt(Inputs.example(inputs, 1)));
            double start = millisSince(begun);
            Profile profile = Profile.of(saved.module(), ModelFiles.bytes(saved.file()), batch, runs, inputs);
            return result(path, saved.architecture(), inputs, profile, start);
        }
    }

    /** Measure it in ONNX Runtime. */
    private Map<String, Object> onnx(Path path) {
        long begun = System.nanoTime();
        try (OnnxModel model = OnnxModel.open(path, engine.threads == null ? 0 : engine.threads)) {
            List<InputSpec> inputs =
                    model.inputs().stream().map(input -> filled(path, input)).toList();
            first(model::forward, inputs);
            double start = millisSince(begun);
            return result(path, "ONNX Runtime", inputs, profile(path, model::forward, inputs), start);
        }
    }

    private Profile profile(Path path, Function<Inputs, Tensor> model, List<InputSpec> inputs) {
        return Profile.of(ModelFiles.bytes(path), batch, rows -> {
            // The rows are made once: only the model's own time is measured.
            try (Scope scope = Scope.open()) {
                Inputs example = Inputs.example(inputs, Math.toIntExact(rows));
                return Latency.measure(() -> run(model, example), runs);
            }
        });
    }

    private static void first(Function<Inputs, Tensor> model, List<InputSpec> inputs) {
        try (Scope scope = Scope.open()) {
            model.apply(Inputs.example(inputs, 1));
        }
    }

    private static void run(Function<Inputs, Tensor> model, Inputs inputs) {
        try (Scope scope = Scope.open()) {
            model.apply(inputs);
        }
    }

    /** Fill in open sizes of a file's images from the options; other open lengths are those of the example. */
    private InputSpec filled(Path path, InputSpec declared) {
        long[] row = declared.shape();
        if (row.length != 3) return declared;
        if (row[0] < 1) row[0] = 3;
        for (int i = 1; i < 3; i++) {
            if (row[i] < 1) row[i] = side(path, imageSize);
            else if (imageSize != null && row[i] != imageSize) throw fixedSize(path, row[i], imageSize);
        }
        return new InputSpec(declared.name(), declared.type(), row, declared.pad(), declared.bound());
    }

    private static int side(Path path, @Nullable Integer given) {
        if (given != null) return given;
        throw new LimbeckException(path + " does not contain its image size; set it with --image-size");
    }

    /** Return the inputs that a TorchScript file says, or images of the given size. */
    private static List<InputSpec> inputs(Path path, Map<String, String> says, @Nullable Integer given) {
        if (given == null && ModelInputs.areIn(says)) return Modalities.inputs(says);
        return List.of(InputSpec.floats(3, side(path, given), side(path, given)));
    }

    /** Measure it as TorchScript in LibTorch. */
    private Map<String, Object> script(Path path, @Nullable Integer given) {
        TorchScriptFile checked = TorchScriptFile.open(path);
        List<InputSpec> inputs = inputs(path, checked.extraFiles(), given);
        long begun = System.nanoTime();
        try (Script script = checked.load()) {
            first(script::forward, inputs);
            double start = millisSince(begun);
            return result(path, "TorchScript", inputs, profile(path, script::forward, inputs), start);
        }
    }

    private static double millisSince(long begun) {
        return (System.nanoTime() - begun) / 1e6;
    }

    private static Map<String, Object> result(Path path, String architecture, Profile profile, double start) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("model", path.toString());
        result.put("architecture", architecture);
        result.put("profile", profile);
        result.put("start_millis", start);
        return result;
    }

    private static Map<String, Object> result(
            Path path, String architecture, List<InputSpec> inputs, Profile profile, double start) {
        Map<String, Object> result = result(path, architecture, profile, start);
        if (inputs.size() == 1) result.put(SHAPE, inputs.get(0).shape());
        else result.put(INPUTS, inputs.stream().map(InputSpec::toString).toList());
        return result;
    }

    private static String line(String name, Profile profile, double start) {
        return Texts.format(
                "%-32s %12s %9s %,9d %23s %23s %,9.0f %9.1f %9.0f",
                name,
                profile.parameters() == 0 ? "-" : Texts.format("%,d", profile.parameters()),
                profile.macs() == 0 ? "-" : Texts.format("%.1f", profile.macs() / 1e6),
                Math.round(profile.bytes() / 1e3),
                millis(profile.one()),
                millis(profile.many()),
                profile.throughput(),
                profile.memory() / (double) (1 << 20),
                start);
    }

    private static String millis(Latency latency) {
        return Texts.format("%.2f/%.2f/%.2f", latency.p50(), latency.p90(), latency.p99());
    }
}
