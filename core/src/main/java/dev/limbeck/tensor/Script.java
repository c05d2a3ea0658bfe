package dev.limbeck.tensor;

import dev.limbeck.LimbeckException;
import dev.limbeck.Patience;
import dev.limbeck.SharedUse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.ExtraFilesMap;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.JitNode;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.StringVectorOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.parameter_iterator;
import org.bytedeco.pytorch.parameter_list;
import org.jspecify.annotations.Nullable;

/**
 * Compile, save, load and run TorchScript modules. Any number of threads may use one: what freezes the module is synchronized, since the
 * engine crashes if two threads do it at once, and closing waits for all of them.
 */
public final class Script implements AutoCloseable {
    static {
        Engine.start();
    }

    private static final Pattern UNKNOWN_OPERATOR = Pattern.compile("Unknown builtin op: (\\w+)::(\\w+)");
    private static final Pattern NEWER_FORMAT =
            Pattern.compile("file with version (\\d+), but the maximum supported version for reading is (\\d+)");

    /** Namespaces of PyTorch's own operators. */
    private static final Set<String> OWN_OPERATORS = Set.of(
            "aten", "prim", "prims", "quantized", "_quantized", "mkldnn", "sparse", "profiler", "c10d", "inductor");

    private final String name;
    private final JitModule module;
    private final SharedUse shared = new SharedUse();
    private @Nullable InferenceGraph running;

    private Script(String name, JitModule module) {
        this.name = name;
        this.module = Scope.retain(module);
    }

    /**
     * Compile a module from its source and parts.
     *
     * @param className unique class name among modules saved together
     * @param source source of a method {@code forward(self, x: Tensor)} that may use the names of the parts
     */
    public static Script compile(
            String className,
            Map<String, Tensor> parameters,
            Map<String, Tensor> buffers,
            Map<String, Script> children,
            String source) {
        try (Scope scope = Scope.open()) {
            JitModule module = new JitModule(new QualifiedName("__torch__." + className));
            parameters.forEach((name, tensor) -> module.register_parameter(name, tensor, false));
            buffers.forEach(module::register_buffer);
            children.forEach((name, child) -> module.register_module(name, child.module));
            try {
                module.define(source);
            } catch (RuntimeException e) {
                throw new LimbeckException(
                        "the script of " + className + " does not compile: " + Engine.firstLine(e), e);
            }
            module.eval();
            return new Script(className, module);
        }
    }

    /**
     * Load a TorchScript file on the CPU, in evaluation mode. The engine trusts every byte of it and runs its program.
     * Only {@code TorchScriptFile} of {@code dev.limbeck.weights}, which checks files, may call this.
     */
    public static Script load(Path file) {
        try (Scope scope = Scope.open();
                Patience.Wait wait = Patience.on(file.toString())) {
            JitModule module = torch.load(file.toString(), new DeviceOptional(new Device("cpu")), false);
            module.eval();
            return new Script(file.toString(), module);
        } catch (RuntimeException e) {
            throw new LimbeckException(file + " " + trouble(e), e);
        }
    }

    /** Explain why a file does not open: what the engine lacks. */
    private static String trouble(RuntimeException e) {
        String line = Engine.firstLine(e);
        Matcher operator = UNKNOWN_OPERATOR.matcher(line);
        String release = Engine.version().replaceAll("-.*", "");
        String engine = "LibTorch " + release;
        boolean missing = operator.find();
        if (missing && !OWN_OPERATORS.contains(operator.group(1))) {
            return "needs the operator " + operator.group(1) + "::" + operator.group(2) + " of an extension, which "
                    + engine + " does not have; save the network without it, or export it to ONNX";
        }
        Matcher version = NEWER_FORMAT.matcher(line);
        String newer =
                "it was saved by a newer PyTorch: save it with the same release or an older one, with torch.jit.trace,"
                        + " which leaves out unused branches, or export it to ONNX";
        if (missing) {
            return "needs the operator " + operator.group(1) + "::" + operator.group(2) + ", which " + engine
                    + " does not have; " + newer;
        }
        if (version.find()) {
            return "has version " + version.group(1) + " of the format, and " + engine + " reads up to "
                    + version.group(2) + "; " + newer;
        }
        return "is TorchScript that " + engine + " cannot open (" + line
                + "); if a newer PyTorch saved it, save it with PyTorch " + release + " or older, or export it to ONNX";
    }

