package dev.limbeck.export;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.data.image.ImageDataBuilder;
import dev.limbeck.data.image.ImagePreparation;
import dev.limbeck.data.image.Resize;
import dev.limbeck.nn.ScriptWriter;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.Script;
import dev.limbeck.train.Predictions;
import dev.limbeck.train.SavedModel;
import dev.limbeck.weights.Checksum;
import dev.limbeck.weights.Safetensors;
import dev.limbeck.zoo.Zoo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.commons.io.FileUtils;
import org.jspecify.annotations.Nullable;

/**
 * Write a trained model for use elsewhere, run each file in its own runtime on real images, and leave a folder with the files
 * and a model card; all of it or nothing.
 *
 * <pre>{@code
 * try (SavedModel student = SavedModel.open(Path.of("runs/student"), null)) {
 *     Exporter.of(student).verifiedOn(data, Split.TEST).export(Path.of("dist/student"));
 * }
 * }</pre>
 */
public final class Exporter {
    /** The name of the description beside the files. */
    public static final String CARD_NAME = "MODEL_CARD.md";

    private static final int USUAL_ROWS = 256;

    private final SavedModel model;
    private Set<Format> formats = new TreeSet<>(Set.of(Format.ONNX));
    private OnnxFile.Options options = OnnxFile.Options.usual();
    private @Nullable ImageData data;
    private Split split = Split.TEST;
    private int rows = USUAL_ROWS;

    private Exporter(SavedModel model) {
        this.model = model;
    }

    /** Export a model as ONNX, unless {@link #as} says otherwise. */
    public static Exporter of(SavedModel model) {
        return new Exporter(model);
    }

    /** Choose the kinds of files. */
    public Exporter as(Format... kinds) {
        if (kinds.length == 0) throw new LimbeckException("choose a format: onnx, torchscript or safetensors");
        formats = new TreeSet<>(Set.of(kinds));
        return this;
    }

    /** Choose what is in the ONNX file beside the network. */
    public Exporter options(OnnxFile.Options options) {
        this.options = options;
        return this;
    }

    /** Run every file on images before it is trusted: 256 of a split, at equal distances. */
    public Exporter verifiedOn(ImageData data, Split split) {
        return verifiedOn(data, split, USUAL_ROWS);
    }

    /** Run every file on so many images of a split. */
    public Exporter verifiedOn(ImageData data, Split split, int rows) {
        this.data = data;
        this.split = split;
        this.rows = rows;
        return this;
    }

    /**
     * Describe one file of an export.
     *
     * @param file where it is
     * @param verification null if it was not run
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
     * @throws LimbeckException if it exists, a layer or an operation can't be written, or a file does not answer as the model
     *     does; nothing is left then
     */
    public List<Exported> export(Path out) {
        Path target = out.toAbsolutePath().normalize();
        if (Files.exists(target)) throw new LimbeckException(out + " exists; choose another --out, or remove it");
        Path unfinished = target.resolveSibling(target.getFileName() + ".unfinished");
        try {
            FileUtils.deleteDirectory(unfinished.toFile());
            Files.createDirectories(unfinished);
            try {
                List<Exported> written = write(unfinished);
                Files.writeString(unfinished.resolve(CARD_NAME), ModelCard.of(model, options, written));
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

    private List<Exported> write(Path folder) throws IOException {
        ImagePreparation preparation = preparation();
        Predictions expected = data == null ? null : Verification.ask(model.module(), data, split, rows);
        List<Exported> written = new ArrayList<>();
        for (Format format : formats) {
            Path file = folder.resolve(format.fileName());
            write(format, file, preparation);
            Verification verification = null;
            if (data != null && expected != null) {
                verification = Verification.of(
                        expected, ask(format, file, preparation, data), format == Format.ONNX && options.softmax());
                verification.orThrow(format, format == Format.ONNX ? options.precision() : Precision.FP32);
            }
            written.add(new Exported(format, file, Files.size(file), Checksum.sha256Of(file), verification));
        }
        return written;
    }

    private void write(Format format, Path file, ImagePreparation preparation) {
        switch (format) {
            case ONNX -> {
                try (Script script = ScriptWriter.compile(model.module())) {
                    ModelProto onnx =
                            OnnxFile.of(script, preparation, model.classes(), onnxMetadata(preparation), options);
                    OnnxFile.write(file, smaller(onnx, preparation));
                }
            }
            case TORCHSCRIPT -> {
                try (Script script = ScriptWriter.compile(model.module())) {
                    script.save(file);
                }
            }
            case SAFETENSORS -> {
                try (StateDict state = model.module().stateDict()) {
                    state.metadata().putAll(metadata(preparation));
                    Safetensors.write(state, file);
                }
            }
        }
    }

    private ModelProto smaller(ModelProto onnx, ImagePreparation preparation) {
        return switch (options.precision()) {
            case FP32 -> onnx;
            case FP16 -> OnnxSmaller.fp16(onnx);
            case INT8 -> {
                ImageData images = data;
                if (images == null) throw new LimbeckException("int8 needs images to calibrate on; name some");
                Split seen = images.has(Split.TRAIN) ? Split.TRAIN : split;
                List<String> tensors = OnnxSmaller.observed(onnx);
                yield OnnxSmaller.int8(
                        onnx,
                        Calibration.of(
                                onnx,
                                tensors,
                                images,
                                seen,
                                batch -> options.normalises() ? Verification.pixels(batch, preparation) : batch));
            }
        };
    }

    private Predictions ask(Format format, Path file, ImagePreparation preparation, ImageData images) {
        return switch (format) {
            case ONNX -> Verification.askOnnx(file, options, preparation, images, split, rows);
            case TORCHSCRIPT -> Verification.askScript(file, images, split, rows);
            case SAFETENSORS -> Verification.askWeights(file, images, split, rows);
        };
    }

    private Map<String, String> metadata(ImagePreparation preparation) {
        Map<String, String> metadata = new LinkedHashMap<>(model.metadata());
        metadata.putAll(preparation.toMetadata());
        return metadata;
    }

    private Map<String, String> onnxMetadata(ImagePreparation preparation) {
        Map<String, String> metadata = metadata(preparation);
        metadata.put("input", options.normalises() ? "pixels" : "normalised");
        return metadata;
    }

    /** Where the model does not say how images are prepared, take what its architecture was made for. */
    private ImagePreparation preparation() {
        if (!model.preparation().isEmpty()) return ImagePreparation.of(model.preparation());
        int side = Zoo.byName(model.architecture()).imageSize();
        return new ImagePreparation(
                side, side, Resize.CROP, ImageDataBuilder.IMAGENET_MEAN, ImageDataBuilder.IMAGENET_STD);
    }
}
