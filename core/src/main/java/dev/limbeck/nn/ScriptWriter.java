package dev.limbeck.nn;

import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.Script;
import java.util.LinkedHashMap;
import java.util.Map;

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
        return compile("", network);
    }

    private static Script compile(String path, Module module) {
        Map<String, Script> children = new LinkedHashMap<>();
        try {
            module.children()
                    .forEach((name, child) ->
                            children.put(name, compile(path.isEmpty() ? name : path + "." + name, child)));
            String className = module.getClass().getSimpleName() + (path.isEmpty() ? "" : "_" + path.replace('.', '_'));
            return Script.compile(
                    className, module.ownParameters(), module.ownBuffers(), children, source(path, module));
        } finally {
            children.values().forEach(Script::close);
        }
    }

    private static String source(String path, Module module) {
        try {
            return module.script();
        } catch (LimbeckException e) {
            throw path.isEmpty() ? e : new LimbeckException("layer " + path + ": " + e.getMessage(), e);
        }
    }
}
