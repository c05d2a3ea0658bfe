package dev.limbeck.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Mutate bytes without knowledge of a format: flip bits, write boundary values, copy, delete and truncate. */
final class Bytes implements Mutator {
    private static final int MOST_CHANGES = 6;
    private static final long[] EDGES = {
        0,
        1,
        2,
        -1,
        -2,
        7,
        8,
        0x7f,
        0x80,
        0xff,
        0x100,
        0x7fff,
        0x8000,
        0xffff,
        0x10000,
        Integer.MAX_VALUE,
        Integer.MIN_VALUE,
        0xffffffffL,
        0x100000000L,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        1L << 40
    };

    private final List<byte[]> words;

    /** Set words to insert occasionally; each character is a byte. */
    Bytes(String... words) {
        this.words = Stream.of(words)
                .map(word -> word.getBytes(StandardCharsets.ISO_8859_1))
                .toList();
    }

    @Override
    public byte[] mutate(byte[] file, Choices choices) {
        byte[] changed = file;
        for (int i = 1 + choices.below(MOST_CHANGES); i > 0; i--) changed = once(changed, choices);
        return changed;
    }

    private byte[] once(byte[] file, Choices choices) {
        if (file.length == 0) return new byte[] {(byte) choices.below(256)};
        int at = choices.below(file.length);
        switch (choices.below(words.isEmpty() ? 8 : 10)) {
            case 0 -> {
                byte[] copy = file.clone();
                copy[at] ^= (byte) (1 << choices.below(8));
                return copy;
            }
            case 1 -> {
                byte[] copy = file.clone();
                copy[at] = (byte) choices.below(256);
                return copy;
            }
            case 2, 3 -> {
                return withNumber(file, at, choices);
            }
            case 4 -> {
                return join(file, at, new byte[0], Math.min(file.length, at + length(choices)));
            }
            case 5 -> {
                int from = choices.below(file.length);
                byte[] piece = Arrays.copyOfRange(file, from, Math.min(file.length, from + length(choices)));
                return join(file, at, piece, at);
            }
            case 6 -> {
                byte[] noise = new byte[length(choices) % 64 + 1];
                for (int i = 0; i < noise.length; i++) noise[i] = (byte) choices.below(256);
                return join(file, at, noise, Math.min(file.length, at + choices.below(noise.length + 1)));
            }
            case 7 -> {
                return choices.oneIn(4) ? Arrays.copyOf(file, at) : withNumber(file, at, choices);
            }
            default -> {
                byte[] word = words.get(choices.below(words.size()));
                return join(file, at, word, Math.min(file.length, at + (choices.oneIn(2) ? 0 : word.length)));
            }
        }
    }

    private static int length(Choices choices) {
        return 1 + choices.below((int) choices.among(1, 4, 16, 256, 4096));
    }

    private static byte[] withNumber(byte[] file, int at, Choices choices) {
        int width = (int) choices.among(1, 2, 4, 8);
        if (at + width > file.length) return file;
        byte[] copy = file.clone();
        ByteBuffer number = ByteBuffer.allocate(Long.BYTES)
                .order(choices.oneIn(2) ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN)
                .putLong(0, number(choices));
        int from = number.order() == ByteOrder.LITTLE_ENDIAN ? 0 : Long.BYTES - width;
        System.arraycopy(number.array(), from, copy, at, width);
        return copy;
    }

    /** Return a number that is likely to break readers. */
    static long number(Choices choices) {
        return choices.oneIn(3) ? choices.below(256) : EDGES[choices.below(EDGES.length)];
    }

    private static byte[] join(byte[] file, int end, byte[] middle, int start) {
        if (end + middle.length + file.length - start > LONGEST) return file;
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        joined.write(file, 0, end);
        joined.writeBytes(middle);
        joined.write(file, start, file.length - start);
        return joined.toByteArray();
    }
}
