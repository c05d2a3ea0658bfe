package dev.limbeck.onnx;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import dev.limbeck.ExitGate;
import dev.limbeck.LimbeckException;
import dev.limbeck.Patience;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Run an ONNX file of one input and one output in ONNX Runtime: the only place that opens one. Any number of threads may ask at
 * the same time.
 */
public final class OnnxSession implements AutoCloseable {
    private final Path file;
    private final OrtSession session;
    private final NodeInfo input;
    private final NodeInfo output;
    private final Map<String, String> metadata;

    // Asking shares the lock, closing does not: the session is closed only when nobody computes with it.
    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private boolean closed;

    /**
     * Hold what a model gives.
     *
     * @param values row-major
     */
    public record Output(float[] values, long[] shape) {}

    private OnnxSession(Path file, OrtSession session) throws OrtException {
        this.file = file;
        this.session = session;
        if (session.getInputNames().size() != 1 || session.getOutputNames().size() != 1) {
            throw new LimbeckException(file + " has " + session.getInputNames().size() + " inputs and "
                    + session.getOutputNames().size() + " outputs; expected one of each");
        }
        input = session.getInputInfo().values().iterator().next();
        output = session.getOutputInfo().values().iterator().next();
        metadata = session.getMetadata().getCustomMetadata();
    }

    /**
     * Open a file.
     *
     * @param threads that one answer may use; 0 leaves it to the runtime
     * @throws LimbeckException if it cannot be read, was changed since it was exported, or is not an ONNX file with one input and
     *     one output
     */
    public static OnnxSession open(Path file, int threads) {
        OnnxChecksum.check(file);
        NativeFiles.prepare();
        OrtSession session = null;
        try (ExitGate inside = ExitGate.enterUnlessEnding();
                Patience.Wait wait = Patience.on(file.toString());
                OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            // What is wrong is thrown; it would be printed besides.
            options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
            if (threads > 0) options.setIntraOpNumThreads(threads);
            session = OrtEnvironment.getEnvironment().createSession(file.toString(), options);
            return new OnnxSession(file, session);
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

    /** Return the file that was opened. */
    public Path file() {
        return file;
    }

    /** Return the metadata that the file carries. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** Return the name, type and shape of what goes in. */
    public NodeInfo input() {
        return input;
    }

    /** Return the name, type and shape of what comes out. */
    public NodeInfo output() {
        return output;
    }

    /**
     * Compute the output for a batch, with the shape that the model gives it.
     *
     * @param values row-major
     * @throws LimbeckException if it does not take such a batch, or is closed
     */
    public Output run(float[] values, long... shape) {
        lock.readLock().lock();
        try (ExitGate inside = ExitGate.enterUnlessEnding();
                Patience.Wait wait = Patience.on(file.toString())) {
            if (closed) throw new LimbeckException(file + " is closed; open it again");
            return compute(values, shape);
        } catch (OrtException e) {
            // Its own shutdown hook takes it down under those that are asked.
            ExitGate.refuseIfEnding();
            throw trouble(file, e);
        } finally {
            lock.readLock().unlock();
        }
    }

    private Output compute(float[] values, long... shape) throws OrtException {
        try (OnnxTensor given =
                        OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), FloatBuffer.wrap(values), shape);
                OrtSession.Result result = session.run(Map.of(input.getName(), given))) {
            OnnxTensor answer = (OnnxTensor) result.get(0);
            FloatBuffer found = answer.getFloatBuffer();
            float[] numbers = new float[found.remaining()];
            found.get(numbers);
            return new Output(numbers, answer.getInfo().getShape());
        }
    }

    /** Free the memory of the model, once nobody computes with it any more. */
    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (!closed) close(file, session);
            closed = true;
        } finally {
            lock.writeLock().unlock();
        }
    }

    private static void close(Path file, OrtSession session) {
        try {
            if (session != null) session.close();
        } catch (OrtException e) {
            throw trouble(file, e);
        }
    }

    private static LimbeckException trouble(Path file, OrtException e) {
        return new LimbeckException(file + ": " + LimbeckException.briefly(e), e);
    }
}
