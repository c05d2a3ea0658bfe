package dev.limbeck.fuzz;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Mutate JSON and YAML by their words, numbers and punctuation. */
final class Text extends Parts<String> {
    private static final Pattern WORDS = Pattern.compile("\"(?:[^\"\\\\]|\\\\.)*+\"|[\\w.+-]+|\\s+|.", Pattern.DOTALL);
    private static final Bytes BYTES = new Bytes();
    private static final String[] OTHERS = {
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\n",
        "  ",
        "- ",
        "\"",
        "'",
        "null",
        "true",
        "-1",
        "0",
        "1e999",
        "-0.0",
        "NaN",
        "9223372036854775807",
        "9223372036854775808",
        "123456789012345678901234567890",
        "2147483648",
        "0.1",
        "\"\"",
        "\"\\u0000\"",
        "\"\\u202e\"",
        "\"\\ud800\"",
        "\"\\n\"",
        "\"\\u001b[31m\"",
        "&a ",
        "*a",
        "!!int ",
        "? ",
        "| ",
        "> ",
        "# ",
        "%",
        "@",
        "`",
        "<<: *a",
        "---",
        "...",
        "é",
        "\u2028",
        "\u0085",
        "{}",
        "[]",
        "[[[[[[[[[[[[[[[["
    };

    @Override
    List<String> split(byte[] file) {
        return WORDS.matcher(new String(file, StandardCharsets.UTF_8))
                .results()
                .map(MatchResult::group)
                .toList();
    }

    @Override
    byte[] join(List<String> parts, Choices choices) {
        byte[] text = String.join("", parts).getBytes(StandardCharsets.UTF_8);
        return choices.oneIn(16) ? BYTES.mutate(text, choices) : text;
    }

    @Override
    String change(String part, Choices choices) {
        switch (choices.below(5)) {
            case 0 -> {
                byte[] text = part.getBytes(StandardCharsets.UTF_8);
                return new String(BYTES.mutate(text, choices), StandardCharsets.UTF_8);
            }
            case 1 -> {
                return part + choices.among(OTHERS);
            }
            case 2 -> {
                return part.startsWith("\"") && part.length() > 1
                        ? part.substring(0, 1)
                                + choices.among("\\u001b", "\\n", "\\u202e", "\\u0000", "../", "a")
                                + part.substring(1)
                        : String.valueOf(Bytes.number(choices));
            }
            default -> {
                return choices.among(OTHERS);
            }
        }
    }

    /** Mutate the header of a safetensors file, usually with the correct length, or the bytes after it. */
    static Mutator safetensors() {
        Text text = new Text();
        return (file, choices) -> {
            int length = file.length < 8 ? -1 : (int) little(file, 0, 8);
            if (length < 2 || length > file.length - 8 || choices.oneIn(10)) return BYTES.mutate(file, choices);
            byte[] header = text.mutate(Arrays.copyOfRange(file, 8, 8 + length), choices);
            byte[] rest = Arrays.copyOfRange(file, 8 + length, file.length);
            if (choices.oneIn(6)) rest = BYTES.mutate(rest, choices);
            long said = choices.oneIn(12) ? Bytes.number(choices) : header.length;
            return ByteBuffer.allocate(8 + header.length + rest.length)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(said)
                    .put(header)
                    .put(rest)
                    .array();
        };
    }

    private static long little(byte[] file, int at, int count) {
        long value = 0;
        for (int i = count - 1; i >= 0; i--) value = value << 8 | file[at + i] & 0xff;
        return value;
    }
}
