package dev.limbeck.nn;

import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.pytorch.Tensor;

/** Turn a network into TorchScript by asking every module, from the leaves up, how it computes. */
public final class ScriptWriter {
    private ScriptWriter() {}

    /**
     * Compile a network as it computes in eval mode. The script shares the network's parameters and buffers, under the
     * same names.
     *
     * @throws LimbeckException naming the path of a module that does not describe itself
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
                    rowMajor(module.ownParameters()),
                    module.ownBuffers(),
                    children,
                    source(path, module));
        } finally {
            children.values().forEach(Script::close);
        }
    }

    /** Lay weights out row by row, whatever training likes: whoever opens the file gives its inputs so. */
    private static Map<String, Tensor> rowMajor(Map<String, Tensor> parameters) {
        Map<String, Tensor> copies = new LinkedHashMap<>();
        parameters.forEach((name, tensor) -> copies.put(name, Tensors.copy(tensor)));
        return copies;
    }

    /** Return a name that TorchScript accepts; that of an anonymous class is empty in Java. */
    private static String className(Module module) {
        String name = module.getClass().getSimpleName().replaceAll("\\W", "_");
        return name.isEmpty() ? "Module" : name;
    }

    private static String source(String path, Module module) {
        try {
            return module.script();
        } catch (LimbeckException e) {
            throw path.isEmpty() ? e : new LimbeckException("layer " + path + ": " + e.getMessage(), e);
        }
    }
}
