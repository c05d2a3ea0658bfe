package dev.limbeck.weights;

import dev.limbeck.LimbeckException;
import dev.limbeck.io.IoErrors;
import dev.limbeck.io.MissingFile;
import dev.limbeck.tensor.Script;
import dev.limbeck.weights.ScriptPickle.Content;
import dev.limbeck.weights.ScriptTensor.Storage;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.zip.ZipFile;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Open a TorchScript file, which is a program with its weights, and check it whole before LibTorch gets it: the archive and
 * every checksum, both pickles with every tensor's place in its storage and every attribute's type, and the operators that the
 * code uses, which must be among those that networks need. Checking runs and loads nothing. It costs a pass over the file.
 *
 * <p>What is checked is the file as it stands; if it changes before it is loaded, that is refused. A program of allowed
 * operators may still compute for ever, ask for much memory, or divide whole numbers by zero.
 */
public final class TorchScriptFile {
    private static final Pattern CODE = Pattern.compile("[^/]+/code/.*");
    private static final Pattern VERSION = Pattern.compile("\\d{1,3}\\n?");
    private static final String EXTRA = "extra/";
    private static final int LARGEST_EXTRA = 1 << 20;

    /** Views with stride 0 or a shared storage may make the tensors larger than the file, within reason. */
    private static final int MOST_GROWTH = 4;

    private static final long ALWAYS_ALLOWED = 64L << 20;
    /** The release of LibTorch, without starting it. */
    private static final String ENGINE =
            String.valueOf(Tensor.class.getPackage().getImplementationVersion()).replaceAll("-.*", "");

    private static final int MOST_NAMED = 5;

    private final Path file;
    private final Stamp stamp;
    private final ScriptArchive archive;
    private final ScriptUses uses;
    private final Map<String, Integer> classes;
    private final Content data;
    private final Map<String, String> extra = new TreeMap<>();

    private TorchScriptFile(Path file, Stamp stamp, FileChannel channel) throws IOException {
        this.file = file;
        this.stamp = stamp;
        archive = ScriptArchive.read(file, channel);
        checkFacts();
        try {
            ScriptProgram program = ScriptProgram.read(code());
            uses = ScriptUses.of(program);
            refuseOperators();
            Content constants = pickle("constants");
            if (!(constants.root() instanceof Object[])) {
                throw new IllegalArgumentException("its constants.pkl holds no tuple");
            }
            data = pickle("data");
            check(program, constants, "constants", ScriptType.ANY);
            ScriptObjects objects = check(program, data, "data", null);
            classes = objects.classes();
            for (ScriptPickle.Built packed : objects.packed()) PackedState.check(packed, archive, channel);
            checkSizes(constants, channel.size());
        } catch (IllegalArgumentException e) {
            throw new LimbeckException(
                    file + ": is damaged TorchScript: " + IoErrors.printable(String.valueOf(e.getMessage()))
                            + "; save it again by torch.jit.save",
                    e);
        }
        for (ScriptArchive.Entry entry : archive.entries().values()) {
            byte[] bytes = entry.name().startsWith(EXTRA) ? archive.small(channel, entry, LARGEST_EXTRA) : null;
            if (bytes != null)
                extra.put(entry.name().substring(EXTRA.length()), new String(bytes, StandardCharsets.UTF_8));
        }
    }

    /** Identifies a version of a file. */
    private record Stamp(long size, Object time, String key) {
        static Stamp of(Path file) throws IOException {
            BasicFileAttributes facts = Files.readAttributes(file, BasicFileAttributes.class);
            return new Stamp(facts.size(), facts.lastModifiedTime(), String.valueOf(facts.fileKey()));
        }
    }

    /** Return whether a file is TorchScript by its content: a ZIP with code in it, which checkpoints have not. */
    public static boolean isIn(Path file) {
        if (!Files.isRegularFile(file)) return false;
        try (ZipFile zip = new ZipFile(file.toFile())) {
            return zip.stream().anyMatch(entry -> CODE.matcher(entry.getName()).matches());
        } catch (IOException | IllegalArgumentException e) {
            // The latter comes from names of entries that are not UTF-8.
            return false;
        }
    }

    /**
     * Read a file and check it.
     *
     * @throws LimbeckException in one line, if it is missing, no TorchScript, damaged, or uses what no network needs
     */
    public static TorchScriptFile open(Path file) {
        if (!Files.isRegularFile(file)) throw MissingFile.of("TorchScript file", file);
        if (!isIn(file)) {
            throw new LimbeckException(file + " is not a TorchScript file: no ZIP with code in it, or a damaged one");
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return new TorchScriptFile(file, Stamp.of(file), channel);
        } catch (IOException e) {
            throw IoErrors.reading(file, e);
        }
    }

    /** Load what was checked onto the CPU, in eval mode; the caller closes it. */
    public Script load() {
        requireSame();
        Script script = Script.load(file);
        try {
            requireSame();
            return script;
        } catch (RuntimeException e) {
            script.close();
            throw e;
        }
    }

    private void requireSame() {
        try {
            if (Stamp.of(file).equals(stamp)) return;
        } catch (IOException e) {
            throw IoErrors.reading(file, e);
        }
        throw IoErrors.in(file, "changed while it was read; try again when nothing writes it");
    }

