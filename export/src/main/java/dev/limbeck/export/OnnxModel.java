package dev.limbeck.export;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.limbeck.ExitGate;
import dev.limbeck.LimbeckException;
import dev.limbeck.Patience;
import dev.limbeck.io.MissingFile;
import dev.limbeck.onnx.OnnxChecksum;
import dev.limbeck.tensor.Tensors;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Run an ONNX file in ONNX Runtime. Thread-safe. */
public final class OnnxModel implements AutoCloseable {
    private final Path file;
    private final OrtSession session;
    private final String input;
    private final String output;

    private OnnxModel(Path file, OrtSession session) throws OrtException {
        this.file = file;
        this.session = session;
        if (session.getInputNames().size() != 1 || session.getOutputNames().size() != 1) {
            throw new LimbeckException(file + " has " + session.getInputNames().size() + " inputs and "
                    + session.getOutputNames().size() + " outputs; expected one of each");
        }
        input = session.getInputNames().iterator().next();
        output = session.getOutputNames().iterator().next();
        checkFloat(session.getInputInfo().get(input), false);
        checkFloat(session.getOutputInfo().get(output), true);
    }

    private void checkFloat(NodeInfo node, boolean isOutput) {
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
        OnnxChecksum.check(file);
        // Checked before native code opens the referenced files.
        OnnxExternalData.files(file);
        OnnxSizes.check(file);
        OrtSession session = null;
        try (ExitGate inside = ExitGate.enterUnlessEnding();
                Patience.Wait wait = Patience.on(file.toString());
                OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            // Errors are thrown; the runtime would also print them.
            options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
            if (threads > 0) options.setIntraOpNumThreads(threads);
            session = OrtEnvironment.getEnvironment().createSession(file.toString(), options);
            return new OnnxModel(file, session);
        } catch (OrtException e) {
            ExitGate.refuseIfEnding();
            close(file, session);
            throw new LimbeckException(
                    file + " is not an ONNX file that can be run: " + LimbeckException.briefly(e), e);
        } catch (RuntimeException e) {
            close(file, session);
            throw e;
        }
    }

    /** Return the metadata of the file. */
    public Map<String, String> metadata() {
        try {
            return session.getMetadata().getCustomMetadata();
        } catch (OrtException e) {
            throw trouble(file, e);
        }
    }

    /** Return the shape of the input; −1 for a dynamic size. */
    public long[] inputShape() {
        try {
            return ((TensorInfo) session.getInputInfo().get(input).getInfo()).getShape();
        } catch (OrtException e) {
            throw trouble(file, e);
        }
    }

    /** Return the shape of the output; −1 for a dynamic size. */
    public long[] outputShape() {
        try {
            return ((TensorInfo) session.getOutputInfo().get(output).getInfo()).getShape();
        } catch (OrtException e) {
            throw trouble(file, e);
        }
    }

    /** Return the name of the input. */
    public String input() {
        return input;
    }

    /** Return the name of the output. */
    public String output() {
        return output;
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
        return compute(values, shape).values;
    }

    /**
     * Hold an output.
     *
     * @param values row-major
     */
    public record Output(float[] values, long[] shape) {}

    /** Compute the output for a batch of values, row-major, with its shape. */
    public Output compute(float[] values, long... shape) {
        try (ExitGate inside = ExitGate.enterUnlessEnding();
                Patience.Wait wait = Patience.on(file.toString());
                OnnxTensor given =
                        OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), FloatBuffer.wrap(values), shape);
                OrtSession.Result result = session.run(Map.of(input, given))) {
            OnnxTensor answer = (OnnxTensor) result.get(0);
            FloatBuffer found = answer.getFloatBuffer();
            float[] numbers = new float[found.remaining()];
            found.get(numbers);
            return new Output(numbers, answer.getInfo().getShape());
        } catch (OrtException e) {
            ExitGate.refuseIfEnding();
            throw trouble(file, e);
        }
    }

    private static LimbeckException trouble(Path file, OrtException e) {
        return new LimbeckException(file + ": " + LimbeckException.briefly(e), e);
    }

    @Override
    public void close() {
        close(file, session);
    }

    private static void close(Path file, @Nullable OrtSession session) {
        try {
            if (session != null) session.close();
        } catch (OrtException e) {
            throw trouble(file, e);
        }
    }
}
