package dev.limbeck.export;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.limbeck.AtExit;
import dev.limbeck.LimbeckException;
import dev.limbeck.Normalization;
import dev.limbeck.Preprocessing;
import dev.limbeck.Settings;
import dev.limbeck.Task;
import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import dev.limbeck.distill.teacher.TeacherOutput;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.io.Checksum;
import dev.limbeck.io.FolderLock;
import dev.limbeck.io.Leftovers;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.FakeQuantization;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Predictions;
import dev.limbeck.weights.Safetensors;
import dev.limbeck.zoo.Zoo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import org.apache.commons.io.FileUtils;
import org.jspecify.annotations.Nullable;

/**
 * Export a trained model to a folder with files and a model card, atomically. Each file is verified in its own runtime
 * on real images.
 *
 * <pre>{@code
 * try (SavedModel student = SavedModel.open(Path.of("runs/student"), null)) {
 *     Exporter.of(student).verifiedOn(data, Split.TEST).export(Path.of("dist/student"));
 * }
 * }</pre>
 */
public final class Exporter {
    /** File name of the model card. */
    public static final String CARD_NAME = "MODEL_CARD.md";

    static final int DEFAULT_ROWS = 256;

    private final ExportModel model;
    /** The network if quantization-aware training rounds in it; else null. */
    private final @Nullable Module trained;

    private ExportModel source;
    private Set<Format> formats = new TreeSet<>(Set.of(Format.ONNX));
    private OnnxFile.Options options = OnnxFile.Options.defaults();
    private @Nullable Data data;
    private Split split = Split.TEST;
    private int rows = DEFAULT_ROWS;

    private Exporter(ExportModel model, @Nullable Module network) {
        this.model = model;
        trained = network != null && FakeQuantization.isIn(network) ? network : null;
        source = model;
    }

    /** Create an exporter for a model. The default format is ONNX. */
    public static Exporter of(SavedModel model) {
        return new Exporter(ExportModel.of(Objects.requireNonNull(model, "model")), model.module());
    }

    /**
     * Create an exporter for a custom network, which must have a {@link Module#script}.
     *
     * @param task with names in the order of its outputs; the file converts a regression's outputs to the targets' units
     * @param preprocessing preprocessing of its inputs
     */
    public static Exporter of(Module module, Task task, Preprocessing preprocessing) {
        ExportModel model = ExportModel.of(
                Objects.requireNonNull(module, "module"),
                Objects.requireNonNull(task, "task"),
                Objects.requireNonNull(preprocessing, "preprocessing"));
        return new Exporter(model, module);
    }

    /**
     * Create an exporter for any TorchScript file. The default format is ONNX.
     *
     * @param script the opened file; the caller closes it
     * @param file its path
     * @param task with names in the order of its outputs, which are numbers in the targets' units for a regression
     */
    public static Exporter of(Script script, Path file, Task task, Preprocessing preprocessing) {
        ExportModel model = ExportModel.of(
                Objects.requireNonNull(file, "file"),
                Objects.requireNonNull(task, "task"),
                Objects.requireNonNull(preprocessing, "preprocessing"),
                Objects.requireNonNull(script, "script"));
        return new Exporter(model, null);
    }

    /** Set the formats. */
    public Exporter as(Format... kinds) {
        if (kinds.length == 0) throw new LimbeckException("choose a format: onnx, torchscript or safetensors");
        formats = new TreeSet<>(Arrays.asList(kinds));
        return this;
    }

    /** Set the options of the ONNX file. */
    public Exporter options(OnnxFile.Options options) {
        this.options = options;
        return this;
    }

    /** Verify every file on 256 evenly spaced rows of a split. */
    public Exporter verifiedOn(Data data, Split split) {
        return verifiedOn(data, split, DEFAULT_ROWS);
    }

    /** Verify every file on a number of rows of a split. */
    public Exporter verifiedOn(Data data, Split split, int rows) {
        this.data = data;
        this.split = split;
        this.rows = Settings.atLeast(1, "rows", rows);
        return this;
    }

    /**
     * Describe one exported file.
     *
     * @param file path of the file
     * @param verification result of the verification; null without one
     */
    public record Exported(
            Format format,
            Path file,
            long bytes,
            String sha256,
            @Nullable Verification verification) {}

    /**
     * Write the folder.
     *
     * @throws LimbeckException if the folder exists, the rows of the verification are prepared otherwise than the model's, the
     *     number of outputs differs from the number of classes, a layer or operation is not supported, or a file has other
     *     outputs than the model; nothing is left behind
     */
    public List<Exported> export(Path out) {
        requireFree(out);
        checkOptions();
        Module rounding = trained;
        source = rounding == null || roundsAsTrained() ? model : model.floating();
        if (source == model || rounding == null) return exported(out);
        try (Module.ModeGuard floating = FakeQuantization.off(rounding)) {
            return exported(out);
        }
    }