    private void checkFacts() {
        if (archive.entries().containsKey("model.json")) {
            throw IoErrors.in(
                    file, "is TorchScript of a PyTorch before 1.2; load it there and save it again by a newer one");
        }
        for (String needed : List.of("data.pkl", "constants.pkl")) {
            if (archive.text(needed) == null) throw archive.damaged("it has no entry " + needed);
        }
        boolean said = false;
        for (String name : List.of("version", ".data/version")) {
            byte[] version = archive.text(name);
            if (version == null) continue;
            if (said || !VERSION.matcher(ascii(version)).matches())
                throw archive.damaged("its version is not a number");
            said = true;
        }
        if (!said) throw archive.damaged("it has no version");
        byte[] order = archive.text("byteorder");
        if (order != null && !ascii(order).strip().equals("little")) {
            throw IoErrors.in(
                    file,
                    "has the byte order '" + IoErrors.printable(ascii(order))
                            + "'; expected little; save it again on a little-endian machine");
        }
    }

    private static String ascii(byte[] bytes) {
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    private Map<String, byte[]> code() {
        Map<String, byte[]> code = new TreeMap<>();
        for (String name : archive.entries().keySet()) {
            byte[] bytes = name.startsWith("code/") ? archive.text(name) : null;
            if (bytes != null) code.put(name, bytes);
        }
        return code;
    }

    private void refuseOperators() {
        if (!uses.refused().isEmpty()) {
            List<String> named = uses.refused().entrySet().stream()
                    .limit(MOST_NAMED)
                    .map(entry -> IoErrors.printable(entry.getKey()) + " (" + entry.getValue() + ")")
                    .toList();
            int more = uses.refused().size() - named.size();
            throw new LimbeckException(
                    file + " is refused, because its program uses what no network needs: " + String.join(", ", named)
                            + (more > 0 ? " and " + more + " more" : "")
                            + "; save the network without it, or export it to ONNX; nothing of it was run");
        }
        if (uses.unknown().isEmpty()) return;
        String first = uses.unknown().stream().sorted().findFirst().orElseThrow();
        String needs = file + " needs the operator " + IoErrors.printable(first);
        String engine = "LibTorch " + ENGINE;
        if (ScriptOperators.isOfPyTorch(first)) {
            throw new LimbeckException(needs + ", which " + engine
                    + " does not have; it was saved by a newer PyTorch: save it by one of the same release or older, by"
                    + " torch.jit.trace, which leaves out what is not run, or export it to ONNX");
        }
        throw new LimbeckException(needs + " of an extension, which " + engine
                + " does not have; save the network without it, or export it to ONNX");
    }

    private Content pickle(String name) {
        try {
            byte[] bytes = archive.text(name + ".pkl");
            return ScriptPickle.read(bytes == null ? new byte[0] : bytes);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("its " + name + ".pkl " + e.getMessage(), e);
        }
    }

    private ScriptObjects check(ScriptProgram program, Content content, String folder, @Nullable ScriptType type) {
        for (Storage storage : content.storages()) {
            if (storage.elements() == 0) continue;
            ScriptArchive.Entry entry = archive.entries().get(folder + "/" + storage.key());
            if (entry == null) {
                throw new IllegalArgumentException(
                        "it has no entry for the storage " + ScriptArchive.quoted(storage.key()));
            }
            long rest = entry.size() - storage.bytes();
            if (rest < 0 || rest >= storage.bytes() / storage.elements()) {
                throw new IllegalArgumentException("its storage " + ScriptArchive.quoted(storage.key())
                        + " is said to take " + storage.bytes() + " bytes but has " + entry.size());
            }
        }
        try {
            return ScriptObjects.check(program, content, type);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("its " + folder + ".pkl " + e.getMessage(), e);
        }
    }

    private void checkSizes(Content constants, long fileSize) {
        long most = Math.max(ALWAYS_ALLOWED, MOST_GROWTH * fileSize);
        long bytes = 0;
        for (Content content : List.of(constants, data)) {
            List<Long> sizes = new ArrayList<>();
            content.storages().forEach(storage -> sizes.add(storage.bytes()));
            content.tensors().forEach(tensor -> sizes.add(tensor.bytes()));
            for (long size : sizes) {
                bytes += size;
                // A tensor is a view of a storage, so that both count.
                if (size > 2 * most || bytes > 2 * most) {
                    throw new IllegalArgumentException(
                            "its tensors claim far more bytes than the " + fileSize + " it holds");
                }
            }
        }
    }

    /**
     * Return the texts stored in the file, {@code _extra_files} in Python, by name; texts of a MiB or more are skipped.
     */
    public Map<String, String> extraFiles() {
        return extra;
    }

    /** Return how often each operator stands in the code, by name. */
    public Map<String, Integer> operators() {
        return uses.operators();
    }

    /** Return how many modules and other objects of each class the file holds. */
    public Map<String, Integer> classes() {
        return classes;
    }

    /** Return how many numbers the weights and buffers have in all. */
    public long numbers() {
        return data.tensors().stream().mapToLong(ScriptTensor::count).sum();
    }

    /** Return how many tensors the weights and buffers are. */
    public int tensors() {
        return data.tensors().size();
    }
}
