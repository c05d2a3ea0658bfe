package dev.limbeck.distill.teacher;

import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Find the inputs that a model accepts after it failed on one. Black images of common shapes are tried. */
final class InputProbe {
    /** Image sizes of published networks. */
    private static final List<Long> SIDES = List.of(
            32L, 224L, 28L, 64L, 96L, 128L, 160L, 192L, 227L, 240L, 256L, 260L, 288L, 299L, 300L, 320L, 380L, 384L,
            448L, 480L, 512L);

    private static final int MOST_ROWS = 16;

    private final ModelRuntime.Running running;
    private final ModelRole role;
    private final boolean channelsLast;

    InputProbe(ModelRuntime.Running running, ModelRole role, boolean channelsLast) {
        this.running = running;
        this.role = role;
        this.channelsLast = channelsLast;
    }

    /**
     * Return which input the model accepts, and what to do; null if none was found.
     *
     * @param failed shape of the rejected input, rows×3×H×W or rows×H×W×3
     * @return a message, or null if every tried input fails
     */
    @Nullable
    String found(long... failed) {
        long rows = failed[0];
        long height = failed[channelsLast ? 1 : 2];
        long width = failed[channelsLast ? 2 : 3];
        if (takes(rows, height, width, !channelsLast)) {
            return "it takes " + (channelsLast ? "rows×3×height×width" : "rows×height×width×3") + "; set it: "
                    + role.layout(!channelsLast);
        }
        for (long count : LongStream.concat(
                        IntStream.rangeClosed(1, MOST_ROWS).asLongStream(),
                        LongStream.of(20, 24, 32, 64, 100, 128, 256))
                .toArray()) {
            if (count != rows && takes(count, height, width, channelsLast)) {
                return "it takes " + (count == 1 ? "one image at a time" : count + " images at a time")
                        + "; export it with a dynamic batch dimension (in a traced model, look for sizes in reshape or view)";
            }
        }
        for (long side : SIDES) {
            if ((side != height || side != width) && takes(rows, side, side, channelsLast)) {
                return "it takes images of " + side + "×" + side + ", found " + height + "×" + width + "; set it: "
                        + role.imageSize(side);
            }
        }
        return null;
    }

    private boolean takes(long rows, long height, long width, boolean last) {
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            Tensor input = last
                    ? Tensors.zeros(DType.FLOAT32, rows, height, width, 3)
                    : Tensors.zeros(DType.FLOAT32, rows, 3, height, width);
            Tensor answer = running.forward(input);
            return answer.dim() >= 1 && answer.size(0) == rows;
        } catch (RuntimeException e) {
            return false; // only success or failure matters
        }
    }
}
