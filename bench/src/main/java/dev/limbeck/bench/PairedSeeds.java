package dev.limbeck.bench;

import dev.limbeck.data.Split;
import dev.limbeck.data.image.Datasets;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.distill.loss.SoftTarget;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Ops;
import dev.limbeck.train.Callback;
import dev.limbeck.train.EpochTable;
import dev.limbeck.train.Evaluator;
import dev.limbeck.train.Learner;
import dev.limbeck.train.Metric;
import dev.limbeck.train.SavedModel;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/**
 * Train a student alone and distilled for several seeds on real images, and print the test accuracies. Both students of
 * a seed have the same images in the same order, the same initial weights and the same number of steps.
 */
public final class PairedSeeds implements Runnable {
    @Option(names = "--data", required = true)
    String data = "";

    @Option(names = "--teacher", required = true)
    Path teacher = Path.of("");

    @Option(names = "--teacher-arch")
    @Nullable
    String teacherArch;

    @Option(names = "--arch", required = true)
    String arch = "";

    @Option(names = "--epochs", required = true)
    int epochs;

    @Option(names = "--lr", required = true)
    double rate;

    @Option(names = "--seeds", defaultValue = "3")
    int seeds;

    @Option(names = "--batch-size", defaultValue = "128")
    int batchSize;

    @Option(names = "--image-size", defaultValue = "32")
    int imageSize;

    @Option(names = "--train-limit")
    int trainLimit;

    @Option(names = "--augment", description = "Flip, and crop from a border of 4.")
    boolean augment;

    @Option(names = "-T", defaultValue = "3")
    double temperature;

    @Option(names = "--weight", defaultValue = "0.5")
    double weight;

    public static void main(String[] args) {
        System.exit(new CommandLine(new PairedSeeds()).execute(args));
    }

    @Override
    public void run() {
        try (SavedModel saved = SavedModel.open(teacher, teacherArch == null ? null : Zoo.byName(teacherArch))) {
            PairedTable table = new PairedTable(System.out);
            for (int seed = 0; seed < seeds; seed++) {
                long start = System.nanoTime();
                try (ImageData images = open(seed)) {
                    double taught = Evaluator.run(
                                    saved.module(),
                                    images,
                                    Split.TEST,
                                    Engine.device("cpu"),
                                    List.of(Metric.accuracy()),
                                    Ops::crossEntropy)
                            .metric("accuracy");
                    double alone = student(images, seed, List.of());
                    double distilled = student(
                            images,
                            seed,
                            List.of(KnowledgeDistillation.from(saved)
                                    .weight(weight)
                                    .loss(new SoftTarget(temperature))
                                    .build()));
                    table.add(seed, taught, alone, distilled, (System.nanoTime() - start) / 1e9);
                }
            }
            table.finish();
        }
    }

    private ImageData open(long seed) {
        return Datasets.open(data)
                .imageSize(imageSize)
                .batchSize(batchSize)
                .validFraction(0)
                .trainLimit(trainLimit)
                .flip(augment)
                .padAndCrop(augment ? 4 : 0)
                .seed(seed)
                .build();
    }

    private double student(ImageData images, long seed, List<Callback> callbacks) {
        List<Callback> all = new ArrayList<>(callbacks);
        all.add(new EpochTable(System.err::println));
        try (Learner learner =
                Learner.builder(images, Zoo.byName(arch)).seed(seed).build()) {
            learner.fitOneCycle(epochs, rate, all.toArray(Callback[]::new));
            return learner.validate(Split.TEST).metric("accuracy");
        }
    }
}
