package dev.limbeck.weights;

import dev.limbeck.LimbeckException;
import dev.limbeck.io.FileKind;
import dev.limbeck.io.IoErrors;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.weights.StoredTensor.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * Read the files of PyTorch's {@code torch.save}, of the zip form (since 1.6) and the one before it, without running
 * anything they hold: only a fixed list of classes is known, every other is refused by name.
 *
 * <p>Where the network is known, {@link WeightFile#fit} chooses the map whose names and shapes fit it. Here it is not, so
 * that the place decides: under {@code state_dict}, {@code model_state_dict}, {@code model}, {@code net} and the like, the
 * weights in training before a moving average ({@code model_ema}, {@code ema}); else the outermost map if it holds tensors
 * itself; else the only inner map that does, an optimizer's apart. The prefixes {@code module.} and {@code _orig_mod.}, of
 * data-parallel training and compilation, are dropped where all names carry them. Numbers, text and options beside the
 * tensors are ignored. Every tensor comes out row-major with memory of its own, whatever its strides were.
 *
 * <p>Every size is checked against the file before memory is taken. A storage may hold up to 2 GiB.
 */
public final class TorchCheckpoint {
    /** Views with stride 0 or a shared storage may make the tensors larger than the file, within reason. */
    private static final int MOST_GROWTH = 4;

    private static final long ALWAYS_ALLOWED = 64L << 20;

    private TorchCheckpoint() {}

    /** Read the bytes of storages. */
    interface Storages {
        /** Check, before anything is allocated, that the file holds the storage in the size it claims. */
        void check(Storage storage) throws IOException;

        void read(Storage storage, ByteBuffer buffer) throws IOException;
    }

    /**
     * Read the state dict of a checkpoint.
     *
     * @return a state dict that the caller closes
     * @throws LimbeckException if the file is missing, cut off, damaged, of another kind, or names a class that a state
     *     dict has no need of
     */
    public static StateDict read(Path file) {
        IoErrors.requireFile(file);
        FileKind kind = FileKind.of(file);
        if (kind != FileKind.ZIP && kind != FileKind.TORCH_LEGACY) {
            throw IoErrors.in(
                    file, "is " + kind.description() + "; expected a PyTorch checkpoint as torch.save writes it");
        }
        return (kind == FileKind.ZIP ? TorchZip.open(file) : TorchLegacy.open(file)).read(null);
    }

    /** Make the tensors of a state dict, each storage read once. */
    static StateDict assemble(Path file, Map<String, TensorInfo> wanted, Storages storages) throws IOException {
        Map<String, StoredTensor> found = new LinkedHashMap<>();
        wanted.forEach((name, tensor) -> found.put(name, (StoredTensor) tensor));
        Map<Storage, List<String>> users = new LinkedHashMap<>();
        long bytes = 0;
        for (Map.Entry<String, StoredTensor> entry : found.entrySet()) {
            StoredTensor tensor = entry.getValue();
            users.computeIfAbsent(tensor.storage(), storage -> new ArrayList<>())
                    .add(entry.getKey());
            bytes = tensor.bytes() > Long.MAX_VALUE - bytes ? Long.MAX_VALUE : bytes + tensor.bytes();
        }
        for (Storage storage : users.keySet()) {
            storages.check(storage);
            if (storage.bytes() > Integer.MAX_VALUE) {
                throw IoErrors.in(
                        file,
                        "storage '" + IoErrors.printable(storage.key()) + "' takes " + storage.bytes()
                                + " bytes; at most 2 GiB can be read");
            }
        }
        if (bytes > Math.max(ALWAYS_ALLOWED, MOST_GROWTH * Files.size(file))) {
            throw IoErrors.in(
                    file, "its tensors claim " + bytes + " bytes, far more than the " + Files.size(file) + " it holds");
        }
        Map<String, Tensor> made = new LinkedHashMap<>();
        StateDict tensors = new StateDict();
        try (Scope all = Scope.open()) {
            for (Map.Entry<Storage, List<String>> entry : users.entrySet()) {
                Storage storage = entry.getKey();
                try (Scope one = Scope.open()) {
                    Tensor flat = TensorBytes.read(
                            file,
                            entry.getValue().get(0),
                            found.get(entry.getValue().get(0)).type(),
                            new long[] {storage.elements()},
                            buffer -> storages.read(storage, buffer));
                    for (String name : entry.getValue()) made.put(name, Scope.retain(copy(flat, found.get(name))));
                }
            }
        } catch (IOException | RuntimeException | Error e) {
            made.values().forEach(Tensor::close);
            throw e;
        }
        found.keySet().forEach(name -> tensors.put(name, made.get(name)));
        return tensors;
    }

    private static Tensor copy(Tensor flat, StoredTensor tensor) {
        if (tensor.bytes() == 0) return Tensors.zeros(tensor.type(), tensor.shape());
        return Tensors.stridedCopy(flat, tensor.offset(), tensor.shape(), tensor.strides());
    }
}
