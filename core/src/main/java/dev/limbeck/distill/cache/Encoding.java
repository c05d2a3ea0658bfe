package dev.limbeck.distill.cache;

import dev.limbeck.LimbeckException;
import dev.limbeck.distill.loss.OutputKind;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/**
 * Encode rows of numbers as bytes, little-endian, and decode them.
 *
 * @param top number of largest logits per row to store, each with its class, plus log Σ exp(logit) of the others; 0 to
 *     store all
 * @param half whether numbers are stored as float16 instead of float32
 */
public record Encoding(int top, boolean half) {
    /** Store all numbers losslessly. */
    public static final Encoding FLOAT32 = new Encoding(0, false);

    /** Store all numbers in half the space, with about three decimal digits. */
    public static final Encoding FLOAT16 = new Encoding(0, true);

    private static final String TOP = "top-";

    public Encoding {
        if (top < 0 || (top > 0 && half)) throw new IllegalArgumentException("no such encoding");
    }

    /** Parse {@code float32}, {@code float16} or {@code top-5}. */
    public static Encoding of(String name) {
        if (name.equals(FLOAT32.toString())) return FLOAT32;
        if (name.equals(FLOAT16.toString())) return FLOAT16;
        if (name.matches(TOP + "[1-9][0-9]{0,5}")) {
            return new Encoding(Integer.parseInt(name.substring(TOP.length())), false);
        }
        throw new LimbeckException(
                "cached outputs must be float32, float16 or top-K such as top-5, found '" + name + "'");
    }

    @Override
    public String toString() {
        return top > 0 ? TOP + top : half ? "float16" : "float32";
    }

    /** Return the kind of information in decoded outputs. */
    OutputKind of(OutputKind whole) {
        return top > 0 ? whole.and(OutputKind.TOP_CLASSES) : whole;
    }

    /** Return the bytes per row of {@code width} numbers. */
    int bytes(int width) {
        return top > 0 ? top * (Integer.BYTES + Float.BYTES) + Float.BYTES : width * type().bytes();
    }

    private DType type() {
        return half ? DType.FLOAT16 : DType.FLOAT32;
    }

    /**
     * Encode rows.
     *
     * @param numbers tensor of shape rows×width
     * @throws LimbeckException if a number is not finite, or exceeds float16, or there are not more classes than top classes
     */
    byte[] encode(Tensor numbers) {
        float[] values = finite(numbers);
        if (top > 0) return encodeTop(values, Math.toIntExact(numbers.size(1)));
        try (Scope scope = Scope.open()) {
            Tensor kept = Tensors.to(numbers.cpu(), type());
            if (half) {
                for (float value : Tensors.toFloats(kept)) {
                    if (!Float.isFinite(value)) {
                        throw new LimbeckException("the teacher's outputs are too large for float16; use float32");
                    }
                }
            }
            byte[] bytes = Tensors.toBytes(kept);
            if (ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN) reverse(bytes, type().bytes());
            return bytes;
        }
    }

    /** Return the values: one that is not finite would stay in a cache, whatever becomes of its cause. */
    private static float[] finite(Tensor numbers) {
        float[] values = Tensors.toFloats(numbers);
        int bad = 0;
        for (float value : values) if (!Float.isFinite(value)) bad++;
        if (bad == 0) return values;
        throw new LimbeckException("the teacher's outputs must be finite numbers, found " + bad + " of " + values.length
                + " NaN or infinite; check its weights and its preprocessing");
    }

    /**
     * Decode rows to a tensor of shape rows×width.
     *
     * @param bytes a direct buffer from 0 to its limit; its contents may change
     */
    Tensor decode(ByteBuffer bytes, int rows, int width) {
        if (top > 0) return Tensors.of(decodeTop(bytes, rows, width), rows, width);
        try (Scope scope = Scope.open()) {
            if (ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN) {
                byte[] turned = new byte[bytes.limit()];
                bytes.get(0, turned);
                reverse(turned, type().bytes());
                bytes.put(0, turned);
            }
            Tensor kept = Tensors.copyOf(bytes.rewind(), type(), rows, width);
            return scope.promote(Tensors.to(kept, DType.FLOAT32));
        }
    }

    private static void reverse(byte[] bytes, int size) {
        for (int at = 0; at < bytes.length; at += size) {
            for (int i = 0; i < size / 2; i++) {
                byte swapped = bytes[at + i];
                bytes[at + i] = bytes[at + size - 1 - i];
                bytes[at + size - 1 - i] = swapped;
            }
        }
    }

    private byte[] encodeTop(float[] values, int width) {
        if (top >= width) {
            throw new LimbeckException("the teacher has " + width + " classes; cache fewer than that, or use float16");
        }
        int rows = values.length / width;
        ByteBuffer bytes = ByteBuffer.allocate(rows * bytes(width)).order(ByteOrder.LITTLE_ENDIAN);
        for (int row = 0; row < rows; row++) {
            int start = row * width;
            int[] order = IntStream.range(0, width)
                    .boxed()
                    .sorted(Comparator.comparingDouble((Integer c) -> -values[start + c]))
                    .mapToInt(Integer::intValue)
                    .toArray();
            for (int i = 0; i < top; i++) bytes.putInt(order[i]).putFloat(values[start + order[i]]);
            double largest = values[start + order[top]];
            double sum = 0;
            for (int i = top; i < width; i++) sum += Math.exp(values[start + order[i]] - largest);
            bytes.putFloat((float) (largest + Math.log(sum)));
        }
        return bytes.array();
    }

    private float[] decodeTop(ByteBuffer bytes, int rows, int width) {
        ByteBuffer from = bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN).rewind();
        float[] values = new float[rows * width];
        int[] classes = new int[top];
        float[] logits = new float[top];
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < top; i++) {
                classes[i] = from.getInt();
                logits[i] = from.getFloat();
            }
            float each = (float) (from.getFloat() - Math.log(width - top));
            Arrays.fill(values, row * width, (row + 1) * width, each);
            for (int i = 0; i < top; i++) values[row * width + classes[i]] = logits[i];
        }
        return values;
    }
}