    private boolean roundsAsTrained() {
        return trained != null && options.precision() == Precision.INT8;
    }

    /** Return what becomes of a model's quantization-aware training, in words; empty without it. */
    public Optional<String> quantization() {
        if (trained == null) return Optional.empty();
        return Optional.of(
                roundsAsTrained()
                        ? "int8 with the ranges of its quantization-aware training; nothing is calibrated"
                        : "in float, without the rounding of its quantization-aware training, which --precision int8 keeps");
    }

    private List<Exported> exported(Path out) {
        checkOutputs();
        Path target = out.toAbsolutePath().normalize();
        // A unique name: interrupted runs keep their work in NAME.unfinished.
        Path unfinished = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
        try {
            Files.createDirectories(target.getParent());
            try (FolderLock lock = FolderLock.take(FolderLock.beside(target), out);
                    AtExit exit = AtExit.run(() -> FileUtils.deleteQuietly(unfinished.toFile()))) {
                Leftovers.clearBeside(target);
                Files.createDirectories(unfinished);
                List<Exported> written = write(unfinished);
                Files.writeString(
                        unfinished.resolve(CARD_NAME),
                        ModelCard.of(source, options, written, data, split, ranges(), rows));
                Files.move(unfinished, target);
                return written.stream()
                        .map(one -> new Exported(
                                one.format,
                                out.resolve(one.format.fileName()),
                                one.bytes,
                                one.sha256,
                                one.verification))
                        .toList();
            } finally {
                FileUtils.deleteDirectory(unfinished.toFile());
            }
        } catch (IOException e) {
            throw new LimbeckException("cannot write the export " + out + ": " + e.getMessage(), e);
        }
    }

    /**
     * Check that a folder does not exist. Call this before long work.
     *
     * @throws LimbeckException if it exists, or a parent is a file
     */
    public static void requireFree(Path out) {
        Path target = out.toAbsolutePath().normalize();
        FolderLock.check(FolderLock.beside(target), out);
        if (Files.exists(target)) throw new LimbeckException(out + " exists; choose another --out, or remove it");
        for (Path parent = target.getParent(); parent != null; parent = parent.getParent()) {
            if (!Files.exists(parent)) continue;
            if (!Files.isDirectory(parent)) throw new LimbeckException(parent + " is a file, expected a folder");
            if (!Files.isWritable(parent)) throw new LimbeckException("the folder " + parent + " cannot be written");
            return;
        }
    }

    private void checkOptions() {
        if (!formats.contains(Format.ONNX) && !options.equals(OnnxFile.Options.defaults())) {
            throw new LimbeckException(
                    "normalization, softmax, precision and batch norms are chosen for ONNX files, found only "
                            + formats.stream().map(Format::toString).collect(Collectors.joining(", "))
                            + "; add onnx to the formats");
        }
        if (formats.contains(Format.SAFETENSORS) && source.state() == null) {
            throw new LimbeckException("the weights of " + source.name()
                    + " have no names that others know; export it as onnx or torchscript");
        }
        if (options.normalizes() && source.preprocessing().normalization() == null) {
            throw new LimbeckException("only images have pixels to normalize; leave normalize (--normalize) out");
        }
        if (source.preprocessing() instanceof ImagePreprocessing images
                && (images.channelsLast() || images.blueFirst())) {
            throw new LimbeckException(source.name() + " takes images as " + images.layout()
                    + ", expected nchw rgb, which exported files take; save it with a first layer that turns them");
        }
        Task.Kind task = source.task().kind();
        if (options.softmax() && (task == Task.Kind.REGRESSION || task == Task.Kind.EMBEDDING)) {
            throw new LimbeckException((task == Task.Kind.REGRESSION ? "numbers of a regression" : "embeddings")
                    + " are no probabilities; leave softmax (--softmax) out");
        }
        if (options.precision() == Precision.INT8 && data == null && trained == null) {
            throw new LimbeckException("int8 needs data to calibrate on; name some, and let them verify the file");
        }
        if (data != null) Verification.requireInputs(data, source.preprocessing());
    }

    /** Run three rows, to detect modules with a fixed batch size of one or two, as in traces. */
    private void checkOutputs() {
        String inputs = source.inputs().stream().map(InputSpec::words).collect(Collectors.joining(", "));
        try (Scope scope = Scope.open()) {
            long[] shape =
                    source.outputs().apply(Inputs.example(source.inputs(), 3)).shape();
            if (shape.length != 2 || shape[0] != 3 || shape[1] != source.classes()) {
                throw new LimbeckException(source.name() + " returns " + Tensors.shapeText(shape)
                        + " outputs for three rows; expected 3×" + source.classes() + ", one column per class");
            }
        } catch (LimbeckException e) {
            throw e;
        } catch (RuntimeException e) {
            throw new LimbeckException(
                    source.name() + " cannot be run on inputs of " + inputs + ": " + Engine.firstLine(e), e);
        }
    }

