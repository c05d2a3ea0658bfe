package dev.limbeck;

import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.GivenBatches;
import java.util.Random;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/**
 * Provide a problem that a tiny network learns in seconds: each class is a pattern of 3×8×8 numbers with added noise.
 */
public final class Toy {
    public static final int CLASSES = 3;

    private Toy() {}

    /** Return data with a validation split as large as one batch. */
    public static GivenBatches data(int batches, int rows) {
        return data(batches, rows, 1);
    }

    /** Return data with noise of the given strength. */
    public static GivenBatches data(int batches, int rows, double noise) {
        return new GivenBatches(batches, rows, CLASSES, batch -> images(batch, rows, noise), b -> labels(b, rows), true)
                .shaped(3, 8, 8);
    }

    /** Return the images of a batch, generated from the batch's number alone. */
    public static Tensor images(int batch, int rows, double noise) {
        Random random = new Random(batch);
        long[] labels = labels(batch, rows);
        float[] values = new float[rows * 192];
        for (int i = 0; i < values.length; i++) {
            int inside = i % 192;
            values[i] = (float) (Math.sin((0.2 + 0.25 * labels[i / 192]) * inside) + noise * random.nextGaussian());
        }
        return Tensors.of(values, rows, 3, 8, 8);
    }

    public static long[] labels(int batch, int rows) {
        return IntStream.range(0, rows)
                .mapToLong(row -> (2L * row + batch) % CLASSES)
                .toArray();
    }
}
