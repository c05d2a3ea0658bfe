package dev.limbeck.weights;

import dev.limbeck.LimbeckException;
import dev.limbeck.weights.StoredTensor.Storage;
import dev.limbeck.weights.TorchGlobals.Global;
import dev.limbeck.weights.TorchGlobals.StorageType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import net.razorvine.pickle.Opcodes;
import net.razorvine.pickle.PickleUtils;
import net.razorvine.pickle.Unpickler;
import org.jspecify.annotations.Nullable;

/**
 * Unpickle what {@code torch.save} writes for a state dict, and refuse the rest. The base class decodes numbers, text
 * and lists; every opcode that names, makes or changes an object is handled here by the fixed list of
 * {@link TorchGlobals}, so neither the base class's registry of constructors nor reflection is ever reached.
 */
final class TorchUnpickler extends Unpickler {
    private static final String NOTHING_RUN = "; nothing of it was run";

    private final Path file;
    private final PickleInput source;
    private final Map<String, Storage> storages;

    /**
     * Prepare to read one pickle.
     *
     * @param storages receives every storage that the pickle names
     */
    TorchUnpickler(Path file, PickleInput source, Map<String, Storage> storages) {
        this.file = file;
        this.source = source;
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
        long start = source.position();
        try {
            return load(source);
        } catch (LimbeckException e) {
            throw e;
        } catch (IOException e) {
            throw FileTrouble.reading(file, e);
        } catch (IllegalArgumentException e) {
            throw new LimbeckException(file + ": " + FileTrouble.printable(String.valueOf(e.getMessage())), e);
        } catch (RuntimeException e) {
            throw new LimbeckException(
                    file + ": damaged pickle at byte " + (source.position() - start) + " of it ("
                            + FileTrouble.printable(String.valueOf(e.getMessage())) + ")",
                    e);
        }
    }

