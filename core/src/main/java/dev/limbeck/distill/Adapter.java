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

/** Choose the layers that bring the student's features to the teacher's channels. They are trained, and no part of the student. */
public enum Adapter {
    /** A 1×1 convolution for maps or a linear layer for vectors, where the loss needs equal channels and they differ. */
    AUTO,
    /** A 1×1 convolution with bias, for maps. */
    CONV1X1,
    /** A linear layer, for vectors. */
    LINEAR,
    /** A 3×3 convolution and batch norm for maps; two linear layers with a ReLU between for vectors. */
    REGRESSOR,
    /** Nothing. */
    NONE;

    /**
     * Make the layers.
     *
     * @param student shape of the features without the rows
     * @param channels those of the teacher
     * @return null if nothing is needed
     * @throws LimbeckException if this kind does not join such features
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
        return new LimbeckException("adapter " + this + " does not join features of " + Tensors.shapeText(student)
                + "; use adapter " + better + " or auto");
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
