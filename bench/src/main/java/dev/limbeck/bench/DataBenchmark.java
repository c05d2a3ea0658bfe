package dev.limbeck.bench;

import dev.limbeck.data.Batch;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.image.Datasets;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.data.image.ImageTensors;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.image.Resize;
import dev.limbeck.image.RgbImage;
import dev.limbeck.tensor.Scope;
import java.util.Random;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/** Time the input pipeline: resizing, normalizing, and loading batches of augmented images from memory. */
public class DataBenchmark extends Microseconds {
    private static final int IMAGES = 2048;

    private RgbImage photo;
    private ImagePreprocessing preprocessing;
    private ImageData data;
    private DataLoader batches;
    private int epoch;

    /** Create a photo of random pixels, and let the loader read its images once. */
    @Setup
    public void draw() {
        byte[] pixels = new byte[500 * 375 * 3];
        new Random(1).nextBytes(pixels);
        photo = new RgbImage(500, 375, pixels);
        data = ImageData.builder(Datasets.shapes(IMAGES, 8, 8))
                .batchSize(64)
                .hflip()
                .padAndCrop(4)
                .build();
        preprocessing = data.preprocessing();
        try (DataLoader first = data.train(0);
                Scope scope = Scope.open()) {
            for (int i = 0; i < first.batches(); i++) first.next();
        }
        batches = data.train(++epoch);
    }

    /** Resize a photo of 500×375 to 64×64. */
    @Benchmark
    public RgbImage resize() {
        return Resize.SQUISH.apply(photo, 64, 64);
    }

    /** Resize and normalize a photo as for a prediction. */
    @Benchmark
    public long prepare() {
        try (Scope scope = Scope.open()) {
            return ImageTensors.of(preprocessing, photo).only().numel();
        }
    }

    /** Load the next batch of 64 images of 32×32 from the worker threads, without other load. */
    @Benchmark
    public int nextBatch() {
        try (Scope scope = Scope.open()) {
            Batch batch = batches.next();
            if (batch == null) {
                batches.close();
                batches = data.train(++epoch);
                batch = batches.next();
            }
            if (batch == null) throw new IllegalStateException("the loader gives no batch");
            return batch.size();
        }
    }

    /** Free all resources. */
    @TearDown
    public void free() {
        batches.close();
        data.close();
    }
}
