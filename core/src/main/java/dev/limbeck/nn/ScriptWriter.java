package dev.limbeck.nn;

import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/** Convert a network to TorchScript, from the scripts of its modules. */
public final class ScriptWriter {
    private ScriptWriter() {}

    /**
     * Compile a network's evaluation-mode forward pass, for a file. The script has copies of the network's parameters, row-major because
     * the file's users pass row-major inputs, and shares its buffers, with the same names.
     *
     * @throws LimbeckException with the path of a module that has no script
     */
    public static Script compile(Module network) {
        return compile("", network, new AtomicInteger(), Tensors::copy);
    }

    /**
     * Compile a network as {@link #compile} does, to run it here. The script shares the network's parameters, which must not change
     * while it is used.
     */
    static Script share(Module network) {
        return compile("", network, new AtomicInteger(), Tensor::detach);
    }

    private static Script compile(
            String path, Module module, AtomicInteger compiled, UnaryOperator<Tensor> asConstant) {
        Map<String, Script> children = new LinkedHashMap<>();
        try (Scope scope = Scope.open()) {
            module.children()
                    .forEach((name, child) -> children.put(
                            name, compile(path.isEmpty() ? name : path + "." + name, child, compiled, asConstant)));
            return Script.compile(
                    className(module) + "_" + compiled.getAndIncrement(),
                    constants(module, asConstant),
                    module.ownBuffers(),
                    children,
                    source(path, module));
        } finally {
            children.values().forEach(Script::close);
        }
    }

    private static Map<String, Tensor> constants(Module module, UnaryOperator<Tensor> asConstant) {
        LayerQuantization rounding = module.quantization;
        Map<String, Tensor> found = new LinkedHashMap<>();
        module.ownParameters().forEach((name, tensor) -> {
            boolean rounded = rounding != null && name.equals("weight");
            found.put(name, asConstant.apply(rounded ? rounding.constant(tensor) : tensor));
        });
        return found;
    }

    /** Return a valid TorchScript class name. The name of an anonymous Java class is empty. */
    private static String className(Module module) {
        String name = module.getClass().getSimpleName().replaceAll("\\W", "_");
        return name.isEmpty() ? "Module" : name;
    }

    private static String source(String path, Module module) {
        try {
            String script = module.script();
            return module.quantization == null ? script : module.quantization.script(script);
        } catch (LimbeckException e) {
            throw path.isEmpty() ? e : new LimbeckException("layer " + path + ": " + e.getMessage(), e);
        }
    }
}
