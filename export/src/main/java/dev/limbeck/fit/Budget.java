package dev.limbeck.fit;

import dev.limbeck.LimbeckException;
import dev.limbeck.Settings;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Hold what a student may cost. At least one limit is set.
 *
 * @param millis largest median latency of one row, in milliseconds; null for any
 * @param megabytes largest ONNX file, in 10⁶ bytes; null for any
 */
public record Budget(@Nullable Double millis, @Nullable Double megabytes) {
    private static final double MEGA = 1e6;

    public Budget {
        if (millis == null && megabytes == null) {
            throw new LimbeckException("found no budget; name one (--max-ms, --max-mb)");
        }
        if (millis != null) Settings.positive("max-ms", millis);
        if (megabytes != null) Settings.positive("max-mb", megabytes);
    }

    /** Return whether a network is within all limits. */
    public boolean allows(Cost cost) {
        return excess(cost) <= 1;
    }

    /** Return the costs within all limits, the cheapest first. */
    List<Cost> allowed(List<Cost> costs) {
        return costs.stream()
                .filter(this::allows)
                .sorted(Comparator.comparingDouble(this::excess)
                        .thenComparingDouble(Cost::millis)
                        .thenComparingLong(Cost::bytes))
                .toList();
    }

    /** Return whether a file is within its limit, whatever its network's latency. */
    boolean allows(long bytes) {
        return megabytes == null || bytes <= megabytes * MEGA;
    }

    /** Return the largest ratio of a cost to its limit. */
    double excess(Cost cost) {
        double slow = millis == null ? 0 : cost.millis() / millis;
        double large = megabytes == null ? 0 : cost.bytes() / (megabytes * MEGA);
        // A latency that was not measured is NaN, and the file is too large then.
        return Double.isNaN(slow) ? large : Math.max(slow, large);
    }

    @Override
    public String toString() {
        List<String> limits = new ArrayList<>();
        if (millis != null) limits.add(plain(millis) + " ms");
        if (megabytes != null) limits.add(plain(megabytes) + " MB");
        return String.join(" and ", limits);
    }

    private static String plain(double number) {
        return BigDecimal.valueOf(number).stripTrailingZeros().toPlainString();
    }
}
