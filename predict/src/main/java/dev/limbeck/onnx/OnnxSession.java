package dev.limbeck.onnx;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.limbeck.ExitGate;
import dev.limbeck.LimbeckException;
import dev.limbeck.Patience;
import dev.limbeck.SharedUse;
import java.io.ByteArrayInputStream;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Run an ONNX file in ONNX Runtime; all code uses ONNX Runtime through this class. A model has one or several inputs.
 * If it has several outputs, the one with a number per class is found. Thread-safe.
 */
public final class OnnxSession implements AutoCloseable {
    /** Names that identify the output with a number per class. */
    private static final List<String> OUTPUTS = List.of("logits", "probabilities", "numbers");

    private final Path file;
    private final OrtSession session;
    private final List<NodeInfo> inputs;
    private final List<NodeInfo> outputs;
    private final NodeInfo output;
    private final Map<String, String> metadata;

    private final SharedUse shared = new SharedUse();

    /**
     * Hold the samples for one input. Exactly one of floats, doubles, integers and texts is not empty, unless the batch is empty.
     *
     * @param floats float32 numbers, row-major, which a float64 input takes as well
     * @param doubles float64 numbers, row-major
     * @param integers int64 numbers, row-major, which an int32 input takes as well
     * @param texts row-major
     */
    public record Rows(float[] floats, double[] doubles, long[] integers, String[] texts, long[] shape) {
        /** Hold float32 numbers. */
        public static Rows of(float[] floats, long... shape) {
            return new Rows(floats, new double[0], new long[0], new String[0], shape);
        }

        /** Hold float64 numbers. */
        public static Rows of(double[] doubles, long... shape) {
            return new Rows(new float[0], doubles, new long[0], new String[0], shape);
        }

        /** Hold integers. */
        public static Rows of(long[] integers, long... shape) {
            return new Rows(new float[0], new double[0], integers, new String[0], shape);
        }

        /** Hold texts. */
        public static Rows of(String[] texts, long... shape) {
            return new Rows(new float[0], new double[0], new long[0], texts, shape);
        }
    }

    /**
     * Hold one output of a model.
     *
     * @param values row-major
     */
    public record Output(float[] values, long[] shape) {}

    private OnnxSession(Path file, OrtSession session, Map<String, String> metadata) throws OrtException {
        this.file = file;
        this.session = session;
        inputs = ordered(session.getInputNames(), session.getInputInfo());
        outputs = ordered(session.getOutputNames(), session.getOutputInfo());
        if (inputs.isEmpty()) throw new LimbeckException(file + " has no input; expected a model of rows");
        output = forClasses();
        this.metadata = metadata;
    }

    private static List<NodeInfo> ordered(Set<String> names, Map<String, NodeInfo> infos) {
        List<NodeInfo> all = new ArrayList<>();
        for (String name : names) {
            NodeInfo info = infos.get(name);
            if (info != null) all.add(info);
        }
        return List.copyOf(all);
    }

    /**
     * Find the output with a number per class: the only output, the only floating-point output, or the one with a known name.
     */
    private NodeInfo forClasses() {
        if (outputs.size() == 1) return outputs.get(0);
        List<NodeInfo> numbers = outputs.stream()
                .filter(one -> one.getInfo() instanceof TensorInfo tensor
                        && (tensor.type == OnnxJavaType.FLOAT || tensor.type == OnnxJavaType.DOUBLE))
                .toList();
        if (numbers.size() == 1) return numbers.get(0);
        for (String name : OUTPUTS) {
            for (NodeInfo one : numbers) if (one.getName().equals(name)) return one;
        }
        if (numbers.isEmpty() && outputs.stream().anyMatch(one -> !(one.getInfo() instanceof TensorInfo))) {
            throw new LimbeckException(
                    file + " returns maps of probabilities by class (ZipMap), expected a float32 table; "
                            + "convert the model with options={'zipmap': False}");
        }
        throw new LimbeckException(
                file + " has " + outputs.size() + " outputs (" + names(outputs) + "), expected one of float32, or one "
                        + "named logits, probabilities or numbers; export it with that output only, or name it so");
    }

    private static String names(List<NodeInfo> nodes) {
        return String.join(", ", nodes.stream().map(NodeInfo::getName).toList());
    }

