package dev.limbeck.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/**
 * Mutate a zip by its entries: names, contents, methods, attributes. Sizes and checksums are correct unless one is
 * changed on purpose. Source: PKWARE's APPNOTE.
 */
final class Zip extends Parts<Zip.Entry> {
    private static final Bytes BYTES = new Bytes();
    private static final Pickle PICKLE = new Pickle();
    private static final int CENTRAL = 0x02014b50;
    private static final int LOCAL = 0x04034b50;
    private static final int END = 0x06054b50;
    private static final int DEFLATED = 8;

    /** Hold the fields of an entry's two headers, and its bytes as stored in the file. */
    record Entry(
            String name,
            byte[] extra,
            int made,
            int flags,
            int method,
            int attributes,
            long size,
            int sum,
            byte[] raw) {}

    @Override
    List<Entry> split(byte[] file) {
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int end = file.length - 22;
        while (in.getInt(end) != END) end--;
        int at = in.getInt(end + 16);
        List<Entry> entries = new ArrayList<>();
        while (in.getInt(at) == CENTRAL) {
            int nameLength = in.getShort(at + 28) & 0xffff;
            int extraLength = in.getShort(at + 30) & 0xffff;
            int local = in.getInt(at + 42);
            int data = local + 30 + (in.getShort(local + 26) & 0xffff) + (in.getShort(local + 28) & 0xffff);
            entries.add(new Entry(
                    new String(slice(file, at + 46, nameLength), StandardCharsets.ISO_8859_1),
                    slice(file, at + 46 + nameLength, extraLength),
                    in.getShort(at + 4),
                    in.getShort(at + 8) & ~8,
                    in.getShort(at + 10),
                    in.getInt(at + 38),
                    in.getInt(at + 24) & 0xffffffffL,
                    in.getInt(at + 16),
                    slice(file, data, in.getInt(at + 20))));
            at += 46 + nameLength + extraLength + (in.getShort(at + 32) & 0xffff);
        }
        return entries;
    }

    @Override
    byte[] join(List<Entry> parts, Choices choices) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream directory = new ByteArrayOutputStream();
        for (Entry entry : parts) {
            byte[] name = entry.name.getBytes(StandardCharsets.ISO_8859_1);
            int at = out.size();
            out.writeBytes(fields(30 + name.length + entry.extra.length)
                    .putInt(LOCAL)
                    .putShort((short) 20)
                    .putShort((short) entry.flags)
                    .putShort((short) entry.method)
                    .putInt(0)
                    .putInt(entry.sum)
                    .putInt(entry.raw.length)
                    .putInt((int) entry.size)
                    .putShort((short) name.length)
                    .putShort((short) entry.extra.length)
                    .put(name)
                    .put(entry.extra)
                    .array());
            out.writeBytes(entry.raw);
            directory.writeBytes(fields(46 + name.length + entry.extra.length)
                    .putInt(CENTRAL)
                    .putShort((short) entry.made)
                    .putShort((short) 20)
                    .putShort((short) entry.flags)
                    .putShort((short) entry.method)
                    .putInt(0)
                    .putInt(entry.sum)
                    .putInt(choices.oneIn(60) ? (int) Bytes.number(choices) : entry.raw.length)
                    .putInt((int) entry.size)
                    .putShort((short) name.length)
                    .putShort((short) entry.extra.length)
                    .putShort((short) 0)
                    .putInt(0)
                    .putInt(entry.attributes)
                    .putInt(choices.oneIn(60) ? choices.below(out.size() + 1) : at)
                    .put(name)
                    .put(entry.extra)
                    .array());
        }
        int start = out.size();
        out.writeBytes(directory.toByteArray());
        int count = choices.oneIn(30) ? (int) Bytes.number(choices) : parts.size();
        out.writeBytes(fields(22)
                .putInt(END)
                .putInt(0)
                .putShort((short) count)
                .putShort((short) count)
                .putInt(directory.size())
                .putInt(start)
                .array());
        return out.toByteArray();
    }

    private static ByteBuffer fields(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    Entry change(Entry part, Choices choices) {
        switch (choices.below(9)) {
            case 0 -> {
                String name = choices.oneIn(2)
                        ? choices.among(
                                "../x",
                                "/x",
                                "a\\b",
                                "C:x",
                                "a\nb",
                                "x/data.pkl",
                                "x/byteorder",
                                "x/data/0",
                                "x/code/a.py",
                                "x/extra/classes",
                                "\u00fc",
                                "a\0b",
                                "",
                                "a/",
                                "x/constants.pkl")
                        : new String(
                                BYTES.mutate(part.name.getBytes(StandardCharsets.ISO_8859_1), choices),
                                StandardCharsets.ISO_8859_1);
                return with(part, name, part.extra, part.flags, part.method, part.attributes);
            }
            case 1 -> {
                byte[] extra = BYTES.mutate(part.extra.length == 0 ? new byte[12] : part.extra, choices);
                return with(part, part.name, extra, part.flags, part.method, part.attributes);
            }
            case 2 -> {
                int method = (int) choices.among(0, DEFLATED, 1, 12, 14, 93, 99, part.method);
                return with(part, part.name, part.extra, part.flags ^ 1 << choices.below(16), method, part.attributes);
            }
            case 3 -> {
                int mode = (int) choices.among(0120777, 0100644, 040755, 010644, 0);
                return with(part, part.name, part.extra, part.flags, part.method, mode << 16);
            }
            case 4 -> {
                long size = choices.oneIn(2) ? Bytes.number(choices) : part.size;
                int sum = choices.oneIn(2) ? part.sum : choices.below(Integer.MAX_VALUE);
                return new Entry(
                        part.name,
                        part.extra,
                        part.made,
                        part.flags,
                        part.method,
                        part.attributes,
                        size,
                        sum,
                        part.raw);
            }
            case 5 -> {
                // PyTorch's files store entries without compression.
                return part.method == 0 ? holding(part, DEFLATED, part.raw) : part;
            }
            default -> {
                if (part.method != 0) return holding(part, DEFLATED, BYTES.mutate(part.raw, choices));
                boolean pickle = part.name.endsWith(".pkl") && !choices.oneIn(8);
                return holding(part, 0, (pickle ? PICKLE : BYTES).mutate(part.raw, choices));
            }
        }
    }

    private static Entry with(Entry part, String name, byte[] extra, int flags, int method, int attributes) {
        return new Entry(name, extra, 0x0314, flags, method, attributes, part.size, part.sum, part.raw);
    }

    private static Entry holding(Entry part, int method, byte[] content) {
        CRC32 sum = new CRC32();
        sum.update(content);
        byte[] raw = content;
        if (method == DEFLATED) {
            Deflater deflater = new Deflater(Deflater.BEST_SPEED, true);
            deflater.setInput(content);
            deflater.finish();
            byte[] out = new byte[content.length + content.length / 8 + 64];
            raw = Arrays.copyOf(out, deflater.deflate(out));
            deflater.end();
        }
        return new Entry(
                part.name,
                part.extra,
                part.made,
                part.flags,
                method,
                part.attributes,
                content.length,
                (int) sum.getValue(),
                raw);
    }
}
