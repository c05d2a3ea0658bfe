package dev.limbeck.export;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.TensorInfo;
import dev.limbeck.LimbeckException;
import dev.limbeck.io.MissingFile;
import dev.limbeck.onnx.OnnxSession;
import dev.limbeck.tensor.Tensors;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** Run an ONNX file in ONNX Runtime. Thread-safe. */
public final class OnnxModel implements AutoCloseable {
    private final OnnxSession session;

    private OnnxModel(OnnxSession session) {
        this.session = session;
        checkFloat(session.input(), false);
        checkFloat(session.output(), true);
    }

    private void checkFloat(NodeInfo node, boolean isOutput) {
        Path file = session.file();
        String found = node.getInfo() instanceof TensorInfo info ? info.type.toString() : "no tensor";
        if (found.equals(OnnxJavaType.FLOAT.toString())) return;
        if (isOutput && found.startsWith("INT")) {
            throw new LimbeckException(file + ": " + node.getName() + " must be float32, found " + found
                    + ", as if it were the number of the winning class (argmax); export its logits or probabilities");
        }
        throw new LimbeckException(file + ": " + node.getName() + " must be float32, found " + found
                + "; export it with float32 in and out");
    }

    /**
     * Open a file.
     *
     * @param threads threads per call; 0 for the runtime's default
     * @throws LimbeckException if the file is missing, was changed after its export, is not an ONNX file with one input
     *     and one output, or has external data that is missing, too short or outside its folder
     */
    public static OnnxModel open(Path file, int threads) {
        if (!Files.isRegularFile(file)) throw MissingFile.of("ONNX file", file);
        // Before native code opens what the file names.
        OnnxExternalData.files(file);
        OnnxSizes.check(file);
        OnnxSession session = OnnxSession.open(file, threads);
        try {
            return new OnnxModel(session);
        } catch (RuntimeException e) {
            session.close();
            throw e;
        }
    }

    /** Return the metadata of the file. */
    public Map<String, String> metadata() {
        return session.metadata();
    }

    /** Return the shape of the input; −1 for a dynamic size. */
    public long[] inputShape() {
        return ((TensorInfo) session.input().getInfo()).getShape();
    }

    /** Return the shape of the output; −1 for a dynamic size. */
    public long[] outputShape() {
        return ((TensorInfo) session.output().getInfo()).getShape();
    }

    /** Return the name of the input. */
    public String input() {
        return session.input().getName();
    }

    /** Return the name of the output. */
    public String output() {
        return session.output().getName();
    }

    /**
     * Compute the output for a batch, row-major.
     *
     * @param batch N×3×H×W
     * @return N×classes numbers
     */
    public float[] run(Tensor batch) {
        return run(Tensors.toFloats(batch), batch.shape());
    }

    /** Compute the output for a batch of values, row-major. */
    public float[] run(float[] values, long... shape) {
        return compute(values, shape).values();
    }

    /** Compute the output for a batch of values, row-major, with the shape that the model gives it. */
    public OnnxSession.Output compute(float[] values, long... shape) {
        return session.run(values, shape);
    }

    @Override
    public void close() {
        session.close();
    }
}
