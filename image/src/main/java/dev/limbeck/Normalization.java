package dev.limbeck;

import java.util.List;

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
        float[] scale = new float[std.size()];
        for (int c = 0; c < scale.length; c++) scale[c] = (float) (1 / (unit * std.get(c)));
        return scale;
    }

    /** Return the offset of each channel, added after {@link #scale}. */
    public float[] shift() {
        float[] shift = new float[std.size()];
        for (int c = 0; c < shift.length; c++) shift[c] = (float) (-mean.get(c) / std.get(c));
        return shift;
    }

    /** Return the factor of each channel, from inputs to raw numbers. */
    public float[] rawScale() {
        float[] scale = new float[std.size()];
        for (int c = 0; c < scale.length; c++) scale[c] = (float) (unit * std.get(c));
        return scale;
    }

    /** Return the offset of each channel, added after {@link #rawScale}. */
    public float[] rawShift() {
        float[] shift = new float[mean.size()];
        for (int c = 0; c < shift.length; c++) shift[c] = (float) (unit * mean.get(c));
        return shift;
    }
}
