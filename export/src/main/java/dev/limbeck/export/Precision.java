package dev.limbeck.export;

import java.util.Locale;

/** Weight format of an ONNX file. */
public enum Precision {
    /** float32. */
    FP32(1e-4, 0),
    /** Weights as float16, computed in float32: half the size. */
    FP16(1e-2, 0.99),
    /**
     * Weights as int8 with a scale per channel: a quarter of the size. Convolutions and the operations between them run
     * in int8, with ranges from calibration images, or from quantization-aware training; linear layers use the range of each row, or those of training. Faster on processors with int8
     * instructions.
     */
    INT8(Double.POSITIVE_INFINITY, 0.9);

    /** Maximum accepted difference of outputs, as a share of the largest output. */
    final double tolerance;

    /** Minimum accepted share of rows with the same top class, R² of a regression's outputs, and cosine of embeddings. */
    final double agreement;

    Precision(double tolerance, double agreement) {
        this.tolerance = tolerance;
        this.agreement = agreement;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
