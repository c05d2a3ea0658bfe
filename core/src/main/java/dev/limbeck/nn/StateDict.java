package dev.limbeck.nn;

import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.apache.commons.codec.digest.DigestUtils;
import org.bytedeco.pytorch.Tensor;

/** Hold named tensors in order, like PyTorch's state dict, with string metadata. It owns and closes its tensors. */
public final class StateDict implements AutoCloseable {
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    /** Add a tensor. The state dict takes ownership. */
    public void put(String name, Tensor tensor) {
        Tensor before = tensors.put(name, tensor);
        if (before != null) before.close();
    }

    /** Return a tensor by name. The state dict keeps ownership. */
    public Tensor get(String name) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) throw new IllegalArgumentException("no tensor '" + name + "'");
        return tensor;
    }

    /** Return all tensors by name, in order. The state dict keeps ownership. */
    public Map<String, Tensor> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    public boolean contains(String name) {
        return tensors.containsKey(name);
    }

    /** Return the names in order. */
    public Set<String> names() {
        return tensors.keySet();
    }

    public int size() {
        return tensors.size();
    }

    /** Return whether there are no tensors and no metadata. */
    public boolean isEmpty() {
        return tensors.isEmpty() && metadata.isEmpty();
    }

    /** Return the mutable string metadata, such as architecture and class names. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** Add all tensors and metadata of another state dict with a prefix to their names; it is empty afterward. */
    public void add(String prefix, StateDict other) {
        other.tensors.forEach((name, tensor) -> put(prefix + name, tensor));
        other.tensors.clear();
        other.metadata.forEach((name, text) -> metadata.put(prefix + name, text));
        other.metadata.clear();
    }

    /** Return a copy of everything. */
    public StateDict copy() {
        StateDict copy = new StateDict();
        tensors.forEach((name, tensor) -> copy.put(name, Scope.retain(Tensors.copy(tensor))));
        copy.metadata.putAll(metadata);
        return copy;
    }

    /** Take out all tensors and metadata whose names begin with a prefix, under what follows it: the reverse of {@link #add}. */
    public StateDict take(String prefix) {
        StateDict taken = new StateDict();
        move(tensors, prefix, taken.tensors);
        move(metadata, prefix, taken.metadata);
        return taken;
    }

    private static <V> void move(Map<String, V> from, String prefix, Map<String, V> to) {
        from.entrySet().removeIf(entry -> {
            if (!entry.getKey().startsWith(prefix)) return false;
            to.put(entry.getKey().substring(prefix.length()), entry.getValue());
            return true;
        });
    }

    /** Return the same tensors under other names; this state dict is empty afterward. */
    public StateDict renamed(UnaryOperator<String> rename) {
        StateDict renamed = new StateDict();
        tensors.forEach((name, tensor) -> renamed.put(rename.apply(name), tensor));
        renamed.metadata.putAll(metadata);
        tensors.clear();
        return renamed;
    }

    /** Return the SHA-256 over names, types, shapes and values, in hex: equal exactly for equal weights and buffers. */
    public String sha256() {
        return sha256(tensors);
    }

    /** Return {@link #sha256()} of a state dict with these tensors, without making one. */
    static String sha256(Map<String, Tensor> tensors) {
        MessageDigest digest = DigestUtils.getSha256Digest();
        tensors.forEach((name, tensor) -> {
            String head = name + "|" + DType.of(tensor) + "|" + Tensors.shapeText(tensor.shape()) + "\n";
            digest.update(head.getBytes(StandardCharsets.UTF_8));
            digest.update(Tensors.toBytes(tensor));
        });
        return HexFormat.of().formatHex(digest.digest());
    }

    @Override
    public void close() {
        tensors.values().forEach(Tensor::close);
        tensors.clear();
    }
}
