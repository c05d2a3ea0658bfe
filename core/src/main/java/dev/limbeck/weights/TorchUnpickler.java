package dev.limbeck.weights;

import dev.limbeck.LimbeckException;
import dev.limbeck.io.IoErrors;
import dev.limbeck.weights.StoredTensor.Storage;
import dev.limbeck.weights.TorchGlobals.Global;
import dev.limbeck.weights.TorchGlobals.StorageType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import net.razorvine.pickle.Opcodes;
import org.jspecify.annotations.Nullable;

/**
 * Unpickle what {@code torch.save} writes for a state dict, and refuse the rest. The base class decodes numbers, text
 * and lists; every opcode that names, makes or changes an object is handled here by the fixed list of
 * {@link TorchGlobals}, so neither the base class's registry of constructors nor reflection is ever reached.
 */
final class TorchUnpickler extends StrictUnpickler {
    private static final String NOTHING_RUN = "; nothing of it was run";
    /** What a storage takes in memory. */
    private static final int STORAGE = 128;

    private final Path file;
    private final Map<String, Storage> storages;

    /**
     * Prepare to read one pickle.
     *
     * @param storages receives every storage that the pickle names
     */
    TorchUnpickler(Path file, PickleInput source, Map<String, Storage> storages) {
        super(source);
        this.file = file;
        this.storages = storages;
    }

    /**
     * Read one pickle and stop behind it.
     *
     * @return null, Boolean, Number, String, byte[], Object[] for a tuple, List, Map in order, {@link StoredTensor}, or
     *     an object of no meaning
     */
    @Nullable
    Object read() {
        PickleInput source = source();
        long start = source.position();
        try {
            return load(source);
        } catch (LimbeckException e) {
            throw e;
        } catch (IOException e) {
            throw IoErrors.reading(file, e);
        } catch (IllegalArgumentException e) {
            throw new LimbeckException(file + ": " + IoErrors.printable(String.valueOf(e.getMessage())), e);
        } catch (RuntimeException e) {
            throw new LimbeckException(
                    file + ": damaged pickle at byte " + (source.position() - start) + " of it ("
                            + IoErrors.printable(String.valueOf(e.getMessage())) + ")",
                    e);
        }
    }

    @Override
    protected Object dispatch(short opcode) throws IOException {
        switch (opcode) {
            case Opcodes.GLOBAL -> stack.add(global(nameLine(), nameLine()));
            case Opcodes.STACK_GLOBAL -> {
                Object name = stack.pop();
                stack.add(global(text(stack.pop()), text(name)));
            }
            case Opcodes.INST -> {
                Global callee = global(nameLine(), nameLine());
                stack.add(call(callee, stack.pop_all_since_marker().toArray()));
            }
            case Opcodes.OBJ -> {
                List<Object> items = stack.pop_all_since_marker();
                stack.add(call(items.get(0), items.subList(1, items.size()).toArray()));
            }
            case Opcodes.REDUCE, Opcodes.NEWOBJ -> {
                Object arguments = stack.pop();
                stack.add(call(stack.pop(), arguments));
            }
            // Python would hand the popped state to the object's own code; here it is of no interest.
            case Opcodes.BUILD -> stack.pop();
            case Opcodes.BINPERSID -> stack.add(storage(stack.pop()));
            case Opcodes.PERSID,
                    Opcodes.NEWOBJ_EX,
                    Opcodes.EXT1,
                    Opcodes.EXT2,
                    Opcodes.EXT4,
                    Opcodes.NEXT_BUFFER,
                    Opcodes.READONLY_BUFFER ->
                throw IoErrors.in(
                        file, "uses pickle opcode " + opcode + ", which torch.save does not write" + NOTHING_RUN);
            default -> {
                return super.dispatch(opcode);
            }
        }
        return NO_RETURN_VALUE;
    }

    private Global global(String module, String name) {
        String qualified = IoErrors.printable(module + "." + name);
        Global known = TorchGlobals.find(module + "." + name);
        if (known != null) return known;
        if (module.startsWith("fastai.")) {
            throw IoErrors.in(
                    file,
                    "holds fastai code (class " + qualified
                            + "), as learn.export writes it, which only Python can run; save"
                            + " the weights there with learn.save(name, with_opt=False)" + NOTHING_RUN);
        }
        if (module.startsWith("torch.nn.modules") || module.startsWith("torchvision.") || module.startsWith("timm.")) {
            throw IoErrors.in(
                    file,
                    "holds a whole pickled model (class " + qualified
                            + "), which only Python can read; save it there with torch.save(model.state_dict(), path)"
                            + NOTHING_RUN);
        }
        throw IoErrors.in(
                file,
                "names the class " + qualified + ", which is not among the harmless ones that are passed over; save the"
                        + " weights alone by torch.save(model.state_dict(), path)" + NOTHING_RUN);
    }

    private Object call(@Nullable Object callee, @Nullable Object arguments) {
        if (!(callee instanceof Global global) || !(arguments instanceof Object[] values)) {
            throw IoErrors.in(file, "damaged pickle: calls what is not a known class" + NOTHING_RUN);
        }
        spendOnCall(values);
        return global.call(values);
    }

    @Override
    protected void putAll(List<Object> keysAndValues) {
        if (!(stack.peek() instanceof TorchGlobals.Opaque)) super.putAll(keysAndValues);
    }

    @Override
    protected void addAll(List<Object> items) {
        if (!(stack.peek() instanceof TorchGlobals.Opaque)) super.addAll(items);
    }

    private static String text(Object value) {
        if (value instanceof String text) return text;
        throw new IllegalArgumentException("damaged pickle: the name of a class is not text");
    }

    /** Resolve {@code ('storage', type, key, location, elements[, view])} to a part of a storage. */
    private TorchGlobals.StoragePart storage(Object id) {
        if (!(id instanceof Object[] parts)
                || parts.length < 5
                || !"storage".equals(parts[0])
                || !(parts[1] instanceof StorageType type)) {
            throw IoErrors.in(file, "a persistent id is not of the form ('storage', type, key, device, size)");
        }
        spend(STORAGE);
        if (!(parts[2] instanceof String || parts[2] instanceof Number)) {
            throw IoErrors.in(file, "the key of a storage is neither text nor a number");
        }
        String key = parts[2].toString();
        Storage storage = new Storage(key, type.type(), TorchGlobals.integer(parts[4]));
        Storage before = storages.putIfAbsent(key, storage);
        if (before != null && !before.equals(storage)) {
            throw IoErrors.in(
                    file,
                    "storage '" + IoErrors.printable(key) + "' is once " + before.elements() + " of "
                            + before.type().name() + " and once " + storage.elements() + " of "
                            + storage.type().name());
        }
        // Before PyTorch 0.4 a storage could be a part of another: (key of the view, offset, size).
        if (parts.length == 5 || parts[5] == null) return new TorchGlobals.StoragePart(storage, 0);
        if (!(parts[5] instanceof Object[] view) || view.length != 3) {
            throw IoErrors.in(file, "the view of storage '" + IoErrors.printable(key) + "' is damaged");
        }
        return new TorchGlobals.StoragePart(storage, TorchGlobals.integer(view[1]));
    }
}
