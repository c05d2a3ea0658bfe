package dev.limbeck.image;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Collectors;

/** Hold the constants of VP8 (RFC 6386). */
final class Vp8Tables {
    /** Probabilities of coefficient tokens: 4 types × 8 bands × 3 contexts × 11. */
    static final int[] TOKENS;

    /** Probabilities that a token probability is updated. */
    static final int[] UPDATES;

    /** Probabilities of subblock modes: 10 above × 10 left × 9. */
    static final int[] MODES;

    static final int[] DC;
    static final int[] AC;

    static {
        int[] all = read();
        TOKENS = Arrays.copyOfRange(all, 0, 1056);
        UPDATES = Arrays.copyOfRange(all, 1056, 2112);
        MODES = Arrays.copyOfRange(all, 2112, 3012);
        DC = Arrays.copyOfRange(all, 3012, 3140);
        AC = Arrays.copyOfRange(all, 3140, 3268);
    }

    private Vp8Tables() {}

    private static int[] read() {
        try (InputStream in = Vp8Tables.class.getResourceAsStream("vp8.txt")) {
            String text = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
            String numbers = text.lines().filter(line -> !line.startsWith("#")).collect(Collectors.joining(" "));
            return Arrays.stream(numbers.split(" ")).mapToInt(Integer::parseInt).toArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