    private List<Exported> write(Path folder) throws IOException {
        Predictions expected = data == null ? null : Verification.predict(source.outputs(), data, split, rows);
        List<Exported> written = new ArrayList<>();
        for (Format format : formats) {
            Path file = folder.resolve(format.fileName());
            write(format, file);
            Verification verification = null;
            if (data != null && expected != null) {
                verification = Verification.of(
                        expected,
                        predict(format, file, data),
                        format == Format.ONNX && options.softmax(),
                        source.task().kind());
                verification.orThrow(
                        format, format == Format.ONNX || roundsAsTrained() ? options.precision() : Precision.FP32);
            }
            written.add(new Exported(format, file, Files.size(file), Checksum.sha256Of(file), verification));
        }
        return written;
    }

    private void write(Format format, Path file) {
        switch (format) {
            case ONNX -> {
                try (Script script = source.script().get()) {
                    Map<String, String> metadata = source.graphMetadata();
                    String output = OnnxFile.output(source.task().kind());
                    if (!output.equals(OnnxFile.LOGITS)) metadata.put("output", output);
                    if (source.task().kind() == Task.Kind.MULTI_LABEL && options.softmax()) {
                        metadata.put("output", TeacherOutput.SIGMOID.key());
                    }
                    metadata.put("input", options.normalizes() ? "pixels" : "normalized");
                    ModelProto onnx = OnnxFile.of(
                            script,
                            source.inputs(),
                            source.preprocessing().normalization(),
                            source.task().kind(),
                            source.classes(),
                            metadata,
                            options);
                    OnnxFile.write(file, smaller(onnx));
                }
            }
            case TORCHSCRIPT -> {
                try (Script script = source.script().get()) {
                    Map<String, String> metadata = source.graphMetadata();
                    metadata.put("output", OnnxFile.output(source.task().kind()));
                    script.save(file, metadata);
                }
            }
            case SAFETENSORS -> {
                try (StateDict state = Objects.requireNonNull(source.state()).get()) {
                    state.metadata().putAll(source.metadata());
                    Safetensors.write(state, file);
                }
            }
        }
    }

    private Split seen() {
        return data != null && data.has(Split.TRAIN) ? Split.TRAIN : split;
    }

    private String ranges() {
        if (trained != null) return "its quantization-aware training, linear layers too";
        return ModelCard.described(data, seen(), Calibration.ROWS + " ") + ", linear layers with the range of each row";
    }

    private ModelProto smaller(ModelProto onnx) {
        return switch (options.precision()) {
            case FP32 -> onnx;
            case FP16 -> OnnxQuantizer.fp16(onnx);
            case INT8 -> {
                if (OnnxQuantizer.isTrained(onnx)) yield OnnxQuantizer.trained(onnx);
                Data rows = data;
                if (rows == null) {
                    throw new LimbeckException(
                            source.name() + " has no ranges for int8 yet, because it was not trained; "
                                    + "name data to calibrate on");
                }
                Normalization normalization =
                        options.normalizes() ? source.preprocessing().normalization() : null;
                List<String> tensors = OnnxQuantizer.observed(onnx);
                yield OnnxQuantizer.int8(
                        onnx,
                        Calibration.of(
                                onnx,
                                tensors,
                                rows,
                                seen(),
                                inputs -> normalization == null ? inputs : Verification.raw(inputs, normalization)));
            }
        };
    }

    private Predictions predict(Format format, Path file, Data images) {
        return switch (format) {
            case ONNX ->
                Verification.predictOnnx(file, options, source.preprocessing().normalization(), images, split, rows);
            case TORCHSCRIPT -> Verification.predictScript(file, images, split, rows);
            case SAFETENSORS -> predictWeights(file, images);
        };
    }

    /** Evaluate weights through their architecture; without one, compare the weights themselves. */
    private Predictions predictWeights(Path file, Data images) {
        if (Zoo.find(source.name()).isEmpty()) {
            try (StateDict state = Safetensors.read(file)) {
                if (!state.sha256().equals(source.sha256())) {
                    throw new LimbeckException(
                            "the safetensors file holds other weights than the model; nothing was written");
                }
            }
            return Verification.predict(source.outputs(), images, split, rows);
        }
        try (SavedModel saved = SavedModel.open(file, null)) {
            return Verification.predict(ExportModel.of(saved).outputs(), images, split, rows);
        }
    }
}
