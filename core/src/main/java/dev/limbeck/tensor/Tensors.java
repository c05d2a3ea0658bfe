package dev.limbeck.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;

/** Create tensors from Java values, move and convert them, and read them. */
public final class Tensors {
    static {
        Engine.start();
    }

    private Tensors() {}

    /** Create a float32 tensor from a copy of the values, row-major. */
    public static Tensor of(float[] values, long... shape) {
        checkCount(values.length, shape);
        if (values.length == 0) return zeros(DType.FLOAT32, shape);
        return AbstractTensor.create(values, shape);
    }

    /** Create a float64 tensor from a copy of the values, row-major. */
    public static Tensor of(double[] values, long... shape) {
        checkCount(values.length, shape);
        if (values.length == 0) return zeros(DType.FLOAT64, shape);
        return AbstractTensor.create(values, shape);
    }

    /** Create an int64 tensor from a copy of the values, row-major. */
    public static Tensor of(long[] values, long... shape) {
        checkCount(values.length, shape);
        if (values.length == 0) return zeros(DType.INT64, shape);
        return AbstractTensor.create(values, shape);
    }

    /** Create a tensor of zeros with a type and shape; an empty shape creates a scalar. */
    public static Tensor zeros(DType type, long... shape) {
        ElementLimit.count(shape);
        return torch.zeros(shape, new TensorOptions(type.engine));
    }

    /** Create a tensor filled with one value. */
    public static Tensor full(double value, DType type, long... shape) {
        Tensor made = zeros(type, shape);
        made.fill_(new Scalar(value));
        return made;
    }

    /** Create a tensor of zeros with the shape, type, layout and device of another. */
    public static Tensor zerosLike(Tensor other) {
        return torch.zeros_like(other);
    }

    /** Draw a float32 tensor from the standard normal distribution, with the engine's global generator. */
    public static Tensor randn(long... shape) {
        return torch.randn(shape);
    }

    /** Seed the engine's global generator, which initializers and dropout use. */
    public static void seed(long seed) {
        torch.manual_seed(seed);
    }

    /**
     * View bytes of a direct buffer as a tensor without copying; the view is valid only while the buffer is reachable,
     * and sees later writes. Convert it, which copies, before letting the buffer go.
     *
     * @param buffer direct, in native byte order, positioned at its start
     */
    public static Tensor view(ByteBuffer buffer, DType type, long... shape) {
        if (!buffer.isDirect()) throw new IllegalArgumentException("a tensor can view a direct buffer only");
        if (count(shape) * type.bytes() > buffer.remaining()) {
            throw new IllegalArgumentException(
                    "buffer holds " + buffer.remaining() + " bytes, the tensor needs " + count(shape) * type.bytes());
        }
        return torch.from_blob(new BytePointer(buffer), shape, new TensorOptions(type.engine));
    }

    /** Make a tensor that owns a copy of a direct buffer's bytes, in native order, row-major. */
    public static Tensor copyOf(ByteBuffer buffer, DType type, long... shape) {
        if (count(shape) == 0) return zeros(type, shape);
        return view(buffer, type, shape).clone();
    }

    /** Read the elements of a tensor as float32, row-major; other types are converted. */
    public static float[] toFloats(Tensor tensor) {
        try (Scope scope = Scope.open()) {
            float[] values = new float[Math.toIntExact(tensor.numel())];
            bytes(to(tensor, DType.FLOAT32)).asFloatBuffer().get(values);
            return values;
        }
    }

    /** Read the elements of a tensor as float64, row-major; other types are converted. */
    public static double[] toDoubles(Tensor tensor) {
        try (Scope scope = Scope.open()) {
            double[] values = new double[Math.toIntExact(tensor.numel())];
            bytes(to(tensor, DType.FLOAT64)).asDoubleBuffer().get(values);
            return values;
        }
    }

    /** Read the elements of a tensor as int64, row-major; other types are converted. */
    public static long[] toLongs(Tensor tensor) {
        try (Scope scope = Scope.open()) {
            long[] values = new long[Math.toIntExact(tensor.numel())];
            bytes(to(tensor, DType.INT64)).asLongBuffer().get(values);
            return values;
        }
    }

    /** Read the texts of an input described by {@link InputSpec#texts}, N×columns, row-major. */
    public static String[] toTexts(Tensor tensor) {
        long[] shape = tensor.shape();
        int length = Math.toIntExact(shape[2]);
        long[] bytes = toLongs(tensor);
        String[] texts = new String[Math.toIntExact(shape[0] * shape[1])];
        for (int i = 0; i < texts.length; i++) {
            byte[] text = new byte[length];
            int end = 0;
            while (end < length && bytes[i * length + end] != 0) text[end] = (byte) bytes[i * length + end++];
            texts[i] = new String(text, 0, end, StandardCharsets.UTF_8);
        }
        return texts;
    }

