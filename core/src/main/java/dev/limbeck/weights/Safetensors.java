package dev.limbeck.weights;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.Limit;
import dev.limbeck.io.AtomicFile;
import dev.limbeck.io.IoErrors;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.zip.CRC32C;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Read and write the safetensors format: the length of a JSON header (8 bytes, little-endian), the header, then the
 * bytes of all tensors without holes. Nothing in such a file can run. What is written carries checksums, see {@link TensorSums},
 * which are checked in the pass that reads; files of others have none.
 *
 * <p>Source: the format description of the safetensors project, version 1 of the layout. Every number of the header
 * is checked against the file before anything is allocated. A single tensor may hold up to 2 GiB, a file any number.
 */
public final class Safetensors {
    /** The header's largest length in bytes by the format; {@link Limit#HEADER_BYTES} is what is read. */
    public static final long LONGEST_HEADER = 100_000_000;

    private static final int LENGTH_BYTES = 8;
    private static final int ALIGNMENT = 8;
    private static final int PIECE = 1 << 20;
    private static final String METADATA = "__metadata__";
    /**
     * Types that may appear besides the weights, with their size in bytes: part of the format, but not of the engine.
     */
    private static final Map<String, Integer> PASSED_OVER =
            Map.of("F8_E4M3", 1, "F8_E5M2", 1, "F8_E8M0", 1, "U16", 2, "U32", 4, "U64", 8, "C64", 8, "C128", 16);

    private static final ObjectMapper JSON = new ObjectMapper()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private Safetensors() {}

    /** One tensor of a header; begin and end count from the first byte behind the header. */
    private record Entry(String name, @Nullable DType type, String typeName, long[] shape, long begin, long end)
            implements TensorInfo {}

    /** What a header says; sums are those of the tensors' bytes, null where the file has none. */
    private record Header(
            Map<String, String> metadata,
            List<Entry> entries,
            long dataStart,
            @Nullable Map<String, Integer> sums) {}

    /**
     * Read all tensors, in the header's order, and the metadata.
     *
     * @return a state dict that the caller closes
     * @throws LimbeckException if the file is missing, cut off, or does not follow the format
     */
    public static StateDict read(Path file) {
        return open(file, name -> true).readAll();
    }

    /** Read the header of a file alone, of the tensors those whose names pass. */
    static WeightFile open(Path file, Predicate<String> names) {
        try (FileChannel channel = channel(file)) {
            Header header = header(file, channel);
            Map<String, TensorInfo> entries = new LinkedHashMap<>();
            header.entries.forEach(entry -> {
                if (names.test(entry.name)) entries.put(entry.name, entry);
            });
            Map<String, String> metadata = new LinkedHashMap<>(header.metadata);
            metadata.keySet().removeIf(name -> !names.test(name));
            return new WeightFile(file, entries, metadata, header.sums != null, wanted -> read(file, wanted, header));
        } catch (IOException e) {
            throw IoErrors.reading(file, e);
        }
    }

    private static StateDict read(Path file, Map<String, TensorInfo> wanted, Header header) throws IOException {
        StateDict tensors = new StateDict();
        try (Scope scope = Scope.open();
                FileChannel channel = channel(file)) {
            for (Map.Entry<String, TensorInfo> named : wanted.entrySet()) {
                Entry entry = (Entry) named.getValue();
                DType type = entry.type;
                if (type == null) throw new IllegalStateException("checked by WeightFile");
                if (entry.end - entry.begin > Integer.MAX_VALUE) {
                    throw IoErrors.in(file, "tensor '" + IoErrors.printable(entry.name) + "' is larger than 2 GiB");
                }
                Tensor tensor = TensorBytes.read(
                        file, entry.name, type, entry.shape, buffer -> fill(file, entry, buffer, channel, header));
                tensors.put(named.getKey(), Scope.retain(tensor));
            }
            return tensors;
        } catch (IOException | RuntimeException | Error e) {
            tensors.close();
            throw e;
        }
    }

    /** Fill a buffer piece by piece, each summed while it is in the processor's cache. */
    private static void fill(Path file, Entry entry, ByteBuffer buffer, FileChannel channel, Header header)
            throws IOException {
        CRC32C sum = new CRC32C();
        int end = buffer.limit();
        for (int at = 0; at < end; at += PIECE) {
            ByteBuffer piece = buffer.slice(at, Math.min(PIECE, end - at));
            TensorBytes.fill(piece, channel, header.dataStart + entry.begin + at);
            if (header.sums != null) sum.update(piece.flip());
            if (end - at <= PIECE) break; // at + PIECE could overflow
        }
        if (header.sums == null) return;
        Integer expected = header.sums.get(entry.name);
        if (expected == null || expected != (int) sum.getValue()) {
            throw TensorSums.changed(file, "tensor '" + IoErrors.printable(entry.name) + "'");
        }
    }

    /**
     * Read the string metadata alone, such as the architecture and the class names.
     *
     * @throws LimbeckException if the file is missing or its header does not follow the format
     */
    public static Map<String, String> readMetadata(Path file) {
        try (FileChannel channel = channel(file)) {
            return header(file, channel).metadata;
        } catch (IOException e) {
            throw IoErrors.reading(file, e);
        }
    }