    /**
     * Open a file.
     *
     * @param threads number of threads for one run; 0 leaves it to the runtime
     * @throws LimbeckException if it cannot be read, was changed since it was exported, or is not an ONNX file that can
     *     be run
     */
    public static OnnxSession open(Path file, int threads) {
        OnnxChecksum.check(file);
        return open(
                file,
                threads,
                () -> Files.newInputStream(file),
                (environment, options) -> environment.createSession(file.toString(), options));
    }

    /** Open a file, run as it is written, without the runtime's graph optimizations; see {@link #open(Path, int)}. */
    public static OnnxSession openUnoptimized(Path file) {
        OnnxChecksum.check(file);
        return open(file, 0, () -> Files.newInputStream(file), (environment, options) -> {
            options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.NO_OPT);
            return environment.createSession(file.toString(), options);
        });
    }

    /**
     * Open a model in memory.
     *
     * @param name of the model in messages
     */
    public static OnnxSession open(byte[] model, Path name) {
        return open(
                name,
                0,
                () -> new ByteArrayInputStream(model),
                (environment, options) -> environment.createSession(model, options));
    }

    /** Create a session of the runtime. */
    private interface Opening {
        OrtSession open(OrtEnvironment environment, OrtSession.SessionOptions options) throws OrtException;
    }

    private static OnnxSession open(Path file, int threads, OnnxMetadata.Source model, Opening opening) {
        NativeFiles.prepare();
        OrtSession session = null;
        try (ExitGate inside = ExitGate.enterUnlessEnding();
                Patience.Wait wait = Patience.on(file.toString());
                OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            // Errors are thrown as exceptions; the runtime would print them as well.
            options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
            if (threads > 0) options.setIntraOpNumThreads(threads);
            session = opening.open(OrtEnvironment.getEnvironment(), options);
            return new OnnxSession(file, session, OnnxMetadata.read(model, file));
        } catch (OrtException e) {
            ExitGate.refuseIfEnding();
            close(file, session);
            throw new LimbeckException(
                    file + " is not an ONNX file that can be run: " + LimbeckException.briefly(e), e);
        } catch (LinkageError e) {
            Throwable root = e;
            while (root.getCause() != null) root = root.getCause();
            throw new LimbeckException(
                    "ONNX Runtime cannot be loaded (" + LimbeckException.briefly(root) + "); "
                            + NativeFiles.advice(root),
                    e);
        } catch (RuntimeException e) {
            close(file, session);
            throw e;
        }
    }

    /** Return the file of the model. */
    public Path file() {
        return file;
    }

    /** Return the metadata in the file. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** Return the name, type and shape of each input, in the file's order. */
    public List<NodeInfo> inputs() {
        return inputs;
    }

    /**
     * Return the name, type and shape of the only input.
     *
     * @throws LimbeckException if there are several
     */
    public NodeInfo input() {
        if (inputs.size() == 1) return inputs.get(0);
        throw new LimbeckException(file + " has " + inputs.size() + " inputs (" + names(inputs)
                + "), expected one; use a file of one input");
    }

    /** Return the name, type and shape of the output with a number per class. */
    public NodeInfo output() {
        return output;
    }

    /** Return the names of all outputs. */
    public List<String> outputNames() {
        return outputs.stream().map(NodeInfo::getName).toList();
    }

    /**
     * Compute the output for a batch of the only input, with the shape that the model returns.
     *
     * @param values row-major
     * @throws LimbeckException if the model does not accept such a batch, or is closed
     */
    public Output run(float[] values, long... shape) {
        return run(List.of(Rows.of(values, shape)));
    }

    /**
     * Compute the output for a batch, with the shape that the model returns.
     *
     * @param rows samples for each input, in the file's order
     * @throws LimbeckException if the model does not accept such a batch, or is closed
     */
    public Output run(List<Rows> rows) {
        return run(rows, List.of(output.getName())).values().iterator().next();
    }

    /**
     * Compute some float32 outputs for a batch.
     *
     * @param rows samples for each input, in the file's order
     * @param wanted names of outputs
     * @return by name, in the order of the names
     * @throws LimbeckException if the model does not accept such a batch, has no such output or one without floating-point numbers, or is closed
     */
    public Map<String, Output> run(List<Rows> rows, Collection<String> wanted) {
        if (rows.size() != inputs.size()) {
            throw new LimbeckException(file + " takes " + inputs.size()
                    + (inputs.size() == 1 ? " input (" : " inputs (") + names(inputs) + "), found " + rows.size());
        }
        try (SharedUse.Use use = shared.begin(file + " is closed; open it again");
                ExitGate inside = ExitGate.enterUnlessEnding();
                Patience.Wait wait = Patience.on(file.toString())) {
            return compute(rows, wanted);
        } catch (OrtException e) {
            // ONNX Runtime's own shutdown hook may have closed the session during the run.
            ExitGate.refuseIfEnding();
            throw trouble(file, e);
        }
    }

    private Map<String, Output> compute(List<Rows> rows, Collection<String> wanted) throws OrtException {
        Map<String, OnnxTensor> given = new LinkedHashMap<>();
        try {
            for (int i = 0; i < inputs.size(); i++)
                given.put(inputs.get(i).getName(), tensor(inputs.get(i), rows.get(i)));
            try (OrtSession.Result result = session.run(given, Set.copyOf(wanted))) {
                Map<String, Output> found = new LinkedHashMap<>();
                for (String name : wanted) found.put(name, output(name, result));
                return found;
            }
        } finally {
            given.values().forEach(OnnxTensor::close);
        }
    }

    private OnnxTensor tensor(NodeInfo input, Rows rows) throws OrtException {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        OnnxJavaType type = input.getInfo() instanceof TensorInfo tensor ? tensor.type : OnnxJavaType.UNKNOWN;
        if (rows.texts().length > 0) return OnnxTensor.createTensor(environment, rows.texts(), rows.shape());
        if (rows.doubles().length > 0 || rows.integers().length == 0 && type == OnnxJavaType.DOUBLE) {
            double[] doubles = rows.doubles();
            if (doubles.length == 0) {
                doubles = new double[rows.floats().length];
                for (int i = 0; i < doubles.length; i++) doubles[i] = rows.floats()[i];
            }
            return OnnxTensor.createTensor(environment, DoubleBuffer.wrap(doubles), rows.shape());
        }
        if (rows.integers().length == 0) {
            return OnnxTensor.createTensor(environment, FloatBuffer.wrap(rows.floats()), rows.shape());
        }
        if (type != OnnxJavaType.INT32) {
            return OnnxTensor.createTensor(environment, LongBuffer.wrap(rows.integers()), rows.shape());
        }
        int[] narrow = new int[rows.integers().length];
        for (int i = 0; i < narrow.length; i++) {
            long value = rows.integers()[i];
            narrow[i] = (int) value;
            if (narrow[i] != value) {
                throw new LimbeckException(file + ": " + input.getName() + " is int32, found " + value
                        + "; give integers from " + Integer.MIN_VALUE + " to " + Integer.MAX_VALUE);
            }
        }
        return OnnxTensor.createTensor(environment, IntBuffer.wrap(narrow), rows.shape());
    }

    private Output output(String name, OrtSession.Result result) {
        OnnxValue value = result.get(name)
                .orElseThrow(() -> new LimbeckException(file + " has no output " + name + ", found " + outputNames()));
        if (!(value instanceof OnnxTensor tensor)) throw noNumbers(name, "no tensor");
        if (tensor.getInfo().type == OnnxJavaType.DOUBLE) {
            double[] wide = new double[tensor.getDoubleBuffer().remaining()];
            tensor.getDoubleBuffer().get(wide);
            float[] narrow = new float[wide.length];
            for (int i = 0; i < wide.length; i++) narrow[i] = (float) wide[i];
            return new Output(narrow, tensor.getInfo().getShape());
        }
        // The runtime converts float16 itself, and has no numbers of other types here.
        FloatBuffer found = tensor.getFloatBuffer();
        if (found == null)
            throw noNumbers(name, tensor.getInfo().type.toString().toLowerCase(Locale.ROOT));
        float[] numbers = new float[found.remaining()];
        found.get(numbers);
        return new Output(numbers, tensor.getInfo().getShape());
    }

    private LimbeckException noNumbers(String output, String found) {
        return new LimbeckException(file + ": " + output + " is " + found + ", expected float32 or float64; "
                + (outputs.size() > 1 ? "name another output" : "export the model with such an output"));
    }

    /** Free the model's memory after all runs have finished. */
    @Override
    public void close() {
        shared.close(() -> close(file, session));
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
