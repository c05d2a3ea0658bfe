package dev.limbeck.weights;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Mutate TorchScript files, seeded, in the places that readers parse: bytes, entries, headers, pickles and code.
 * Checksums are correct.
 */
final class ScriptMutator {
    private static final Pattern NUMBER = Pattern.compile("\\b\\d+(\\.\\d*)?(e-?\\d+)?\\b");
    private static final Pattern NAME = Pattern.compile("\\b[a-zA-Z_]\\w*\\b");
    private static final String[] NUMBERS = {
        "0",
        "1",
        "2",
        "3",
        "4",
        "7",
        "-1",
        "-2",
        "100",
        "1000000",
        "2147483647",
        "2147483648",
        "4611686018427387904",
        "9223372036854775807",
        "0.",
        "-1.5",
        "1e+38",
        "inf",
        "nan",
        "True",
        "None",
        "[]",
        "[0, 0]",
        "\"x\""
    };
    private static final long[] WHOLE = {
        0, 1, 2, 3, 5, 8, 255, 256, 65535, 65536, 1 << 20, Integer.MAX_VALUE, Integer.MIN_VALUE, -1, -2
    };
    private static final long[] LONGS = {
        -1, 0, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 32, 1L << 40, 1L << 60, (1L << 61) - 1, -(1L << 33)
    };
    private static final String[] TYPES = {
        "Tensor",
        "int",
        "float",
        "bool",
        "str",
        "NoneType",
        "complex",
        "Device",
        "Any",
        "List[int]",
        "List[Tensor]",
        "Dict[str, Tensor]",
        "Dict[str, int]",
        "Optional[Tensor]",
        "Optional[int]",
        "Tuple[int, str]",
        "Union[int, Tensor]",
        "__torch__.torch.classes.quantized.LinearPackedParamsBase"
    };

    /** Parsed parts of the seeds, by identity. */
    private static final Map<byte[], List<Part>> seeds = new IdentityHashMap<>();

    private final Random random;
    private final List<String> operators;

    private record Part(String name, byte[] bytes) {}

    ScriptMutator(long seed, List<String> operators) {
        random = new Random(seed);
        this.operators = operators;
    }

    /** Return a mutated copy. */
    byte[] mutate(byte[] file) {
        int kind = random.nextInt(20);
        if (kind == 0) return flip(file.clone(), 1 + random.nextInt(3));
        if (kind == 1) return cut(file);
        if (kind <= 3) return headers(file.clone());
        List<Part> parts = new ArrayList<>(seeds.computeIfAbsent(file, ScriptMutator::parts));
        int times = 1 + (random.nextInt(4) == 0 ? random.nextInt(3) : 0);
        for (int i = 0; i < times; i++) entry(parts, kind);
        return zip(parts);
    }

    private void entry(List<Part> parts, int kind) {
        int at = random.nextInt(parts.size());
        Part part = parts.get(at);
        switch (kind) {
            case 4 -> parts.set(at, new Part(part.name, new byte[0]));
            case 5 -> parts.set(at, new Part(part.name, flip(part.bytes.clone(), 1 + random.nextInt(3))));
            case 6 -> parts.set(at, new Part(part.name, resize(part.bytes)));
            case 7 -> {
                int other = random.nextInt(parts.size());
                Part second = parts.get(other);
                parts.set(at, new Part(part.name, second.bytes));
                parts.set(other, new Part(second.name, part.bytes));
            }
            case 8 -> {
                if (random.nextBoolean()) parts.remove(at);
                else parts.add(new Part(part.name + random.nextInt(3), part.bytes));
                if (parts.isEmpty()) parts.add(part);
            }
            case 9, 10, 11, 12, 13 -> change(parts, ".pkl", this::pickle);
            default -> change(parts, ".py", bytes -> code(new String(bytes, StandardCharsets.UTF_8)));
        }
    }

    private interface Change {
        byte[] of(byte[] bytes);
    }

