package dev.limbeck.io;

import dev.limbeck.weights.Safetensors;
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
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Detect the kind of a file by its first bytes. */
public enum FileKind {
    SAFETENSORS("a safetensors file"),
    ZIP("a zip file"),
    TORCH_LEGACY("a PyTorch checkpoint of the old form"),
    GZIP("a gzip archive, which must be unpacked first"),
    WEB_PAGE("a web page, so that its download went wrong", "; download it again"),
    LFS_POINTER("a Git LFS pointer, which stands for a file that was not fetched", "; fetch it by git lfs pull"),
    SEVEN_ZIP("a 7-Zip archive", ", which is not read; pack it as zip or tar"),
    RAR("a RAR archive", ", which is not read; pack it as zip or tar"),
    CABINET("a Windows cabinet", ", which is not read; pack it as zip or tar"),
    PROGRAM("a Windows program, as archives are that unpack themselves", ", which is not read; pack it as zip or tar"),
    PARQUET("a Parquet file", "; write its images into folders"),
    PDF("a PDF document", ", which is not read; pack it as zip or tar"),
    EMPTY("empty", "; download or pack it again"),
    UNKNOWN("of no known kind");

    /** The pickled number 0x1950a86a20f9469cfc6c, the first bytes of every checkpoint in the old format. */
    private static final String LEGACY_MAGIC = "8a0a6cfc9c46f9206aa85019";

    private static final Pattern WEB = Pattern.compile("<(!doctype|html|head|body|\\?xml|!--)");

    private static final Map<String, FileKind> STARTS = Map.of(
            "7z\u00bc\u00af'\u001c",
            SEVEN_ZIP,
            "Rar!\u001a\u0007",
            RAR,
            "MSCF\0\0\0\0",
            CABINET,
            "MZ",
            PROGRAM,
            "PAR1",
            PARQUET,
            "%PDF-",
            PDF,
            "version https://git-lfs",
            LFS_POINTER);

    private static final String PICKLE_START = "80";
    private static final int HEAD_BYTES = 32;

    private final String description;
    private final @Nullable String advice;

    FileKind(String description) {
        this(description, null);
    }

    FileKind(String description, @Nullable String advice) {
        this.description = description;
        this.advice = advice;
    }

    public String description() {
        return description;
    }

    /** Return the kind and an advice if an archive was expected; null for a supported archive. */
    @Nullable
    public String archive() {
        return advice == null ? null : description + advice;
    }

    /** Return an advice, starting with a semicolon; null if it depends on what was expected. */
    @Nullable
    public String advice() {
        return this == WEB_PAGE || this == LFS_POINTER || this == EMPTY ? advice : null;
    }

    public static FileKind of(Path file) {
        byte[] head;
        try (InputStream in = Files.newInputStream(file)) {
            head = in.readNBytes(HEAD_BYTES);
        } catch (IOException e) {
            throw IoErrors.reading(file, e);
        }
        if (head.length == 0) return EMPTY;
        if (startsWith(head, new byte[] {'P', 'K', 3, 4})) return ZIP;
        String hex = HexFormat.of().formatHex(head);
        if (hex.startsWith(PICKLE_START) && hex.contains(LEGACY_MAGIC)) return TORCH_LEGACY;
        if (startsWith(head, new byte[] {0x1f, (byte) 0x8b})) return GZIP;
        if (isSafetensors(head)) return SAFETENSORS;
        for (Map.Entry<String, FileKind> start : STARTS.entrySet()) {
            if (hex.startsWith(HexFormat.of().formatHex(start.getKey().getBytes(StandardCharsets.ISO_8859_1)))) {
                return start.getValue();
            }
        }
        String text = new String(head, StandardCharsets.UTF_8)
                .replace("\uFEFF", "")
                .stripLeading()
                .toLowerCase(Locale.ROOT);
        return WEB.matcher(text).lookingAt() ? WEB_PAGE : UNKNOWN;
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
