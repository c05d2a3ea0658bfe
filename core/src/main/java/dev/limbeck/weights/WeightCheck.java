package dev.limbeck.weights;

import dev.limbeck.LimbeckException;
import dev.limbeck.io.IoErrors;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Scope;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * Reject weights that no training produces: non-finite, absurdly large, or a negative variance. A network would output
 * NaN, or one class for everything. Only the network's tensors are checked; a file may contain others, such as masks.
 */
public final class WeightCheck {
    /**
     * The largest that is believed. Four layers of such weights overflow float32 (3.4e38), and published networks, with the
     * variances of their batch norms, stay below 1e6; but a flipped bit of the exponent gives 1e17 or more.
     */
    static final double LARGEST = 1e10;

    private static final String VARIANCE = "running_var";

    private WeightCheck() {}

    /**
     * Check tensors that a network computes with, those of floating point.
     *
     * @param file that they were read from
     * @throws LimbeckException naming the first that is not sound
     */
    public static void require(Path file, Map<String, Tensor> tensors) {
        tensors.forEach((name, tensor) -> {
            if (!DType.of(tensor).isFloatingPoint() || tensor.numel() == 0) return;
            double least;
            double most;
            try (Scope scope = Scope.open()) {
                // Both are NaN where any number is.
                least = tensor.min().item_double();
                most = tensor.max().item_double();
            }
            double largest = Math.max(Math.abs(least), Math.abs(most));
            if (!(largest <= LARGEST)) throw unsound(file, name, Math.abs(least) >= Math.abs(most) ? least : most, "");
            if (name.endsWith(VARIANCE) && least < 0) throw unsound(file, name, least, ", and is a variance");
        });
    }

    private static LimbeckException unsound(Path file, String name, double value, String more) {
        return IoErrors.in(
                file,
                String.format(
                        Locale.ROOT,
                        "tensor '%s' holds %s%s; expected numbers of at most %.0e; the file is damaged or its training"
                                + " diverged, so copy it again or take another",
                        IoErrors.printable(name),
                        value,
                        more,
                        LARGEST));
    }
}