    private void change(List<Part> parts, String ending, Change change) {
        List<Integer> those = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            String name = parts.get(i).name;
            if (name.endsWith(ending) && !name.contains("traced_inputs")) those.add(i);
        }
        if (those.isEmpty()) return;
        int at = those.get(random.nextInt(those.size()));
        parts.set(at, new Part(parts.get(at).name, change.of(parts.get(at).bytes)));
    }

    private byte[] flip(byte[] bytes, int times) {
        for (int i = 0; i < times && bytes.length > 0; i++) {
            int at = random.nextInt(bytes.length);
            if (random.nextBoolean()) bytes[at] ^= (byte) (1 << random.nextInt(8));
            else bytes[at] = (byte) random.nextInt(256);
        }
        return bytes;
    }

    private byte[] cut(byte[] bytes) {
        return Arrays.copyOf(bytes, random.nextInt(bytes.length));
    }

    private byte[] resize(byte[] bytes) {
        int by = random.nextBoolean() ? 1 + random.nextInt(8) : -Math.min(bytes.length, 1 + random.nextInt(8));
        return Arrays.copyOf(bytes, bytes.length + by);
    }

    /** Change a number in a local header, in the directory, or at the end of the directory. */
    private byte[] headers(byte[] file) {
        List<Integer> marks = new ArrayList<>();
        for (int i = 0; i + 46 < file.length; i++) {
            if (file[i] == 'P' && file[i + 1] == 'K' && file[i + 2] < 8) marks.add(i);
        }
        if (marks.isEmpty()) return flip(file, 1);
        int at = marks.get(random.nextInt(marks.size())) + 4 + random.nextInt(42);
        ByteBuffer buffer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        switch (random.nextInt(3)) {
            case 0 -> buffer.putShort(at, (short) WHOLE[random.nextInt(WHOLE.length)]);
            case 1 -> buffer.putInt(Math.min(at, file.length - 4), (int) WHOLE[random.nextInt(WHOLE.length)]);
            default -> flip(file, 0);
        }
        return file;
    }

    /** Mutate a pickle by its opcodes: change a number, a name or an opcode, or delete, duplicate or move an opcode. */
    private byte[] pickle(byte[] bytes) {
        List<byte[]> codes = new ArrayList<>();
        for (int at = 0; at < bytes.length; ) {
            int next = Math.min(bytes.length, at + length(bytes, at));
            codes.add(Arrays.copyOfRange(bytes, at, next));
            at = next;
        }
        int at = random.nextInt(codes.size());
        switch (random.nextInt(8)) {
            case 0 -> codes.remove(at);
            case 1 -> codes.add(at, codes.get(at));
            case 2 -> codes.set(at, codes.set(random.nextInt(codes.size()), codes.get(at)));
            case 3 -> codes.add(at, codes.get(random.nextInt(codes.size())));
            case 4 -> codes.set(at, flip(codes.get(at).clone(), 1));
            default -> {
                List<Integer> numbers = new ArrayList<>();
                for (int i = 0; i < codes.size(); i++) {
                    if ("KMJ\u008aNGqh\u0088\u0089".indexOf(codes.get(i)[0] & 0xff) >= 0) numbers.add(i);
                }
                if (!numbers.isEmpty()) codes.set(numbers.get(random.nextInt(numbers.size())), number());
            }
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        codes.forEach(out::writeBytes);
        return out.toByteArray();
    }

    private byte[] number() {
        switch (random.nextInt(6)) {
            case 0:
                return new byte[] {(byte) 0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 0}.clone();
            case 1:
                return ByteBuffer.allocate(10)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .put((byte) 0x8a)
                        .put((byte) 8)
                        .putLong(LONGS[random.nextInt(LONGS.length)])
                        .array();
            case 2:
                return ByteBuffer.allocate(5)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .put((byte) 'J')
                        .putInt((int) WHOLE[random.nextInt(WHOLE.length)])
                        .array();
            case 3:
                return new byte[] {'N'};
            case 4:
                return new byte[] {(byte) 'h', (byte) random.nextInt(80)};
            default:
                return new byte[] {'K', (byte) random.nextInt(8)};
        }
    }

    private static int length(byte[] bytes, int at) {
        switch (bytes[at]) {
            case 'K', 'q', 'h', (byte) 0x80:
                return 2;
            case 'M':
                return 3;
            case 'J', 'r', 'j':
                return 5;
            case 'G':
                return 9;
            case (byte) 0x8a:
                return 10;
            case 'X':
                return at + 5 <= bytes.length
                        ? 5
                                + Math.max(
                                        0,
                                        ByteBuffer.wrap(bytes)
                                                .order(ByteOrder.LITTLE_ENDIAN)
                                                .getInt(at + 1))
                        : 1;
            case 'c':
                int ends = 0;
                int i = at + 1;
                while (i < bytes.length && ends < 2) if (bytes[i++] == '\n') ends++;
                return i - at;
            default:
                return 1;
        }
    }

    /**
     * Mutate code by its words: change a number, a type, an operator or a name, or delete, duplicate or move a line.
     */
    private byte[] code(String source) {
        List<String> lines = new ArrayList<>(List.of(source.split("\n", -1)));
        int at = random.nextInt(lines.size());
        String line = lines.get(at);
        switch (random.nextInt(12)) {
            case 0 -> lines.remove(at);
            case 1 -> lines.add(at, line);
            case 2 -> lines.set(at, lines.set(random.nextInt(lines.size()), line));
            case 3, 4, 5 -> {
                return replaced(source, NUMBER, NUMBERS[random.nextInt(NUMBERS.length)]);
            }
            case 6 -> {
                return replaced(
                        source,
                        Pattern.compile("(?<=: )\\w[\\w.]*(\\[[^]\\n]*])?"),
                        TYPES[random.nextInt(TYPES.length)]);
            }
            case 7, 8 -> {
                return replaced(
                        source,
                        Pattern.compile("(?<=torch\\.)\\w+(?=\\()"),
                        operators.get(random.nextInt(operators.size())));
            }
            case 9 -> {
                Matcher names = NAME.matcher(source);
                List<String> all = new ArrayList<>();
                while (names.find()) all.add(names.group());
                if (all.isEmpty()) return flip(source.getBytes(StandardCharsets.UTF_8), 1);
                return replaced(source, NAME, all.get(random.nextInt(all.size())));
            }
            case 10 -> {
                return replaced(source, Pattern.compile("\\w+, \\w+"), "x, x");
            }
            default -> {
                return flip(source.getBytes(StandardCharsets.UTF_8), 1);
            }
        }
        return String.join("\n", lines).getBytes(StandardCharsets.UTF_8);
    }

    /** Replace one match of a pattern. */
    private byte[] replaced(String source, Pattern pattern, String by) {
        Matcher found = pattern.matcher(source);
        List<int[]> places = new ArrayList<>();
        while (found.find()) places.add(new int[] {found.start(), found.end()});
        if (places.isEmpty()) return flip(source.getBytes(StandardCharsets.UTF_8), 1);
        int[] place = places.get(random.nextInt(places.size()));
        return (source.substring(0, place[0]) + by + source.substring(place[1])).getBytes(StandardCharsets.UTF_8);
    }

    /** Read by the directory, because a zip stream cannot read PyTorch's files. */
    private static List<Part> parts(byte[] file) {
        try {
            Path copy = Files.createTempFile("seed", ".zip");
            try {
                Files.write(copy, file);
                List<Part> parts = new ArrayList<>();
                try (ZipFile zip = new ZipFile(copy.toFile())) {
                    for (ZipEntry entry : Collections.list(zip.entries())) {
                        parts.add(new Part(
                                entry.getName(), zip.getInputStream(entry).readAllBytes()));
                    }
                }
                return parts;
            } finally {
                Files.delete(copy);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] zip(List<Part> parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Set<String> names = new HashSet<>();
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            for (Part part : parts) {
                if (!names.add(part.name)) continue;
                ZipEntry entry = new ZipEntry(part.name);
                CRC32 crc = new CRC32();
                crc.update(part.bytes);
                entry.setMethod(ZipEntry.STORED);
                entry.setSize(part.bytes.length);
                entry.setCrc(crc.getValue());
                zip.putNextEntry(entry);
                zip.write(part.bytes);
                zip.closeEntry();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }
}
