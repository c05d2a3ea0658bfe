package dev.limbeck.bench;

import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Callback;
import dev.limbeck.train.Learner;
import dev.limbeck.train.Step;
import dev.limbeck.zoo.Zoo;
import java.util.Locale;
import java.util.Map;

/**
 * Watch memory over many distillation steps of small networks: CIFAR ResNet-20 teaches ResNet-8 on 32×32 images. Prints
 * a JSON line at step 200 and at the end; the counted bytes must be equal and the resident size may differ by 2 %, at a
 * heap of fixed size. Ends with status 1 otherwise.
 */
public final class MemoryFlat {
    private static final int CLASSES = 10;
    private static final int FIRST = 200;
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

    /** Run the benchmark; options are {@code --steps --batch}. */
    public static void main(String... arguments) {
        Options options = Options.of(Map.of("steps", "2000", "batch", "32"), arguments);
        int steps = options.number("steps");
        Reading[] readings = new Reading[2];
        Callback watch = new Callback() {
            @Override
            public void afterBatch(Step step) {
                int done = step.index() + 1;
                if (done != FIRST && done != steps) return;
                // Without it the count depends on when the collector last looked.
                collect();
                Reading reading = new Reading(Engine.countedBytes(), Engine.residentBytes());
                readings[done == FIRST ? 0 : 1] = reading;
                System.out.printf(
                        Locale.ROOT,
                        "{\"step\": %d, \"counted_bytes\": %d, \"resident_mib\": %.1f}%n",
                        done,
                        reading.counted,
                        reading.resident / 1048576.0);
            }
        };
        try (RepeatedBatch data = new RepeatedBatch(
                        Tensors.channelsLast(Tensors.randn(options.number("batch"), 3, 32, 32)), CLASSES, steps);
                Module teacher = Zoo.CIFAR_RESNET20.create(CLASSES);
                Learner student =
                        Learner.builder(data, Zoo.CIFAR_RESNET8).device("cpu").build()) {
            student.fit(1, 1e-3, KnowledgeDistillation.from(teacher).build(), watch);
        }
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
}
