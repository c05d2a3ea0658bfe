package dev.limbeck.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import dev.limbeck.LimbeckException;
import dev.limbeck.Settings;
import dev.limbeck.data.image.ImagePreparation;
import dev.limbeck.evaluate.Latency;
import dev.limbeck.evaluate.Profile;
import dev.limbeck.export.OnnxModel;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.SavedModel;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "profile",
        description =
                "Measure what models cost: parameters, MACs, size, latency, throughput, peak memory. Several models "
                        + "are measured in a process each, so that none finds memory that another has left.")
final class ProfileCommand extends LimbeckCommand {
    private static final ObjectMapper JSON =
            new ObjectMapper().setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE);

    @Parameters(
            arity = "1..*",
            paramLabel = "MODEL",
            description = "Run directories, .safetensors files, PyTorch checkpoints (then with --arch), ONNX files, "
                    + "TorchScript files (.pt, with --image-size).")
    List<Path> models = List.of();

    @Option(names = "--arch", description = "Architecture of models whose file does not name it.")
    @Nullable
    String arch;

    @Option(names = "--batch-size", defaultValue = "32", description = "Images of the larger batch (default: 32).")
    int batch = 32;

    @Option(names = "--runs", defaultValue = "100", description = "Passes that count (default: 100).")
    int runs = 100;

    @Option(names = "--image-size", description = "Side of the images (default: as the model says).")
    @Nullable
    Integer imageSize;

    @Mixin
    EngineOptions engine = new EngineOptions();

    @Override
    Object run() {
        Settings.atLeast(1, "--batch-size", batch);
        Settings.atLeast(1, "--runs", runs);
        Numbers.atLeast(1, "--image-size", imageSize);
        engine.apply();
        List<Map<String, Object>> results = new ArrayList<>();
        say(Texts.format(
                "%-32s %12s %9s %9s %23s %23s %9s %9s %9s",
                "model",
                "parameters",
                "MMACs",
                "KB",
                "p50/p90/p99 ms at 1",
                "ms at " + batch,
                "images/s",
                "peak MiB",
                "start ms"));
        for (Path path : models) {
            Map<String, Object> result = models.size() == 1 ? measure(path) : measureApart(path);
            say(line(path + " (" + result.get("architecture") + ")", (Profile) result.get("profile"), (double)
                    result.get("start_millis")));
            results.add(result);
        }
        return results;
    }

    private Map<String, Object> measure(Path path) {
        long idle = Engine.residentBytes();
        Map<String, Object> result =
                path.toString().endsWith(".onnx") ? onnx(path) : isScript(path) ? script(path) : model(path);
        result.computeIfPresent("profile", (key, profile) -> ((Profile) profile).withMemoryAbove(idle));
        return result;
    }

    private Map<String, Object> measureApart(Path path) {
        List<String> arguments = new ArrayList<>(List.of("profile", path.toString(), "--batch-size", "" + batch));
        arguments.addAll(List.of("--runs", "" + runs, "--device", engine.device));
        if (arch != null) arguments.addAll(List.of("--arch", arch));
        if (imageSize != null) arguments.addAll(List.of("--image-size", "" + imageSize));
        if (engine.threads != null) arguments.addAll(List.of("--threads", "" + engine.threads));
        JsonNode measured = OwnProcess.json(arguments).get(0);
        try {
            return result(
                    path,
                    measured.get("architecture").asText(),
                    JSON.treeToValue(measured.get("input_shape"), long[].class),
                    JSON.treeToValue(measured.get("profile"), Profile.class),
                    measured.get("start_millis").asDouble());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a profile cannot be read back", e);
        }
    }

    private Map<String, Object> model(Path path) {
        long begun = System.nanoTime();
        try (SavedModel saved = SavedModel.open(path, arch == null ? null : Zoo.byName(arch));
                Scope scope = Scope.open()) {
            saved.module().to(Engine.device(engine.device));
            long[] one = shape(saved);
            Tensor input = Tensors.zeros(DType.FLOAT32, 1, one[0], one[1], one[2]);
            saved.module().predict(saved.module().adapt(input));
            double start = millisSince(begun);
            Profile profile = Profile.of(saved.module(), size(saved.file()), batch, runs, shape(saved));
            return result(path, saved.architecture(), one, profile, start);
        }
    }

    /** Run it in ONNX Runtime. */
    private Map<String, Object> onnx(Path path) {
        long begun = System.nanoTime();
        try (OnnxModel model = OnnxModel.open(path, engine.threads == null ? 0 : engine.threads)) {
            long[] shape = Arrays.copyOfRange(model.inputShape(), 1, 4);
            model.run(new float[Math.toIntExact(shape[0] * shape[1] * shape[2])], 1, shape[0], shape[1], shape[2]);
            double start = millisSince(begun);
            Profile profile = Profile.of(size(path), batch, rows -> {
                float[] values = new float[Math.toIntExact(rows * shape[0] * shape[1] * shape[2])];
                return Latency.measure(() -> model.run(values, rows, shape[0], shape[1], shape[2]), runs);
            });
            return result(path, "ONNX Runtime", shape, profile, start);
        }
    }

    private boolean isScript(Path path) {
        return arch == null && path.toString().endsWith(".pt");
    }

    /** Run it as LibTorch runs TorchScript. */
    private Map<String, Object> script(Path path) {
        if (imageSize == null) {
            throw new LimbeckException(
                    path + " does not say how large its images are; name their side with --image-size");
        }
        long begun = System.nanoTime();
        try (Script script = Script.load(path);
                Scope outer = Scope.open()) {
            forward(script, Tensors.zeros(DType.FLOAT32, 1, 3, imageSize, imageSize));
            double start = millisSince(begun);
            Profile profile = Profile.of(size(path), batch, rows -> {
                try (Scope scope = Scope.open()) {
                    Tensor input = Tensors.zeros(DType.FLOAT32, rows, 3, imageSize, imageSize);
                    return Latency.measure(() -> forward(script, input), runs);
                }
            });
            return result(path, "TorchScript", new long[] {3, imageSize, imageSize}, profile, start);
        }
    }

    private static void forward(Script script, Tensor input) {
        try (Scope scope = Scope.open()) {
            script.forward(input);
        }
    }

    private static double millisSince(long begun) {
        return (System.nanoTime() - begun) / 1e6;
    }

    private static Map<String, Object> result(
            Path path, String architecture, long[] shape, Profile profile, double start) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("model", path.toString());
        result.put("architecture", architecture);
        result.put("input_shape", shape);
        result.put("profile", profile);
        result.put("start_millis", start);
        return result;
    }

    private long[] shape(SavedModel saved) {
        if (imageSize != null) return new long[] {3, imageSize, imageSize};
        if (ImagePreparation.isIn(saved.preparation())) {
            ImagePreparation preparation = ImagePreparation.of(saved.preparation());
            return new long[] {3, preparation.height(), preparation.width()};
        }
        Architecture architecture = Zoo.byName(saved.architecture());
        return new long[] {3, architecture.imageSize(), architecture.imageSize()};
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new LimbeckException("cannot read " + file + ": " + e.getMessage(), e);
        }
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