    /**
     * Return whether batch norms or dropout are in training mode independent of the module's mode, as in a trace of a
     * network in training mode. Folding would ignore that.
     */
    public boolean trains() {
        return alone(() -> {
            try (Scope scope = Scope.open()) {
                JitModule frozen = torch.freeze(module, new StringVectorOptional(), false);
                for (JitNode node :
                        GraphNodes.nodes(frozen.get_method("forward").graph())) {
                    int at = trainingAt(node);
                    if (at >= 0 && GraphNodes.whole(node.input(at)) > 0) return true;
                }
                return false;
            }
        });
    }

    /** Return the index of the input for the training mode of a node; −1 for none. */
    private static int trainingAt(JitNode node) {
        return switch (GraphNodes.kind(node)) {
            case "aten::batch_norm" -> 5;
            case "aten::dropout", "aten::feature_dropout", "aten::alpha_dropout" -> 2;
            default -> -1;
        };
    }

    /** Run the module on its only input, as {@link #forward(Inputs)} does. */
    public Tensor forward(Tensor x) {
        return forward(Inputs.of(x));
    }

    /** Run the module in float32 without recording gradients, as an {@link InferenceGraph} made at the first call. */
    public Tensor forward(Inputs inputs) {
        try (SharedUse.Use use = use()) {
            InferenceGraph graph = alone(this::running);
            try (Patience.Wait wait = Patience.on(name)) {
                return graph.forward(inputs);
            }
        }
    }

    private InferenceGraph running() {
        // The engine's own way to run it convolves wrongly, see Convolution. A teacher's last batch may be a single
        // row, too.
        if (running == null) running = InferenceGraph.of(module, Precision.FP32, ProductGraph::isFaster, true);
        return running;
    }

    /**
     * Return the module's graph. The caller closes it.
     *
     * @param foldBatchNorms whether to fold batch norms into convolutions
     */
    public ScriptGraph graph(boolean foldBatchNorms) {
        return alone(() -> ScriptGraph.of(module, foldBatchNorms));
    }

    /** Create an optimized copy for inference. The caller closes it. */
    public InferenceGraph forInference(Precision precision) {
        return forInference(precision, ProductGraph::isFaster, true);
    }

    /** Create an optimized copy for batches. It computes a single row as it does several, and takes no memory for it. */
    public InferenceGraph forBatches(Precision precision) {
        return forInference(precision, ProductGraph::isFaster, false);
    }

    InferenceGraph forInference(Precision precision, Predicate<Precision> products, boolean singles) {
        return alone(() -> InferenceGraph.of(module, precision, products, singles));
    }

    /**
     * Write the module to a file for {@code torch.jit.load}, atomically.
     *
     * @param extra texts to store by name, {@code _extra_files} in Python
     * @throws LimbeckException if the disk is full or the folder is not writable
     */
    public void save(Path file, Map<String, String> extra) {
        try (SharedUse.Use use = use();
                Scope scope = Scope.open()) {
            ExtraFilesMap files = new ExtraFilesMap();
            extra.forEach((name, text) -> files.put(
                    new BytePointer(name, StandardCharsets.UTF_8), new BytePointer(text, StandardCharsets.UTF_8)));
            NativeFile.write(file, bytes(), path -> module.save(path, files));
        }
    }

    /** Return the size of the weights in bytes. */
    private long bytes() {
        long bytes = 0;
        parameter_list parameters = module.parameters();
        parameter_iterator at = parameters.begin();
        for (long left = parameters.size(); left > 0; left--) {
            bytes += at.access().nbytes();
            at.increment();
        }
        return bytes;
    }

    private SharedUse.Use use() {
        return shared.begin(name + " is closed; open it again");
    }

    /** Do what no other thread may do with this module at the same time. */
    private <T> T alone(Supplier<T> work) {
        // In this order, also in forward: a thread with the monitor must not wait for one that closes.
        try (SharedUse.Use use = use();
                Patience.Wait wait = Patience.on(name)) {
            synchronized (module) {
                return work.get();
            }
        }
    }

    @Override
    public void close() {
        shared.close(() -> {
            if (running != null) running.close();
            module.close();
        });
    }
}