    /**
     * Write a state dict with its metadata; names keep their order, and reading gives the same bits.
     *
     * @throws LimbeckException if the disk is full or the folder cannot be written; then no file is left
     */
    public static void write(StateDict tensors, Path file) {
        TensorBytes.requireLittleEndian();
        ObjectNode header = JSON.createObjectNode();
        ObjectNode metadata = header.putObject(METADATA);
        tensors.metadata().forEach(metadata::put);
        metadata.put(TensorSums.KEY, sums(tensors));
        // Wide elements first, so that every tensor starts at a multiple of its element size.
        List<String> layout = new ArrayList<>(tensors.names());
        layout.sort(Comparator.comparingInt(
                (String name) -> -DType.of(tensors.get(name)).bytes()));
        Map<String, long[]> offsets = new LinkedHashMap<>();
        long end = 0;
        for (String name : layout) {
            long begin = end;
            end += size(name, tensors.get(name));
            offsets.put(name, new long[] {begin, end});
        }
        for (String name : tensors.names()) {
            if (name.equals(METADATA)) throw new LimbeckException("no tensor may be called " + METADATA);
            Tensor tensor = tensors.get(name);
            ObjectNode entry = header.putObject(name);
            entry.put("dtype", DType.of(tensor).safetensorsName());
            Arrays.stream(tensor.shape()).forEach(entry.putArray("shape")::add);
            Arrays.stream(offsets.get(name)).forEach(entry.putArray("data_offsets")::add);
        }
        byte[] text = header.toString().getBytes(StandardCharsets.UTF_8);
        if (text.length > LONGEST_HEADER) {
            throw new LimbeckException("the header of " + file + " would take " + text.length + " bytes; at most "
                    + LONGEST_HEADER + " are allowed; shorten the metadata");
        }
        AtomicFile.write(file, channel -> {
            writeFully(channel, lengthAndHeader(text));
            for (String name : layout) writeTensor(channel, tensors.get(name));
        });
    }

    private static String sums(StateDict tensors) {
        Map<String, TensorSums.Named> named = new LinkedHashMap<>();
        Map<String, Integer> sums = new LinkedHashMap<>();
        for (String name : tensors.names()) {
            Tensor tensor = tensors.get(name);
            named.put(name, new TensorSums.Named(DType.of(tensor).safetensorsName(), tensor.shape()));
            try (Scope scope = Scope.open()) {
                sums.put(name, TensorSums.of(bytes(tensor)));
            }
        }
        return TensorSums.of(tensors.metadata(), named, sums);
    }

    private static ByteBuffer lengthAndHeader(byte[] text) {
        int padded = (text.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        ByteBuffer head = ByteBuffer.allocate(LENGTH_BYTES + padded).order(ByteOrder.LITTLE_ENDIAN);
        head.putLong(padded).put(text);
        while (head.hasRemaining()) head.put((byte) ' ');
        return head.flip();
    }

    private static void writeTensor(FileChannel channel, Tensor tensor) throws IOException {
        try (Scope scope = Scope.open()) {
            writeFully(channel, bytes(tensor));
        }
    }

    /** Return the bytes as they are written; to be called in a scope. */
    private static ByteBuffer bytes(Tensor tensor) {
        return Tensors.memory(tensor.detach().cpu().contiguous());
    }

    private static void writeFully(FileChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) channel.write(buffer);
    }

    private static long size(String name, Tensor tensor) {
        long size = tensor.numel() * DType.of(tensor).bytes();
        if (size > Integer.MAX_VALUE) {
            throw new LimbeckException("tensor '" + name + "' takes " + size + " bytes; at most 2 GiB can be written");
        }
        return size;
    }

    private static FileChannel channel(Path file) throws IOException {
        IoErrors.requireFile(file);
        return FileChannel.open(file);
    }

    private static Header header(Path file, FileChannel channel) throws IOException {
        long size = channel.size();
        if (size < LENGTH_BYTES) {
            throw IoErrors.in(file, "holds " + size + " bytes; a safetensors file starts with 8 bytes of length");
        }
        ByteBuffer lengthBytes = ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        TensorBytes.fill(lengthBytes, channel, 0);
        long length = lengthBytes.getLong(0);
        if (length < 2 || length > Math.min(size - LENGTH_BYTES, LONGEST_HEADER)) {
            throw IoErrors.in(
                    file,
                    "claims a header of " + Long.toUnsignedString(length) + " bytes in a file of " + size
                            + "; cut off, or not a safetensors file");
        }
        if (length > Limit.HEADER_BYTES.value()) {
            throw IoErrors.in(
                    file,
                    "has a header of " + length + " bytes; expected at most " + Limit.HEADER_BYTES.value() + "; "
                            + Limit.HEADER_BYTES.advice());
        }
        ByteBuffer text = ByteBuffer.allocate((int) length);
        TensorBytes.fill(text, channel, LENGTH_BYTES);
        return parse(file, text.array(), size - LENGTH_BYTES - length);
    }

