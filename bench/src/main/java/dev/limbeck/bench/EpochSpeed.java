package dev.limbeck.bench;

import dev.limbeck.data.Batch;
import dev.limbeck.data.BatchStream;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.tensor.Scope;
import dev.limbeck.train.Learner;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * Compare epochs over a folder of images, from the second on, with the same steps on a batch that is there already:
 * the share of the model's speed that the data pipeline leaves. The two are run in turn. Prints a JSON line for each
 * pair and the median share.
 */
public final class EpochSpeed {
    private EpochSpeed() {}

    /** Run the benchmark; options are {@code --data --arch --batch --images --pairs --size}. */
    public static void main(String... arguments) {
        Options options = Options.of(
                Map.of(
                        "data", "",
                        "arch", "cifar-resnet20",
                        "batch", "128",
                        "images", "0",
                        "pairs", "3",
                        "size", "32"),
                arguments);
        Architecture architecture = Zoo.byName(options.text("arch"));
        try (ImageData images = ImageData.builder(Path.of(options.text("data")))
                        .imageSize(options.number("size"))
                        .flip()
                        .padAndCrop(4)
                        .batchSize(options.number("batch"))
                        .validFraction(0)
                        .trainLimit(options.number("images"))
                        .build();
                RepeatedBatch repeated = repeat(images);
                Learner onFolder =
                        Learner.builder(images, architecture).device("cpu").build();
                Learner onBatch =
                        Learner.builder(repeated, architecture).device("cpu").build()) {
            epoch(onFolder);
            List<Double> shares = new ArrayList<>();
            for (int pair = 0; pair < options.number("pairs"); pair++) {
                double folder = epoch(onFolder);
                double batch = epoch(onBatch);
                shares.add(folder / batch);
                System.out.printf(
                        Locale.ROOT,
                        "{\"epoch_images_per_s\": %.0f, \"step_images_per_s\": %.0f, \"share\": %.3f}%n",
                        folder,
                        batch,
                        folder / batch);
            }
            System.out.printf(Locale.ROOT, "{\"median_share\": %.3f}%n", Medians.of(shares));
        }
    }

    private static double epoch(Learner learner) {
        return learner.fit(1, 1e-3).get(0).trainImagesPerSecond();
    }

    private static RepeatedBatch repeat(ImageData images) {
        try (Scope scope = Scope.open();
                BatchStream stream = images.train(0)) {
            Batch batch = stream.next();
            if (batch == null) throw new IllegalStateException("the folder gives no batch");
            // clone() keeps the layout that the pipeline hands out.
            Tensor own = batch.input().clone();
            return new RepeatedBatch(own, images.classNames().size(), stream.batches());
        }
    }
}
