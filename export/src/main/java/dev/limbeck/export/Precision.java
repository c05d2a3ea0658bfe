package dev.limbeck.export;

import java.util.Locale;

/** Choose how exactly an ONNX file holds numbers. */
public enum Precision {
    /** float32 throughout. */
    FP32(1e-4, 0),
    /** Weights as float16, computed with in float32: half the size. */
    FP16(1e-2, 0.99),
    /**
     * Weights as int8, a scale for each channel; convolutions and what lies between them computed in int8 with ranges from
     * calibration images, linear layers with ranges from each input: a quarter of the size, and faster where the processor
     * has instructions for it.
     */
    INT8(Double.POSITIVE_INFINITY, 0.9);

    /** The largest difference of outputs that verification accepts, as a share of the largest output. */
    final double tolerance;

    /** The least share of images with the same top class that verification accepts. */
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