    @Override
    protected Object dispatch(short opcode) throws IOException {
        switch (opcode) {
            case Opcodes.GLOBAL -> stack.add(global(PickleUtils.readline(input), PickleUtils.readline(input)));
            case Opcodes.STACK_GLOBAL -> {
                Object name = stack.pop();
                stack.add(global(text(stack.pop()), text(name)));
            }
            case Opcodes.INST -> {
                Global callee = global(PickleUtils.readline(input), PickleUtils.readline(input));
                stack.add(callee.call(stack.pop_all_since_marker().toArray()));
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
            case Opcodes.EMPTY_DICT -> stack.add(TorchGlobals.map(List.of()));
            case Opcodes.DICT -> stack.add(TorchGlobals.map(stack.pop_all_since_marker()));
            case Opcodes.SETITEM -> {
                Object value = stack.pop();
                putAll(Arrays.asList(stack.pop(), value));
            }
            case Opcodes.SETITEMS -> putAll(stack.pop_all_since_marker());
            // Sets are kept as lists: their values are ignored, and hashing nested ones can take forever.
            case Opcodes.EMPTY_SET -> stack.add(new ArrayList<>());
            case Opcodes.FROZENSET -> stack.add(stack.pop_all_since_marker());
            case Opcodes.ADDITEMS, Opcodes.APPENDS -> addAll(stack.pop_all_since_marker());
            case Opcodes.APPEND -> addAll(Collections.singletonList(stack.pop()));
            case Opcodes.PERSID,
                    Opcodes.NEWOBJ_EX,
                    Opcodes.EXT1,
                    Opcodes.EXT2,
                    Opcodes.EXT4,
                    Opcodes.NEXT_BUFFER,
                    Opcodes.READONLY_BUFFER ->
                throw FileTrouble.in(
                        file, "uses pickle opcode " + opcode + ", which torch.save does not write" + NOTHING_RUN);
            case Opcodes.BINSTRING, Opcodes.BINUNICODE, Opcodes.BINBYTES, Opcodes.LONG4 -> {
                requireRemaining(4);
                super.dispatch(opcode);
            }
            case Opcodes.BINUNICODE8, Opcodes.BINBYTES8, Opcodes.BYTEARRAY8 -> {
                requireRemaining(8);
                super.dispatch(opcode);
            }
            default -> {
                return super.dispatch(opcode);
            }
        }
        return NO_RETURN_VALUE;
    }

    /** Check a length that the base class is about to allocate. */
    private void requireRemaining(int lengthBytes) throws IOException {
        input.mark(lengthBytes);
        byte[] bytes = PickleUtils.readbytes(input, lengthBytes);
        input.reset();
        long length = lengthBytes == 4 ? PickleUtils.bytes_to_integer(bytes) : PickleUtils.bytes_to_long(bytes, 0);
        if (length < 0 || length > source.remaining()) {
            throw FileTrouble.in(
                    file,
                    "a pickled value claims " + length + " bytes but " + source.remaining()
                            + " are left; damaged or cut off");
        }
    }

    private Global global(String module, String name) {
        String qualified = FileTrouble.printable(module + "." + name);
        Global known = TorchGlobals.find(module + "." + name);
        if (known != null) return known;
        if (module.startsWith("fastai.")) {
            throw FileTrouble.in(
                    file,
                    "holds fastai code (class " + qualified
                            + "), as learn.export writes it, which only Python can run; save"
                            + " the weights there with learn.save(name, with_opt=False)" + NOTHING_RUN);
        }
        if (module.startsWith("torch.nn.modules") || module.startsWith("torchvision.") || module.startsWith("timm.")) {
            throw FileTrouble.in(
                    file,
                    "holds a whole pickled model (class " + qualified
                            + "), which only Python can read; save it there with torch.save(model.state_dict(), path)"
                            + NOTHING_RUN);
        }
        throw FileTrouble.in(
                file,
                "names the class " + qualified + ", which is not among the harmless ones that are passed over; save the"
                        + " weights alone by torch.save(model.state_dict(), path)" + NOTHING_RUN);
    }

    private Object call(@Nullable Object callee, @Nullable Object arguments) {
        if (!(callee instanceof Global global) || !(arguments instanceof Object[] values)) {
            throw FileTrouble.in(file, "damaged pickle: calls what is no known class" + NOTHING_RUN);
        }
        return global.call(values);
    }

    private void putAll(List<Object> keysAndValues) {
        Map<Object, Object> entries = TorchGlobals.map(keysAndValues);
        if (stack.peek() instanceof TorchGlobals.Opaque) return;
        @SuppressWarnings("unchecked")
        Map<Object, Object> map = (Map<Object, Object>) stack.peek();
        map.putAll(entries);
    }

    private void addAll(List<Object> items) {
        if (stack.peek() instanceof TorchGlobals.Opaque) return;
        @SuppressWarnings("unchecked")
        List<Object> list = (List<Object>) stack.peek();
        list.addAll(items);
    }

    private static String text(Object value) {
        if (value instanceof String text) return text;
        throw new IllegalArgumentException("damaged pickle: the name of a class is no text");
    }

    /** Resolve {@code ('storage', type, key, location, elements[, view])} to a part of a storage. */
    private TorchGlobals.StoragePart storage(Object id) {
        if (!(id instanceof Object[] parts)
                || parts.length < 5
                || !"storage".equals(parts[0])
                || !(parts[1] instanceof StorageType type)) {
            throw FileTrouble.in(file, "a persistent id is not of the form ('storage', type, key, device, size)");
        }
        if (!(parts[2] instanceof String || parts[2] instanceof Number)) {
            throw FileTrouble.in(file, "the key of a storage is neither text nor a number");
        }
        String key = parts[2].toString();
        Storage storage = new Storage(key, type.type(), TorchGlobals.integer(parts[4]));
        Storage before = storages.putIfAbsent(key, storage);
        if (before != null && !before.equals(storage)) {
            throw FileTrouble.in(
                    file,
                    "storage '" + FileTrouble.printable(key) + "' is once " + before.elements() + " of "
                            + before.type().name() + " and once " + storage.elements() + " of "
                            + storage.type().name());
        }
        // Before PyTorch 0.4 a storage could be a part of another: (key of the view, offset, size).
        if (parts.length == 5 || parts[5] == null) return new TorchGlobals.StoragePart(storage, 0);
        if (!(parts[5] instanceof Object[] view) || view.length != 3) {
            throw FileTrouble.in(file, "the view of storage '" + FileTrouble.printable(key) + "' is damaged");
        }
        return new TorchGlobals.StoragePart(storage, TorchGlobals.integer(view[1]));
    }
}