    private static Header parse(Path file, byte[] text, long dataBytes) throws IOException {
        if (text[0] != '{') throw IoErrors.in(file, "the header is not a JSON object; not a safetensors file");
        JsonNode root;
        try (JsonParser parser = JSON.createParser(text)) {
            HeaderScan.check(parser, METADATA);
            root = JSON.readTree(text);
        } catch (IllegalArgumentException | IllegalStateException e) {
            // The latter comes from names that are made to be slow.
            throw new LimbeckException(file + ": the header " + IoErrors.printable(String.valueOf(e.getMessage())), e);
        } catch (JsonProcessingException e) {
            String reason = IoErrors.printable(e.getOriginalMessage());
            throw new LimbeckException(file + ": the header is not well-formed JSON (" + reason + ")", e);
        }
        Map<String, String> metadata = new LinkedHashMap<>();
        List<Entry> entries = new ArrayList<>();
        for (Map.Entry<String, JsonNode> field : root.properties()) {
            if (field.getKey().equals(METADATA)) {
                metadata.putAll(metadata(file, field.getValue()));
            } else {
                entries.add(entry(file, field.getKey(), field.getValue(), dataBytes));
            }
        }
        checkNoHoles(file, entries, dataBytes);
        Map<String, TensorSums.Named> named = new LinkedHashMap<>();
        entries.forEach(entry -> named.put(entry.name, new TensorSums.Named(entry.typeName, entry.shape)));
        Map<String, Integer> sums = TensorSums.read(file, metadata, named);
        metadata.remove(TensorSums.KEY);
        return new Header(metadata, entries, LENGTH_BYTES + (long) text.length, sums);
    }

    private static Map<String, String> metadata(Path file, JsonNode node) {
        Map<String, String> metadata = new LinkedHashMap<>();
        if (!node.isObject()) throw IoErrors.in(file, METADATA + " is not a map of strings");
        for (Map.Entry<String, JsonNode> field : node.properties()) {
            if (!field.getValue().isTextual()) {
                throw IoErrors.in(
                        file, METADATA + " entry '" + IoErrors.printable(field.getKey()) + "' is not a string");
            }
            metadata.put(field.getKey(), field.getValue().textValue());
        }
        return metadata;
    }

    private static Entry entry(Path file, String name, JsonNode node, long dataBytes) {
        String tensor = "tensor '" + IoErrors.printable(name) + "' ";
        String typeName = IoErrors.printable(node.path("dtype").asText());
        DType type = Arrays.stream(DType.values())
                .filter(candidate -> candidate.safetensorsName().equals(typeName))
                .findFirst()
                .orElse(null);
        if (type == null && !PASSED_OVER.containsKey(typeName)) {
            throw IoErrors.in(
                    file,
                    tensor + "has the element type "
                            + IoErrors.printable(node.path("dtype").toString())
                            + "; those that can be read are "
                            + Arrays.stream(DType.values())
                                    .map(DType::safetensorsName)
                                    .toList());
        }
        long[] shape = naturals(file, tensor + "shape", node.path("shape"));
        long[] offsets = naturals(file, tensor + "data_offsets", node.path("data_offsets"));
        if (offsets.length != 2 || offsets[0] > offsets[1] || offsets[1] > dataBytes) {
            throw IoErrors.in(
                    file,
                    tensor + "lies at " + Arrays.toString(offsets) + "; expected begin <= end within the " + dataBytes
                            + " bytes behind the header");
        }
        long wanted = TensorBytes.size(type == null ? PASSED_OVER.get(typeName) : type.bytes(), shape);
        if (wanted < 0 || wanted != offsets[1] - offsets[0]) {
            throw IoErrors.in(
                    file,
                    tensor + "of " + typeName + " " + Arrays.toString(shape) + " does not take the "
                            + (offsets[1] - offsets[0]) + " bytes it is given");
        }
        return new Entry(name, type, typeName, shape, offsets[0], offsets[1]);
    }

    private static long[] naturals(Path file, String what, JsonNode node) {
        if (!node.isArray()) throw IoErrors.in(file, what + " is missing or no list");
        long[] values = new long[node.size()];
        for (int i = 0; i < values.length; i++) {
            JsonNode value = node.get(i);
            if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
                throw IoErrors.in(
                        file,
                        what + " holds " + IoErrors.printable(value.toString()) + "; expected integers from 0 on");
            }
            values[i] = value.longValue();
        }
        return values;
    }

    private static void checkNoHoles(Path file, List<Entry> entries, long dataBytes) {
        List<Entry> byPlace = new ArrayList<>(entries);
        byPlace.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        long at = 0;
        for (Entry entry : byPlace) {
            if (entry.begin != at) {
                throw IoErrors.in(
                        file,
                        "tensor '" + IoErrors.printable(entry.name) + "' begins at byte " + entry.begin
                                + " but the one before ends at " + at + "; expected neither overlap nor hole");
            }
            at = entry.end;
        }
        if (at != dataBytes) {
            throw IoErrors.in(file, "the header describes " + at + " bytes of tensors but " + dataBytes + " follow it");
        }
    }
}
