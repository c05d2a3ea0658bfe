package dev.limbeck.export;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import dev.limbeck.LimbeckException;
import dev.limbeck.Normalization;
import dev.limbeck.Task;
import dev.limbeck.Version;
import dev.limbeck.io.AtomicFile;
import dev.limbeck.onnx.OnnxChecksum;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.ScriptGraph;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Write a model as ONNX, opset 17, with a dynamic batch size: from {@code input}, or several inputs
 * by name, to {@code logits}, float32 N×classes. The metadata contains preprocessing and class names.
 */
public final class OnnxFile {
    static final String INPUT = "input";
    static final String LOGITS = "logits";
    static final String NUMBERS = "numbers";
    static final String PROBABILITIES = "probabilities";

    static final String EMBEDDING = "embedding";

    private static final List<String> OUTPUTS = List.of(LOGITS, NUMBERS, PROBABILITIES, EMBEDDING);
    private static final List<DType> INPUTS = List.of(DType.FLOAT32, DType.INT64, DType.INT32);

    static final int OPSET = 17;
    /** File format version of that opset. */
    private static final int FORMAT = 8;

    private OnnxFile() {}

    /**
     * Options of an ONNX file.
     *
     * @param foldBatchNorms whether to fold batch norms into convolutions
     * @param normalizes whether the model accepts pixels from 0 to 255 and normalizes them
     * @param softmax whether the model outputs {@code probabilities} instead of {@code logits}
     * @param precision format of the weights
     */
    public record Options(boolean foldBatchNorms, boolean normalizes, boolean softmax, Precision precision) {
        public Options(boolean foldBatchNorms, boolean normalizes, boolean softmax) {
            this(foldBatchNorms, normalizes, softmax, Precision.FP32);
        }

        /** Return the defaults: folded batch norms, normalized inputs, logits, float32. */
        public static Options defaults() {
            return new Options(true, false, false);
        }

        /** Return a copy with another precision. */
        public Options at(Precision other) {
            return new Options(foldBatchNorms, normalizes, softmax, other);
        }
    }

    /**
     * Convert a script.
     *
     * @param inputs in the network's order; the only one is called {@code input}, several keep their names
     * @param normalization of raw numbers to inputs, for a file that does it; null if there is none
     * @param metadata metadata for the file, by name
     * @throws dev.limbeck.LimbeckException if an operation is not supported
     */
    static ModelProto of(
            Script script,
            List<InputSpec> inputs,
            @Nullable Normalization normalization,
            Task.Kind task,
            int classes,
            Map<String, String> metadata,
            Options options) {
        OnnxBuilder onnx = new OnnxBuilder();
        try (Scope scope = Scope.open();
                ScriptGraph graph = script.graph(options.foldBatchNorms)) {
            List<Operands.Value> given = new ArrayList<>();
            for (InputSpec input : inputs) given.add(input(onnx, input, inputs.size() == 1));
            if (normalization != null && options.normalizes) {
                given.set(0, given.get(0).named(normalized(onnx, normalization)));
            }
            Operands.Value logits = new OnnxConversion(onnx).convert(graph, given);
            String output = options.softmax ? PROBABILITIES : output(task);
            if (options.softmax && task == Task.Kind.MULTI_LABEL) onnx.add("Sigmoid", List.of(logits.name()), output);
            else if (options.softmax) onnx.add("Softmax", List.of(logits.name()), output, "axis", 1L);
            else onnx.add("Identity", List.of(logits.name()), output);
            onnx.output(output, classes);
        }
        ModelProto.Builder model = ModelProto.newBuilder()
                .setIrVersion(FORMAT)
                .setProducerName("limbeck")
                .setProducerVersion(Version.number())
                .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(OPSET))
                .setGraph(onnx.build());
        metadata.forEach((key, value) -> model.addMetadataProps(
                StringStringEntryProto.newBuilder().setKey(key).setValue(value)));
        return model.build();
    }

    /** Return what the outputs of a task are called, before a softmax. */
    static String output(Task.Kind task) {
        return switch (task) {
            case SINGLE_LABEL, MULTI_LABEL -> LOGITS;
            case REGRESSION -> NUMBERS;
            case EMBEDDING -> EMBEDDING;
        };
    }

    /** Write a model atomically, with a checksum. */
    static void write(Path file, ModelProto model) {
        byte[] bytes = model.toByteArray();
        AtomicFile.write(file, channel -> {
            for (byte[] part : List.of(bytes, OnnxChecksum.of(bytes))) {
                ByteBuffer buffer = ByteBuffer.wrap(part);
                while (buffer.hasRemaining()) channel.write(buffer);
            }
        });
    }

    private static Operands.Value input(OnnxBuilder onnx, InputSpec spec, boolean isOnly) {
        if (!INPUTS.contains(spec.type())) {
            throw new LimbeckException("an ONNX file can be written for inputs of " + INPUTS + ", found " + spec.name()
                    + " " + spec.words() + "; export it as torchscript or safetensors");
        }
        // Outputs have names of their own.
        String name = isOnly ? INPUT : OUTPUTS.contains(spec.name()) ? spec.name() + "_input" : spec.name();
        long[] row = spec.shape();
        onnx.input(name, spec.type(), row);
        boolean isImage = row.length == 3;
        return new Operands.Value(
                name,
                row.length + 1,
                isImage ? row[1] : -1,
                isImage ? row[2] : -1,
                !spec.type().isFloatingPoint());
    }

    private static String normalized(OnnxBuilder onnx, Normalization normalization) {
        float[] scale = normalization.scale();
        String scaled = onnx.node("Mul", List.of(INPUT, onnx.floats(scale, 1, scale.length, 1, 1)));
        return onnx.node("Add", List.of(scaled, onnx.floats(normalization.shift(), 1, scale.length, 1, 1)));
    }
}
