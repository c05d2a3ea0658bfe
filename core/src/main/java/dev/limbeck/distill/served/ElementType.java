package dev.limbeck.distill.served;

import dev.limbeck.tensor.DType;
import org.jspecify.annotations.Nullable;

/** Types of elements in the protocol that Limbeck sends or reads. */
enum ElementType {
    FP32(DType.FLOAT32),
    FP64(DType.FLOAT64),
    FP16(DType.FLOAT16),
    BF16(DType.BFLOAT16),
    INT64(DType.INT64),
    INT32(DType.INT32),
    INT16(DType.INT16),
    INT8(DType.INT8),
    UINT8(DType.UINT8),
    /** Texts: each is its length, int32, and its UTF-8 bytes. */
    BYTES(DType.INT64);

    private final DType type;

    ElementType(DType type) {
        this.type = type;
    }

    /** Return the type of the tensors; texts are {@link dev.limbeck.tensor.InputSpec#texts}. */
    DType type() {
        return type;
    }

    /** Return the type of a name; null if it is none of these. */
    static @Nullable ElementType of(String name) {
        for (ElementType type : values()) if (type.name().equals(name)) return type;
        return null;
    }

    /** Return the type of a tensor's elements. */
    static ElementType of(DType type) {
        for (ElementType each : values()) if (each.type == type) return each;
        throw new IllegalArgumentException("the protocol has no " + type);
    }

    /** Return whether JSON can say its elements; the protocol has no numbers of two bytes in JSON. */
    boolean isInJson() {
        return this != FP16 && this != BF16;
    }
}
