package dev.limbeck.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Mutate pickles by their instructions, each an opcode with its argument. Source: CPython's pickletools. */
final class Pickle extends Parts<byte[]> {
    private static final Bytes BYTES = new Bytes();
    /** Opcodes by the format of their argument: text lines, a fixed number of bytes, or bytes after a length. */
    private static final String ONE_LINE = "FILSVPgp";

    private static final String TWO_LINES = "ci";
    private static final String ONE_BYTE = "Khq\u0080\u0082";
    private static final String TWO_BYTES = "M\u0083";
    private static final String FOUR_BYTES = "Jjr\u0084";
    private static final String EIGHT_BYTES = "G\u0095";
    private static final String LENGTH_1 = "U\u008a\u008cC";
    private static final String LENGTH_4 = "TX\u008bB";
    private static final String LENGTH_8 = "\u008d\u008e\u0096";
    private static final String ALONE =
            ".012()]}tldauesNRbo\u0081\u0085\u0086\u0087\u0088\u0089\u008f\u0090\u0091\u0092"
                    + "\u0093\u0094\u0097\u0098Q";

    @Override
    List<byte[]> split(byte[] file) {
        List<byte[]> instructions = new ArrayList<>();
        for (int at = 0; at < file.length; ) {
            int end = end(file, at);
            instructions.add(Arrays.copyOfRange(file, at, end));
            at = end;
        }
        return instructions;
    }

    private static int end(byte[] file, int at) {
        char code = (char) (file[at] & 0xff);
        int next = at + 1;
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        long end = next;
        if (ONE_LINE.indexOf(code) >= 0) end = line(file, next);
        else if (TWO_LINES.indexOf(code) >= 0) end = line(file, line(file, next));
        else if (ONE_BYTE.indexOf(code) >= 0) end = next + 1;
        else if (TWO_BYTES.indexOf(code) >= 0) end = next + 2;
        else if (FOUR_BYTES.indexOf(code) >= 0) end = next + 4;
        else if (EIGHT_BYTES.indexOf(code) >= 0) end = next + 8;
        else if (LENGTH_1.indexOf(code) >= 0) end = next + 1L + (file[next] & 0xff);
        else if (LENGTH_4.indexOf(code) >= 0) end = next + 4L + in.getInt(next);
        else if (LENGTH_8.indexOf(code) >= 0) end = next + 8L + in.getLong(next);
        // The rest of the file is one part if it is not an opcode, such as the storages after a legacy checkpoint's
        // pickles.
        return end > file.length || end < next ? file.length : (int) end;
    }

    private static int line(byte[] file, int from) {
        int at = from;
        while (at < file.length && file[at] != '\n') at++;
        return at + 1;
    }

    @Override
    byte[] join(List<byte[]> parts, Choices choices) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        parts.forEach(out::writeBytes);
        return out.toByteArray();
    }

    @Override
    byte[] change(byte[] part, Choices choices) {
        if (part.length == 0 || choices.oneIn(3)) return instruction(choices);
        char code = (char) (part[0] & 0xff);
        if (LENGTH_1.indexOf(code) >= 0 || LENGTH_4.indexOf(code) >= 0) {
            int head = LENGTH_1.indexOf(code) >= 0 ? 2 : 5;
            byte[] text = part.length < head ? new byte[0] : Arrays.copyOfRange(part, head, part.length);
            return prefixed((byte) code, head - 1, BYTES.mutate(text, choices));
        }
        if (part.length == 1) {
            return new byte[] {(byte) ALONE.charAt(choices.below(ALONE.length()))};
        }
        byte[] copy = part.clone();
        byte[] argument = BYTES.mutate(Arrays.copyOfRange(part, 1, part.length), choices);
        System.arraycopy(argument, 0, copy, 1, Math.min(argument.length, copy.length - 1));
        return copy;
    }

    private static byte[] instruction(Choices choices) {
        switch (choices.below(6)) {
            case 0, 1 -> {
                return new byte[] {(byte) ALONE.charAt(choices.below(ALONE.length()))};
            }
            case 2 -> {
                return text("c"
                        + choices.among(
                                "torch._utils\n_rebuild_tensor_v2",
                                "collections\nOrderedDict",
                                "torch\nFloatStorage",
                                "builtins\nset",
                                "os\nsystem",
                                "numpy.core.multiarray\n_reconstruct",
                                "numpy\ndtype",
                                "_codecs\nencode",
                                "torch\nSize",
                                "torch.storage\nUntypedStorage",
                                "collections\nCounter")
                        + "\n");
            }
            case 3 -> {
                return ByteBuffer.allocate(5)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .put((byte) choices.among('J', 'j', 'r'))
                        .putInt((int) Bytes.number(choices))
                        .array();
            }
            case 4 -> {
                return text(choices.among("I", "L", "F", "V", "S'", "g", "p", "P")
                        + choices.among("0", "-1", "99999999999999999999", "nan", "1e999", "2147483648", "x'", "\\u12")
                        + "\n");
            }
            default -> {
                return prefixed(
                        (byte) choices.among(0x8a, 'U', 'C', 0x8c),
                        1,
                        BYTES.mutate(new byte[choices.below(20)], choices));
            }
        }
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] prefixed(byte code, int width, byte[] text) {
        int length = width == 1 ? Math.min(text.length, 255) : text.length;
        ByteBuffer out = ByteBuffer.allocate(1 + width + length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(code);
        if (width == 1) out.put((byte) length);
        else out.putInt(length);
        return out.put(text, 0, length).array();
    }
}
