package dev.limbeck.distill;

import dev.limbeck.LimbeckException;
import dev.limbeck.distill.loss.Projections;
import dev.limbeck.nn.BatchNorm2d;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.ReLU;
import dev.limbeck.nn.Sequential;
import dev.limbeck.tensor.Tensors;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Select the trainable projection from the student's channels to the teacher's. It is not part of the student. */
public enum Adapter {
    /**
     * If the loss needs equal channels and they differ: a 1×1 convolution for maps, a linear layer for vectors.
     * Otherwise none.
     */
    AUTO,
    /** A 1×1 convolution with bias, for maps. */
    CONV1X1,
    /** A linear layer, for vectors. */
    LINEAR,
    /** For maps, a 3×3 convolution and batch norm. For vectors, two linear layers with a ReLU in between. */
    REGRESSOR,
    /** No projection. */
    NONE;

    /**
     * Create the layers.
     *
     * @param student feature shape of the student, without the batch dimension
     * @param channels channels of the teacher's features
     * @return the layers, or null if none are needed
     * @throws LimbeckException if this kind does not fit such features
     */
    @Nullable
    Module make(long[] student, long channels, boolean needed) {
        boolean map = student.length == 3;
        return switch (this) {
            case NONE -> null;
            case AUTO ->
                !needed || student[0] == channels
                        ? null
                        : map ? Projections.conv(student[0], channels, 1) : new Linear(student[0], channels);
            case CONV1X1 -> {
                if (!map) throw wrongKind(student, "linear");
                yield Projections.conv(student[0], channels, 1);
            }
            case LINEAR -> {
                if (map) throw wrongKind(student, "conv1x1");
                yield new Linear(student[0], channels);
            }
            case REGRESSOR ->
                map
                        ? new Sequential(Projections.conv(student[0], channels, 3), new BatchNorm2d(channels))
                        : new Sequential(new Linear(student[0], channels), new ReLU(), new Linear(channels, channels));
        };
    }

    private LimbeckException wrongKind(long[] student, String better) {
        return new LimbeckException("adapter " + this + " does not fit features of " + Tensors.shapeText(student)
                + "; use adapter " + better + " or auto");
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
