package dev.limbeck.fuzz;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/** Mutate a tar by its headers and contents, with correct checksums. Source: POSIX.1-2017, pax. */
final class Tar extends Parts<byte[]> {
    private static final int BLOCK = 512;
    private static final int SIZE = 124;
    private static final int SUM = 148;
    private static final int TYPE = 156;
    /** Offsets and lengths of a header's fields. */
    private static final int[][] FIELDS = {
        {0, 100},
        {100, 8},
        {108, 8},
        {116, 8},
        {SIZE, 12},
        {136, 12},
        {TYPE, 1},
        {157, 100},
        {257, 6},
        {263, 2},
        {265, 32},
        {297, 32},
        {329, 8},
        {337, 8},
        {345, 155}
    };

    private static final Bytes BYTES = new Bytes();

    /** A part is a header with the blocks after it. */
    @Override
    List<byte[]> split(byte[] file) {
        List<byte[]> parts = new ArrayList<>();
        for (int at = 0; at + BLOCK <= file.length && file[at] != 0; ) {
            String octal = new String(file, at + SIZE, 11, StandardCharsets.ISO_8859_1).strip();
            int blocks = (Integer.parseInt(octal, 8) + BLOCK - 1) / BLOCK;
            int end = Math.min(file.length, at + BLOCK + blocks * BLOCK);
            parts.add(Arrays.copyOfRange(file, at, end));
            at = end;
        }
        return parts;
    }

    @Override
    byte[] join(List<byte[]> parts, Choices choices) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        parts.forEach(out::writeBytes);
        if (!choices.oneIn(20)) out.writeBytes(new byte[2 * BLOCK]);
        return out.toByteArray();
    }

    @Override
    byte[] change(byte[] part, Choices choices) {
        byte[] header = Arrays.copyOf(part, BLOCK);
        byte[] content = Arrays.copyOfRange(part, Math.min(BLOCK, part.length), part.length);
        if (choices.oneIn(3)) content = padded(BYTES.mutate(content, choices));
        if (choices.oneIn(4)) {
            content = padded(record(choices).getBytes(StandardCharsets.UTF_8));
            header[TYPE] = (byte) choices.among('x', 'x', 'g', 'L', 'K');
            put(header, SIZE, String.format("%011o", content.length));
        } else if (choices.oneIn(2)) {
            int[] field = FIELDS[choices.below(FIELDS.length)];
            byte[] changed = BYTES.mutate(Arrays.copyOfRange(header, field[0], field[0] + field[1]), choices);
            System.arraycopy(changed, 0, header, field[0], Math.min(field[1], changed.length));
        } else {
            header[TYPE] =
                    (byte) choices.among('0', '1', '2', '3', '5', '6', '7', 'x', 'g', 'L', 'K', 'S', 'V', 'D', 'M', 0);
        }
        if (!choices.oneIn(30)) sum(header);
        byte[] joined = Arrays.copyOf(header, BLOCK + content.length);
        System.arraycopy(content, 0, joined, BLOCK, content.length);
        return joined;
    }

    private static String record(Choices choices) {
        String key = choices.among(
                "path",
                "linkpath",
                "size",
                "GNU.sparse.name",
                "GNU.sparse.size",
                "GNU.sparse.map",
                "GNU.sparse.major",
                "GNU.sparse.realsize",
                "mtime",
                "hdrcharset",
                "SCHILY.xattr.x");
        String value = choices.among(
                "a/b",
                "../x",
                "/x",
                "",
                "0",
                "-1",
                "99999999999",
                "1",
                "0,1,2,3",
                "\u00fc",
                "\u202e",
                "a\nb",
                "9999999999999999999999",
                "x".repeat(300));
        String rest = " " + key + "=" + value + "\n";
        int length = rest.getBytes(StandardCharsets.UTF_8).length + 2;
        if (length > 99) length++;
        return (choices.oneIn(5) ? Bytes.number(choices) : length) + rest;
    }

    private static byte[] padded(byte[] content) {
        return Arrays.copyOf(content, (content.length + BLOCK - 1) / BLOCK * BLOCK);
    }

    private static void put(byte[] header, int at, String text) {
        System.arraycopy(text.getBytes(StandardCharsets.ISO_8859_1), 0, header, at, text.length());
    }

    private static void sum(byte[] header) {
        put(header, SUM, "        ");
        int sum = 0;
        for (byte value : header) sum += value & 0xff;
        put(header, SUM, String.format("%06o", sum));
        header[SUM + 6] = 0;
    }

    /** Mutate the contents of a gzip file, or its bytes. */
    static Mutator gzip(Mutator inner) {
        return (file, choices) -> {
            if (choices.oneIn(6)) return BYTES.mutate(file, choices);
            try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(file))) {
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                try (GZIPOutputStream zipped = new GZIPOutputStream(out)) {
                    zipped.write(inner.mutate(in.readNBytes(LONGEST), choices));
                }
                return out.toByteArray();
            } catch (IOException e) {
                return BYTES.mutate(file, choices);
            }
        };
    }
}
