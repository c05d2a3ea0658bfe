package dev.limbeck.nn;

import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.pytorch.Tensor;

/** Convert a network to TorchScript, from the scripts of its modules. */
public final class ScriptWriter {
    private ScriptWriter() {}

    /**
     * Compile a network's evaluation-mode forward pass. The script shares the network's parameters and buffers, with
     * the same names.
     *
     * @throws LimbeckException with the path of a module that has no script
     */
    public static Script compile(Module network) {
        return compile("", network, new AtomicInteger());
    }

    private static Script compile(String path, Module module, AtomicInteger compiled) {
        Map<String, Script> children = new LinkedHashMap<>();
        try (Scope scope = Scope.open()) {
            module.children()
                    .forEach((name, child) ->
                            children.put(name, compile(path.isEmpty() ? name : path + "." + name, child, compiled)));
            return Script.compile(
                    className(module) + "_" + compiled.getAndIncrement(),
                    rowMajor(module),
                    module.ownBuffers(),
                    children,
                    source(path, module));
        } finally {
            children.values().forEach(Script::close);
        }
    }

    /** Convert weights to row-major layout, independent of training: the file's users pass row-major inputs. */
    private static Map<String, Tensor> rowMajor(Module module) {
        LayerQuantization rounding = module.quantization;
        Map<String, Tensor> copies = new LinkedHashMap<>();
        module.ownParameters().forEach((name, tensor) -> {
            boolean rounded = rounding != null && name.equals("weight");
            copies.put(name, Tensors.copy(rounded ? rounding.constant(tensor) : tensor));
        });
        return copies;
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
