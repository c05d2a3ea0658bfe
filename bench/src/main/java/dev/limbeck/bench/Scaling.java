package dev.limbeck.bench;

import dev.limbeck.data.image.Datasets;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Learner;
import dev.limbeck.zoo.Zoo;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import org.apache.commons.math3.stat.regression.SimpleRegression;

/**
 * Measure how the cost of training grows with batch size, image size, network width and number of images, in the
 * default precision. Prints the seconds and the exponent p of cost ∝ nᵖ, fitted by least squares over the logarithms.
 */
public final class Scaling {
    private static final int CLASSES = 10;

    private Scaling() {}

    /** Run the benchmark; options are {@code --steps --most-images}. */
    public static void main(String... arguments) {
        Options options = Options.of(Map.of("steps", "5", "most-images", "100000"), arguments);
        int steps = options.number("steps");
        System.out.println("| what grows | unit of cost | values and seconds | exponent |\n|---|---|---|---|");
        row(
                "batch, ResNet-18 at 64×64",
                "step",
                batch -> step("resnet18", batch, 64, steps),
                16,
                32,
                64,
                128,
                256,
                512);
        row("image side, ResNet-18, batch 16", "step", side -> step("resnet18", 16, side, steps), 32, 64, 128, 224);
        row("width, 4 convolutions at 32×32, batch 64", "step", times -> step(cnn(times), 64, 32, steps), 1, 2, 3, 4);
        int[] counts = Arrays.stream(new int[] {1_000, 10_000, 100_000})
                .filter(count -> count <= options.number("most-images"))
                .toArray();
        row("images of 32×32, batch 128, small CNN", "epoch", Scaling::epoch, counts);
    }

    private static String cnn(int times) {
        return "small-cnn-" + 32 * times + "-" + 64 * times + "-" + 128 * times + "-" + 128 * times;
    }

    private static void row(String what, String unit, IntToDoubleFunction seconds, int... values) {
        SimpleRegression line = new SimpleRegression();
        StringBuilder measured = new StringBuilder();
        for (int value : values) {
            double cost = seconds.applyAsDouble(value);
            line.addData(Math.log(value), Math.log(cost));
            measured.append(String.format(Locale.ROOT, "%d: %.3f; ", value, cost));
        }
        System.out.printf(Locale.ROOT, "| %s | %s | %s | %.2f |%n", what, unit, measured, line.getSlope());
    }

    private static double step(String architecture, int batch, int side, int steps) {
        StepTimes times = new StepTimes(2);
        try (RepeatedBatch data = new RepeatedBatch(
                        Tensors.channelsLast(Tensors.randn(batch, 3, side, side)), CLASSES, steps + 2);
                Learner learner = Learner.builder(data, Zoo.byName(architecture))
                        .device("cpu")
                        .build()) {
            learner.fit(1, 1e-3, times);
        }
        return times.median();
    }

    /** Return the seconds of the second epoch; the first creates the images. */
    private static double epoch(int images) {
        try (ImageData data = ImageData.builder(Datasets.shapes(images, 8, 8))
                        .batchSize(128)
                        .hflip()
                        .padAndCrop(4)
                        .build();
                Learner learner = Learner.builder(data, Zoo.byName("small-cnn-8-16"))
                        .device("cpu")
                        .build()) {
            learner.fit(1, 1e-3);
            return learner.fit(1, 1e-3).get(0).seconds();
        }
    }
}