    /** Read the raw bytes of a tensor, row-major, in the machine's byte order. */
    public static byte[] toBytes(Tensor tensor) {
        try (Scope scope = Scope.open()) {
            ByteBuffer buffer = bytes(tensor);
            byte[] copy = new byte[buffer.remaining()];
            buffer.get(copy);
            return copy;
        }
    }

    /** View the memory of a tensor; valid inside the caller's scope only. */
    private static ByteBuffer bytes(Tensor tensor) {
        Tensor plain = tensor.detach().cpu().contiguous();
        long size = plain.numel() * plain.element_size();
        if (size == 0) return ByteBuffer.allocate(0);
        if (size > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("a tensor of " + size + " bytes is too large to read into one array");
        }
        Pointer data = plain.data_ptr();
        return new BytePointer(data).capacity(size).asByteBuffer().order(ByteOrder.nativeOrder());
    }

    /** Convert a tensor to another element type; the same tensor if it has that type already. */
    public static Tensor to(Tensor tensor, DType type) {
        return tensor.to(type.engine);
    }

    /** Return a bfloat16 tensor as float32, and any other as it is. */
    public static Tensor toFloat32(Tensor tensor) {
        return DType.of(tensor) == DType.BFLOAT16 ? to(tensor, DType.FLOAT32) : tensor;
    }

    /** Move a tensor to a device; the same tensor if it lives there already. */
    public static Tensor to(Tensor tensor, Device device) {
        return tensor.to(device, DType.of(tensor).engine);
    }

    /** Lay a 4-d tensor out with channels last, which the processor's convolutions prefer. */
    public static Tensor channelsLast(Tensor tensor) {
        return tensor.dim() == 4 ? tensor.contiguous(MemoryFormat.ChannelsLast) : tensor;
    }

    /** Make a copy that shares no memory and no gradient history, in plain row-major layout. */
    public static Tensor copy(Tensor tensor) {
        // Outside of scopes a handle that nobody closes would hold the memory until it is collected.
        try (Tensor same = tensor.detach()) {
            return same.clone(new MemoryFormatOptional(MemoryFormat.Contiguous));
        }
    }

    /** Drop the gradient of a parameter. */
    public static void clearGrad(Tensor parameter) {
        parameter.mutable_grad().put(new Tensor());
    }

    public static boolean hasGrad(Tensor parameter) {
        return parameter.grad().defined();
    }

    /** Write a shape the way people do: {@code 64×3×7×7}, or {@code scalar}. */
    public static String shapeText(long... shape) {
        if (shape.length == 0) return "scalar";
        return Arrays.stream(shape).mapToObj(Long::toString).collect(Collectors.joining("×"));
    }

    private static long count(long... shape) {
        long count = 1;
        for (long size : shape) count = Math.multiplyExact(count, size);
        return count;
    }

    private static void checkCount(int values, long... shape) {
        if (count(shape) != values) {
            throw new IllegalArgumentException(values + " values do not fill the shape " + shapeText(shape));
        }
    }

    /**
     * View the memory of a tensor, for reading and writing without a copy, in native byte order; valid only while the
     * tensor is open.
     *
     * @param tensor contiguous, on the CPU, smaller than 2 GiB
     */
    public static ByteBuffer memory(Tensor tensor) {
        long size = tensor.numel() * tensor.element_size();
        if (tensor.is_cuda() || !tensor.is_contiguous() || size > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("only a contiguous tensor on the CPU below 2 GiB shows its memory");
        }
        if (size == 0) return ByteBuffer.allocateDirect(0).order(ByteOrder.nativeOrder());
        return new BytePointer(tensor.data_ptr()).capacity(size).asByteBuffer().order(ByteOrder.nativeOrder());
    }

    /**
     * Copy the elements that a shape, strides and an offset pick out of a 1-d tensor into a tensor of its own,
     * row-major.
     *
     * @param offset of the first element, counted in elements
     * @param strides as many as the shape has sizes, counted in elements
     */
    public static Tensor stridedCopy(Tensor flat, long offset, long[] shape, long[] strides) {
        return copy(flat.as_strided(shape, strides, new LongOptional(offset)));
    }

    /** Wait until the values of a tensor are computed: a GPU works on after a call has returned. */
    public static void await(Tensor tensor) {
        if (!tensor.is_cuda() || tensor.numel() == 0) return;
        try (Scope scope = Scope.open()) {
            tensor.flatten().select(0, 0).item_double();
        }
    }
}
