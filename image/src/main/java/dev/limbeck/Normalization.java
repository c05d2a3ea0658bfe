package dev.limbeck;

import java.util.List;
import java.util.function.DoubleBinaryOperator;

/**
 * Convert raw numbers to inputs, channel by channel: {@code (raw / unit − mean) / std}.
 *
 * @param unit largest raw number, such as 255
 * @param mean a value for each channel, of numbers divided by the unit
 * @param std a value above 0 for each channel
 */
public record Normalization(double unit, List<Double> mean, List<Double> std) {
    public Normalization {
        mean = List.copyOf(mean);
        std = List.copyOf(std);
    }

    /** Return the factor of each channel, from raw numbers to inputs. */
    public float[] scale() {
        return each((mean, std) -> 1 / (unit * std));
    }

    /** Return the offset of each channel, added after {@link #scale}. */
    public float[] shift() {
        return each((mean, std) -> -mean / std);
    }

    /** Return the factor of each channel, from inputs to raw numbers. */
    public float[] rawScale() {
        return each((mean, std) -> unit * std);
    }

    /** Return the offset of each channel, added after {@link #rawScale}. */
    public float[] rawShift() {
        return each((mean, std) -> unit * mean);
    }

    private float[] each(DoubleBinaryOperator ofMeanAndStd) {
        float[] values = new float[std.size()];
        for (int c = 0; c < values.length; c++) {
            values[c] = (float) ofMeanAndStd.applyAsDouble(mean.get(c), std.get(c));
        }
        return values;
    }
}
