package dev.limbeck.bench;

import com.sun.management.ThreadMXBean;
import dev.limbeck.data.Batch;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.tensor.Scope;
import dev.limbeck.train.Learner;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import javax.imageio.ImageIO;
import org.apache.commons.io.FileUtils;
import org.bytedeco.pytorch.Tensor;

/**
 * Compare epochs over a folder of images, from the second on, with the same number of steps on a batch in memory: the
 * fraction of the model's speed that remains with the data pipeline. The two alternate. Without a folder, photographs
 * of 500×375 are created first. Prints a JSON line for each pair and the median fraction.
 */
public final class EpochSpeed {
    private EpochSpeed() {}

    /** Run the benchmark; options are {@code --data --arch --batch --images --pairs --size}. */
    public static void main(String... arguments) throws IOException {
        Options options = Options.of(
                Map.of(
                        "data", "",
                        "arch", "cifar-resnet20",
                        "batch", "128",
                        "images", "0",
                        "pairs", "3",
                        "size", "32"),
                arguments);
        if (!options.text("data").isEmpty()) {
            measure(Path.of(options.text("data")), options);
            return;
        }
        Path made = Files.createTempDirectory("photographs");
        try {
            photographs(made, options.number("images"));
            measure(made, options);
        } finally {
            FileUtils.deleteDirectory(made.toFile());
        }
    }

    /** Create JPEG files of 500×375 in two classes, detailed enough to take as long to decode as photographs. */
    private static void photographs(Path folder, int count) throws IOException {
        Random random = new Random(1);
        BufferedImage image = new BufferedImage(500, 375, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < count; i++) {
            Graphics2D pen = image.createGraphics();
            pen.setPaint(new GradientPaint(0, 0, color(random), 500, 375, color(random)));
            pen.fillRect(0, 0, 500, 375);
            for (int k = 0; k < 300; k++) {
                pen.setColor(color(random));
                pen.fillOval(random.nextInt(500), random.nextInt(375), 2 + random.nextInt(40), 2 + random.nextInt(40));
            }
            pen.dispose();
            Path file = folder.resolve("class" + i % 2).resolve(i + ".jpg");
            Files.createDirectories(file.getParent());
            ImageIO.write(image, "jpg", file.toFile());
        }
    }

    private static Color color(Random random) {
        return new Color(random.nextInt(1 << 24));
    }

    private static void measure(Path folder, Options options) {
        Architecture architecture = Zoo.byName(options.text("arch"));
        try (ImageData images = ImageData.builder(folder)
                        .imageSize(options.number("size"))
                        .hflip()
                        .padAndCrop(4)
                        .batchSize(options.number("batch"))
                        .validFraction(0)
                        .maxTrainSamples(options.number("images"))
                        .build();
                RepeatedBatch repeated = repeat(images);
                Learner onFolder =
                        Learner.builder(images, architecture).device("cpu").build();
                Learner onBatch =
                        Learner.builder(repeated, architecture).device("cpu").build()) {
            epoch(onFolder);
            List<Double> shares = new ArrayList<>();
            for (int pair = 0; pair < options.number("pairs"); pair++) {
                long before = allocated();
                double files = epoch(onFolder);
                long between = allocated();
                double batch = epoch(onBatch);
                double steps = (double) repeated.size(Split.TRAIN) / repeated.batchSize();
                shares.add(files / batch);
                System.out.printf(
                        Locale.ROOT,
                        "{\"epoch_images_per_s\": %.0f, \"step_images_per_s\": %.0f, \"share\": %.3f, "
                                + "\"java_kb_a_step\": %.1f, \"java_kb_a_step_only\": %.1f}%n",
                        files,
                        batch,
                        files / batch,
                        (between - before) / steps / 1024,
                        (allocated() - between) / steps / 1024);
            }
            System.out.printf(Locale.ROOT, "{\"median_share\": %.3f}%n", Medians.of(shares));
        }
    }

    /** Return the bytes of Java objects allocated so far by all live threads. */
    private static long allocated() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        return LongStream.of(threads.getThreadAllocatedBytes(threads.getAllThreadIds()))
                .filter(bytes -> bytes > 0)
                .sum();
    }

    private static double epoch(Learner learner) {
        return learner.fit(1, 1e-3).get(0).trainRowsPerSecond();
    }

    private static RepeatedBatch repeat(ImageData images) {
        try (Scope scope = Scope.open();
                DataLoader stream = images.train(0)) {
            Batch batch = stream.next();
            if (batch == null) throw new IllegalStateException("the folder gives no batch");
            // clone() keeps the memory layout of the pipeline's batches.
            Tensor own = batch.input().clone();
            return new RepeatedBatch(own, images.classNames().size(), stream.batches());
        }
    }
}
