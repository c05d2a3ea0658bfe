package dev.limbeck.weights;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;

/** Tell what a file is by its first bytes, whatever its name ends in. */
enum FileKind {
    SAFETENSORS("a safetensors file"),
    ZIP("a zip file"),
    TORCH_LEGACY("a PyTorch checkpoint of the old form"),
    GZIP("a gzip archive, which must be unpacked first"),
    WEB_PAGE("a web page, so that its download went wrong"),
    EMPTY("empty"),
    UNKNOWN("of no known kind");

    /** The pickled number 0x1950a86a20f9469cfc6c, with which every checkpoint of the old form starts. */
    private static final String LEGACY_MAGIC = "8a0a6cfc9c46f9206aa85019";

    private static final String PICKLE_START = "80";
    private static final int HEAD_BYTES = 32;

    private final String description;

    FileKind(String description) {
        this.description = description;
    }

    String description() {
        return description;
    }

    static FileKind of(Path file) {
        byte[] head;
        try (InputStream in = Files.newInputStream(file)) {
            head = in.readNBytes(HEAD_BYTES);
        } catch (IOException e) {
            throw FileTrouble.reading(file, e);
        }
        if (head.length == 0) return EMPTY;
        if (startsWith(head, new byte[] {'P', 'K', 3, 4})) return ZIP;
        String hex = HexFormat.of().formatHex(head);
        if (hex.startsWith(PICKLE_START) && hex.contains(LEGACY_MAGIC)) return TORCH_LEGACY;
        if (startsWith(head, new byte[] {0x1f, (byte) 0x8b})) return GZIP;
        if (isSafetensors(head)) return SAFETENSORS;
        String text =
                new String(head, StandardCharsets.ISO_8859_1).stripLeading().toLowerCase(Locale.ROOT);
        return text.startsWith("<!doctype") || text.startsWith("<html") ? WEB_PAGE : UNKNOWN;
    }

    private static boolean isSafetensors(byte[] head) {
        if (head.length < 9 || head[8] != '{') return false;
        long length = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getLong();
        return length >= 2 && length <= Safetensors.LONGEST_HEADER;
    }

    private static boolean startsWith(byte[] head, byte[] magic) {
        return head.length >= magic.length && Arrays.equals(head, 0, magic.length, magic, 0, magic.length);
    }
}
