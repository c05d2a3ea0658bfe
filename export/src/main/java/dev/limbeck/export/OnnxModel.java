package dev.limbeck.export;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.TensorInfo;
import dev.limbeck.LimbeckException;
import dev.limbeck.io.MissingFile;
import dev.limbeck.onnx.OnnxSession;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Tensors;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;

/** Run an ONNX file in ONNX Runtime. Thread-safe. */
public final class OnnxModel implements AutoCloseable {
    private static final Map<OnnxJavaType, DType> TYPES = Map.of(
            OnnxJavaType.FLOAT,
            DType.FLOAT32,
            OnnxJavaType.DOUBLE,
            DType.FLOAT64,
            OnnxJavaType.INT64,
            DType.INT64,
            OnnxJavaType.INT32,
            DType.INT32);

    private final OnnxSession session;
    private final List<InputSpec> inputs;

    private OnnxModel(OnnxSession session) {
        this.session = session;
        inputs = session.inputs().stream().map(this::spec).toList();
        checkOutput(session.output());
    }

    /** Describe an input; the first dimension is the rows, which are not part of it. */
    private InputSpec spec(NodeInfo node) {
        if (isTexts(node)) {
            long[] shape = ((TensorInfo) node.getInfo()).getShape();
            return InputSpec.texts(node.getName(), shape.length < 2 || shape[1] < 1 ? 1 : shape[1]);
        }
        DType type = node.getInfo() instanceof TensorInfo info ? TYPES.get(info.type) : null;
        if (type == null) {
            throw new LimbeckException(
                    session.file() + ": " + node.getName() + " must be float32, float64, int64, int32 or text, found "
                            + found(node) + "; export it with such an input");
        }
        long[] row = Arrays.stream(((TensorInfo) node.getInfo()).getShape())
                .skip(1)
                .map(size -> size < 0 ? InputSpec.FREE : size)
                .toArray();
        if (Arrays.stream(row).anyMatch(size -> size == 0)) {
            throw new LimbeckException(session.file() + ": " + node.getName() + " has rows without numbers, "
                    + Tensors.shapeText(row) + "; export it with an input");
        }
        return new InputSpec(node.getName(), type, row, 0, 0);
    }

    private static boolean isTexts(NodeInfo node) {
        return node.getInfo() instanceof TensorInfo info && info.type == OnnxJavaType.STRING;
    }

    private void checkOutput(NodeInfo node) {
        String found = found(node);
        if (found.equals(OnnxJavaType.FLOAT.toString()) || found.equals(OnnxJavaType.DOUBLE.toString())) return;
        if (found.startsWith("INT")) {
            throw new LimbeckException(
                    session.file() + ": " + node.getName() + " must be float32 or float64, found " + found
                            + ", as if it were the number of the winning class (argmax); export its logits or probabilities");
        }
        throw new LimbeckException(session.file() + ": " + node.getName() + " must be float32 or float64, found "
                + found + "; export it with float32 out");
    }

    private static String found(NodeInfo node) {
        return node.getInfo() instanceof TensorInfo info ? info.type.toString() : "no tensor";
    }

    /**
     * Open a file.
     *
     * @param threads threads per call; 0 for the runtime's default
     * @throws LimbeckException if the file is missing, was changed after its export, is not an ONNX file of
     *     numbers, or has external data that is missing, too short or outside its folder
     */
    public static OnnxModel open(Path file, int threads) {
        if (!Files.isRegularFile(file)) throw MissingFile.of("ONNX file", file);
        // Before native code opens what the file names.
        OnnxExternalData.files(file);
        OnnxSizes.check(file);
        return of(OnnxSession.open(file, threads));
    }

    /** Open a file, run by the runtime as it is written, without graph optimizations. It was opened before. */
    static OnnxModel openUnoptimized(Path file) {
        return of(OnnxSession.openUnoptimized(file));
    }

    private static OnnxModel of(OnnxSession session) {
        try {
            return new OnnxModel(session);
        } catch (RuntimeException e) {
            session.close();
            throw e;
        }
    }

    /** Open a model in memory that this program wrote. */
    static OnnxModel open(byte[] model) {
        return of(OnnxSession.open(model, Path.of("the model")));
    }

    /** Return the metadata of the file. */
    public Map<String, String> metadata() {
        return session.metadata();
    }

    /** Return name, type and shape of each input, in the file's order. */
    public List<InputSpec> inputs() {
        return inputs;
    }

    /** Return the size of the batches that each input takes; −1 for any. */
    long[] batches() {
        return session.inputs().stream()
                .mapToLong(node -> {
                    long[] shape = ((TensorInfo) node.getInfo()).getShape();
                    return shape.length == 0 ? 1 : shape[0];
                })
                .toArray();
    }

    /** Return the type of the output in the file; outputs are converted to float32. */
    DType outputType() {
        return Objects.requireNonNull(TYPES.get(((TensorInfo) session.output().getInfo()).type));
    }

    /** Return the shape of the output; −1 for a dynamic size. */
    public long[] outputShape() {
        return ((TensorInfo) session.output().getInfo()).getShape();
    }

    /** Return the name of the output. */
    public String output() {
        return session.output().getName();
    }

    /** Return the names of all outputs; {@link #output} is the one that counts. */
    public List<String> outputs() {
        return session.outputNames();
    }

    /**
     * Compute the output for a batch, in the caller's scope.
     *
     * @param given in the file's order
     * @return N×classes
     * @throws LimbeckException if the file takes another number of inputs, or other types or shapes
     */
    public Tensor forward(Inputs given) {
        OnnxSession.Output output = session.run(rows(given));
        return Tensors.of(output.values(), output.shape());
    }

    /** Compute some outputs, by name. */
    Map<String, OnnxSession.Output> forward(Inputs given, List<String> outputs) {
        return session.run(rows(given), outputs);
    }

    private List<OnnxSession.Rows> rows(Inputs given) {
        List<OnnxSession.Rows> rows = new ArrayList<>();
        for (Tensor tensor : given.tensors().values()) {
            boolean texts =
                    rows.size() < inputs.size() && inputs.get(rows.size()).isTexts();
            rows.add(
                    texts
                            ? OnnxSession.Rows.of(Tensors.toTexts(tensor), tensor.size(0), tensor.size(1))
                            : numbers(tensor));
        }
        return rows;
    }

    private static OnnxSession.Rows numbers(Tensor tensor) {
        DType type = DType.of(tensor);
        if (type == DType.FLOAT64) return OnnxSession.Rows.of(Tensors.toDoubles(tensor), tensor.shape());
        if (type.isFloatingPoint()) return OnnxSession.Rows.of(Tensors.toFloats(tensor), tensor.shape());
        return OnnxSession.Rows.of(Tensors.toLongs(tensor), tensor.shape());
    }

    /** Compute the output for a batch of the only input, row-major. */
    public float[] run(float[] values, long... shape) {
        return session.run(values, shape).values();
    }

    @Override
    public void close() {
        session.close();
    }
}
