package dev.limbeck.tensor;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Element types that Limbeck reads, writes and computes with. */
public enum DType {
    FLOAT32(ScalarType.Float, 4, "F32"),
    FLOAT64(ScalarType.Double, 8, "F64"),
    FLOAT16(ScalarType.Half, 2, "F16"),
    BFLOAT16(ScalarType.BFloat16, 2, "BF16"),
    INT64(ScalarType.Long, 8, "I64"),
    INT32(ScalarType.Int, 4, "I32"),
    INT16(ScalarType.Short, 2, "I16"),
    INT8(ScalarType.Char, 1, "I8"),
    UINT8(ScalarType.Byte, 1, "U8"),
    BOOL(ScalarType.Bool, 1, "BOOL");

    final ScalarType engine;
    private final int bytes;
    private final String safetensorsName;

    DType(ScalarType engine, int bytes, String safetensorsName) {
        this.engine = engine;
        this.bytes = bytes;
        this.safetensorsName = safetensorsName;
    }

    /** Return the size of one element in bytes. */
    public int bytes() {
        return bytes;
    }

    /** Return the name in the safetensors format, such as {@code F32}. */
    public String safetensorsName() {
        return safetensorsName;
    }

    public boolean isFloatingPoint() {
        return ordinal() <= BFLOAT16.ordinal();
    }

    /** Return the element type of a tensor. */
    public static DType of(Tensor tensor) {
        ScalarType type = tensor.scalar_type().intern();
        for (DType candidate : values()) {
            if (candidate.engine == type) return candidate;
        }
        throw new IllegalArgumentException("no DType for the engine's " + type);
    }
}
