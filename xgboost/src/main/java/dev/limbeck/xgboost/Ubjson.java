package dev.limbeck.xgboost;

import dev.limbeck.LimbeckException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Read UBJSON, draft 12, as XGBoost writes it: maps, lists, texts, numbers and words. A list of numbers only becomes a {@code double[]}.
 * Each value of the file takes at least a byte of it, so memory grows with its length.
 */
final class Ubjson {
    /** Boosters nest ten deep. */
    static final int DEEPEST = 32;

    private static final int SHOWN = 40;

    private final ByteBuffer bytes;

    private Ubjson(byte... bytes) {
        this.bytes = ByteBuffer.wrap(bytes).order(ByteOrder.BIG_ENDIAN);
    }

    /**
     * Read one value that takes all bytes.
     *
     * @throws LimbeckException if the bytes are no UBJSON
     */
    static @Nullable Object read(byte... bytes) {
        Ubjson reader = new Ubjson(bytes);
        try {
            Object value = reader.value(reader.mark(), 0);
            if (reader.bytes.hasRemaining()) throw reader.wrong("nothing after the value");
            return value;
        } catch (BufferUnderflowException e) {
            throw new LimbeckException("ends in the middle of its content; copy or save it again", e);
        }
    }

    private LimbeckException wrong(String expected) {
        return new LimbeckException("is no booster that can be read: expected " + expected + " at byte "
                + bytes.position() + "; save it again with XGBoost (save_model)");
    }

    private char mark() {
        char mark = (char) (bytes.get() & 0xff);
        while (mark == 'N') mark = (char) (bytes.get() & 0xff);
        return mark;
    }

    private @Nullable Object value(char mark, int depth) {
        return switch (mark) {
            case 'Z' -> null;
            case 'T' -> true;
            case 'F' -> false;
            case 'S' -> text();
            case 'C' -> String.valueOf((char) bytes.get());
            case '[' -> list(depth + 1);
            case '{' -> map(depth + 1);
            default -> number(mark);
        };
    }

    private double number(char mark) {
        return switch (mark) {
            case 'i' -> bytes.get();
            case 'U' -> bytes.get() & 0xff;
            case 'I' -> bytes.getShort();
            case 'l' -> bytes.getInt();
            case 'L' -> bytes.getLong();
            case 'd' -> bytes.getFloat();
            case 'D' -> bytes.getDouble();
            default -> throw wrong("a type of UBJSON");
        };
    }

    private static int size(char type) {
        return switch (type) {
            case 'i', 'U' -> 1;
            case 'I' -> 2;
            case 'l', 'd' -> 4;
            case 'L', 'D' -> 8;
            default -> 0;
        };
    }

    private int length() {
        char mark = mark();
        if ("iUIlL".indexOf(mark) < 0) throw wrong("a length");
        double length = number(mark);
        if (length < 0 || length > bytes.remaining()) throw wrong("a length within the file");
        return (int) length;
    }

    private String text() {
        byte[] text = new byte[length()];
        bytes.get(text);
        return new String(text, StandardCharsets.UTF_8);
    }

    private Object list(int depth) {
        if (depth > DEEPEST) throw wrong("at most " + DEEPEST + " lists and maps inside each other");
        char mark = mark();
        if (mark == '$') return typed();
        int count = -1;
        if (mark == '#') {
            count = length();
            mark = count == 0 ? ']' : mark();
        }
        Numbers numbers = new Numbers();
        List<@Nullable Object> others = new ArrayList<>();
        for (int i = 0; count < 0 ? mark != ']' : i < count; i++) {
            if (i > 0 && count >= 0) mark = mark();
            Object value = value(mark, depth);
            if (value instanceof Double number && others.isEmpty()) {
                numbers.add(number);
            } else {
                numbers.moveTo(others);
                others.add(value);
            }
            if (count < 0) mark = mark();
        }
        return others.isEmpty() ? numbers.all() : others;
    }

    /** Read numbers of one type, which only lists with a length have. */
    private double[] typed() {
        char type = mark();
        if (size(type) == 0) throw wrong("a type of numbers");
        if (mark() != '#') throw wrong("a length");
        int count = length();
        if ((long) count * size(type) > bytes.remaining()) throw wrong("a length within the file");
        double[] numbers = new double[count];
        for (int i = 0; i < count; i++) numbers[i] = number(type);
        return numbers;
    }

    private Map<String, @Nullable Object> map(int depth) {
        if (depth > DEEPEST) throw wrong("at most " + DEEPEST + " lists and maps inside each other");
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        while (true) {
            bytes.mark();
            char mark = mark();
            if (mark == '}') return map;
            if (mark == '$' || mark == '#') throw wrong("a map without a length");
            bytes.reset();
            String name = text();
            if (map.containsKey(name)) {
                throw wrong("one value for '" + name.substring(0, Math.min(SHOWN, name.length())) + "'");
            }
            map.put(name, value(mark(), depth));
        }
    }

    /** Collect numbers. */
    static final class Numbers {
        private double[] values = new double[8];
        private int count;

        void add(double value) {
            if (count == values.length) values = Arrays.copyOf(values, 2 * count);
            values[count++] = value;
        }

        /** Move what was collected into a list that has other values too. */
        void moveTo(List<@Nullable Object> others) {
            for (int i = 0; i < count; i++) others.add(values[i]);
            count = 0;
        }

        double[] all() {
            return Arrays.copyOf(values, count);
        }
    }
}
