package dev.limbeck.tensor;

import dev.limbeck.LimbeckException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;

/**
 * Describe one input of a network.
 *
 * @param name by which a network of several inputs knows it
 * @param type of its elements
 * @param shape of one row, without the rows: channels, height and width of an image; {@link #FREE} where any length fits
 * @param pad what fills the end of rows that are shorter than others of their batch
 * @param bound integers are at least 0 and below this, such as the size of a vocabulary; 0 where none is known, and for floating-point inputs
 */
public record InputSpec(String name, DType type, long[] shape, double pad, long bound) {
    /** Name of an input of ids without order, such as hashed words. */
    public static final String IDS = "ids";

    /** Name of an input of ids in order, such as the tokens of a text; Hugging Face's word. */
    public static final String TOKENS = "input_ids";

    /** Name of an input of ids in order that stand for whole words, such as hashed ones. */
    public static final String WORDS = "words";

    /** A length of a row that may be any. */
    public static final long FREE = -1;
    /** The number of different bytes. */
    private static final long BYTES = 256;
    /** The length of an example where any fits, unless another is requested. */
    public static final long EXAMPLE_LENGTH = 8;

    public InputSpec {
        shape = shape.clone();
        for (long length : shape) {
            if (length < 1 && length != FREE) {
                throw new IllegalArgumentException(
                        "a length must be positive or free, found " + Arrays.toString(shape));
            }
        }
        if (bound < 0 || bound > 0 && type.isFloatingPoint()) {
            throw new IllegalArgumentException("integers have a bound of at least 1, floating-point numbers none");
        }
    }

    /** Describe the only input, of float32 numbers. */
    public static InputSpec floats(long... shape) {
        return new InputSpec(Inputs.ONLY, DType.FLOAT32, shape, 0, 0);
    }

    /**
     * Describe an input of int64 numbers, such as the ids of tokens.
     *
     * @param bound they are below this
     * @param pad what fills the end of shorter rows
     */
    public static InputSpec ids(String name, long bound, long pad, long... shape) {
        return new InputSpec(name, DType.INT64, shape, pad, bound);
    }

    /**
     * Describe an input of texts: the UTF-8 bytes of each, filled up with 0, int64 N×columns×length.
     *
     * @param columns number of texts in a row
     */
    public static InputSpec texts(String name, long columns) {
        return new InputSpec(name, DType.INT64, new long[] {columns, FREE}, 0, BYTES);
    }

    /** Return whether it is an input of texts, see {@link #texts}. */
    public boolean isTexts() {
        return type == DType.INT64 && shape.length == 2 && shape[1] == FREE && bound == BYTES;
    }

    /** Return whether inputs are one row of bounded ids of a name, such as {@link #TOKENS}. */
    public static boolean areIds(List<InputSpec> inputs, String name) {
        if (inputs.size() != 1) return false;
        InputSpec only = inputs.get(0);
        return only.name.equals(name) && only.type == DType.INT64 && only.bound > 1 && only.shape.length == 1;
    }

    /** Return whether inputs are one row of bounded ids in order, {@link #WORDS} or {@link #TOKENS}. */
    public static boolean areInOrder(List<InputSpec> inputs) {
        return areIds(inputs, WORDS) || areIds(inputs, TOKENS);
    }

    @Override
    public long[] shape() {
        return shape.clone();
    }

    /** Return the shape of a batch; free lengths are those of {@link #example}. */
    public long[] shape(int rows) {
        return shape(rows, EXAMPLE_LENGTH);
    }

    private long[] shape(int rows, long free) {
        return LongStream.concat(
                        LongStream.of(rows), LongStream.of(shape).map(length -> length == FREE ? free : length))
                .toArray();
    }

    /** Return whether rows may be of any length. */
    public boolean hasFreeLength() {
        return LongStream.of(shape).anyMatch(length -> length == FREE);
    }

    /**
     * Make rows to try a network with. The values are the same in each run, differ from each other, and leave the engine's
     * random generator alone; floating-point ones lie between −1 and 1.
     */
    public Tensor example(int rows) {
        return example(rows, EXAMPLE_LENGTH);
    }

    /** Make the same rows, whose free lengths are as requested. */
    public Tensor example(int rows, long free) {
        long[] batch = shape(rows, free);
        int count = Math.toIntExact(Arrays.stream(batch).reduce(1, Math::multiplyExact));
        if (type.isFloatingPoint()) {
            float[] values = new float[count];
            for (int i = 0; i < count; i++) values[i] = (float) Math.sin(1.3 * i);
            return Tensors.to(Tensors.of(values, batch), type);
        }
        long[] values = new long[count];
        for (int i = 0; i < count; i++) values[i] = i % Math.max(2, bound);
        return Tensors.to(Tensors.of(values, batch), type);
    }

    /**
     * Check that a tensor holds rows of this input.
     *
     * @throws LimbeckException saying what was expected and found
     */
    public void check(Tensor tensor) {
        if (DType.of(tensor) == type && fits(tensor.shape())) return;
        throw new LimbeckException("input '" + name + "' must be " + words() + ", found " + words(DType.of(tensor))
                + " " + Tensors.shapeText(tensor.shape()));
    }

    /** Return whether a batch of this shape holds rows of this input. */
    public boolean fits(long... batch) {
        if (batch.length != shape.length + 1) return false;
        for (int i = 0; i < shape.length; i++) if (shape[i] != FREE && shape[i] != batch[i + 1]) return false;
        return true;
    }

    /** Return type and shape in words: {@code float32 N×3×32×32}, with {@code ?} for a free length, or {@code text N×1}. */
    public String words() {
        if (isTexts()) return "text N×" + shape[0];
        StringBuilder text = new StringBuilder(words(type)).append(" N");
        for (long length : shape) text.append('×').append(length == FREE ? "?" : String.valueOf(length));
        return text.toString();
    }

    private static String words(DType type) {
        return type.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof InputSpec spec
                && spec.name.equals(name)
                && spec.type == type
                && Arrays.equals(spec.shape, shape)
                && spec.pad == pad
                && spec.bound == bound;
    }

    @Override
    public int hashCode() {
        return name.hashCode() + Arrays.hashCode(shape);
    }

    @Override
    public String toString() {
        return name + " " + words();
    }
}
