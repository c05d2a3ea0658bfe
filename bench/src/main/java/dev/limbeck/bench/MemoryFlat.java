package dev.limbeck.bench;

import dev.limbeck.data.image.Augmentation;
import dev.limbeck.data.image.Datasets;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.distill.FeaturePair;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.distill.cache.CachedTeacher;
import dev.limbeck.distill.loss.AttentionTransfer;
import dev.limbeck.distill.teacher.ModuleTeacher;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Callback;
import dev.limbeck.train.Learner;
import dev.limbeck.train.Mixup;
import dev.limbeck.train.TrainStep;
import dev.limbeck.zoo.Zoo;
import java.util.Locale;
import java.util.Map;

/**
 * Check that memory stays constant over many distillation steps of small networks: CIFAR ResNet-20 teaches ResNet-8 on
 * 32×32 images. Prints a JSON line after a tenth of the steps (at least 200) and at the end. The counted bytes must be
 * equal, and the resident size may differ by 2 %, with a heap of fixed size. Exits with 1 otherwise.
 */
public final class MemoryFlat {
    private static final int CLASSES = 10;
    private static final int FIRST = 200;
    private static final int BATCHES = 10;
    private static final double ALLOWED = 0.02;

    private MemoryFlat() {}

    private record Reading(long counted, long resident) {}

    private static void collect() {
        try {
            System.gc();
            Thread.sleep(200);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Run the benchmark; options are {@code --steps --batch --kind}. A kind is {@code plain}, {@code features} (with
     * mixup), or {@code kept} (cached outputs).
     */
    public static void main(String... arguments) {
        Options options = Options.of(Map.of("steps", "2000", "batch", "32", "kind", "plain"), arguments);
        int steps = options.number("steps");
        // The JVM's own memory grows while it still compiles hot code.
        int first = Math.max(FIRST, steps / 10);
        Reading[] readings = new Reading[2];
        Callback watch = new Callback() {
            private int seen;

            @Override
            public void afterBatch(TrainStep step) {
                int done = ++seen;
                if (done != first && done != steps) return;
                // Otherwise the count would depend on when the garbage collector last ran.
                collect();
                Reading reading = new Reading(Engine.countedBytes(), Engine.residentBytes());
                readings[done == first ? 0 : 1] = reading;
                System.out.printf(
                        Locale.ROOT,
                        "{\"step\": %d, \"counted_bytes\": %d, \"resident_mib\": %.1f}%n",
                        done,
                        reading.counted,
                        reading.resident / 1048576.0);
            }
        };
        train(options, watch);
        double growth = (double) readings[1].resident / readings[0].resident - 1;
        boolean flat = readings[0].counted == readings[1].counted && Math.abs(growth) <= ALLOWED;
        System.out.printf(
                Locale.ROOT,
                "{\"counted_growth\": %d, \"resident_growth_percent\": %.2f, \"flat\": %b}%n",
                readings[1].counted - readings[0].counted,
                growth * 100,
                flat);
        if (!flat) System.exit(1);
    }

    private static void train(Options options, Callback watch) {
        String kind = options.text("kind");
        int steps = options.number("steps");
        int batch = options.number("batch");
        if (kind.equals("plain")) {
            try (RepeatedBatch data =
                            new RepeatedBatch(Tensors.channelsLast(Tensors.randn(batch, 3, 32, 32)), CLASSES, steps);
                    Module teacher = Zoo.CIFAR_RESNET20.create(CLASSES);
                    Learner student = Learner.builder(data, Zoo.CIFAR_RESNET8)
                            .device("cpu")
                            .build()) {
                student.fit(1, 1e-3, KnowledgeDistillation.from(teacher).build(), watch);
            }
            return;
        }
        try (ImageData data = ImageData.builder(Datasets.shapes(BATCHES * batch, batch, batch))
                        .imageSize(16)
                        // Cached outputs are found again if an image looks the same in each epoch.
                        .augmentation(defaults -> kind.equals("kept") ? Augmentation.none() : defaults)
                        .batchSize(batch)
                        .build();
                Module teacher = Zoo.CIFAR_RESNET14.create(data.classNames().size());
                Learner student =
                        Learner.builder(data, Zoo.CIFAR_RESNET8).device("cpu").build()) {
            int epochs = steps / BATCHES;
            if (kind.equals("kept")) {
                CachedTeacher kept = CachedTeacher.inMemory(ModuleTeacher.of(teacher, data.classNames()), 1 << 26);
                student.fit(epochs, 1e-3, KnowledgeDistillation.from(kept).build(), watch);
            } else {
                FeaturePair pair = FeaturePair.of("layer3", "layer3").loss(new AttentionTransfer());
                Callback by = KnowledgeDistillation.from(teacher).pair(pair).build();
                student.fit(epochs, 1e-3, by, Mixup.blend(0.4), watch);
            }
        }
    }
}
