package dev.limbeck.cli;

import dev.limbeck.data.Split;
import dev.limbeck.data.image.Datasets;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.distill.loss.SoftTarget;
import dev.limbeck.evaluate.Latency;
import dev.limbeck.tensor.Scope;
import dev.limbeck.train.Callback;
import dev.limbeck.train.EpochTable;
import dev.limbeck.train.Learner;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Do the main job on drawn shapes: a teacher, a student alone, and the same student distilled. */
public final class Demo {
    /**
     * Hold what one demonstration does. Both students see the same images in the same order from the same initial
     * weights for the same number of steps.
     *
     * @param teacherImages training images of the teacher
     * @param studentImages training images of both students, the first of the teacher's
     */
    public record Settings(
            Architecture teacher,
            Architecture student,
            int teacherImages,
            int studentImages,
            int testImages,
            int teacherEpochs,
            int studentEpochs,
            double teacherRate,
            double studentRate,
            double temperature,
            double weight) {
        /** Return what {@code limbeck demo} does. */
        public static Settings full() {
            return new Settings(Zoo.CIFAR_RESNET14, Zoo.CIFAR_RESNET8, 4500, 1200, 2000, 7, 15, 1e-2, 1e-2, 4, 0.9);
        }

        /** Return what {@code limbeck demo --quick} does. */
        public static Settings quick() {
            return new Settings(Zoo.CIFAR_RESNET14, Zoo.CIFAR_RESNET8, 2200, 700, 500, 4, 6, 1e-2, 1e-2, 4, 0.9);
        }
    }

    /** Hold what one of the three networks achieved. */
    public record Outcome(
            String architecture, double accuracy, long parameters, long bytes, double p50Millis, double seconds) {}

    /** Hold the three outcomes of a seed. */
    public record Result(long seed, Outcome teacher, Outcome alone, Outcome distilled) {
        /** Return the share of the teacher–student gap that distillation closed; NaN without a gap. */
        public double gapClosed() {
            double gap = teacher.accuracy - alone.accuracy;
            return gap > 0 ? (distilled.accuracy - alone.accuracy) / gap : Double.NaN;
        }
    }

    private static final int BATCH = 64;
    private static final int LATENCY_RUNS = 100;

    private final Settings settings;
    private final Consumer<String> lines;
    private final List<Callback> watchers;

    /** Prepare a demonstration that tells its progress to {@code lines} and {@code watchers}. */
    public Demo(Settings settings, Consumer<String> lines, List<Callback> watchers) {
        this.settings = settings;
        this.lines = lines;
        this.watchers = List.copyOf(watchers);
    }

    /** Run it with a seed, which decides the weights and the order; the images are always the same. */
    public Result run(long seed) {
        try (ImageData many = shapes(settings.teacherImages, seed);
                ImageData few = shapes(settings.studentImages, seed);
                Learner teacher =
                        Learner.builder(many, settings.teacher).seed(seed).build();
                Learner alone =
                        Learner.builder(few, settings.student).seed(seed).build();
                Learner distilled =
                        Learner.builder(few, settings.student).seed(seed).build()) {
            lines.accept(Texts.format("teacher: %s on %,d drawn shapes", settings.teacher, settings.teacherImages));
            double taughtIn = train(teacher, settings.teacherEpochs, settings.teacherRate);
            lines.accept(Texts.format("student alone: %s on %,d of them", settings.student, settings.studentImages));
            double aloneIn = train(alone, settings.studentEpochs, settings.studentRate);
            lines.accept("student distilled: T = %s, weight %s".formatted(settings.temperature, settings.weight));
            double distilledIn = train(
                    distilled,
                    settings.studentEpochs,
                    settings.studentRate,
                    KnowledgeDistillation.from(teacher)
                            .weight(settings.weight)
                            .loss(new SoftTarget(settings.temperature))
                            .build());
            return new Result(
                    seed, outcome(teacher, taughtIn), outcome(alone, aloneIn), outcome(distilled, distilledIn));
        }
    }

    private ImageData shapes(int train, long seed) {
        return ImageData.builder(Datasets.shapes(train, 0, settings.testImages))
                .validFraction(0)
                .batchSize(BATCH)
                .seed(seed)
                .build();
    }

    /** Train with one cycle and return the seconds it took. */
    private double train(Learner learner, int epochs, double rate, Callback... callbacks) {
        long start = System.nanoTime();
        List<Callback> all = new ArrayList<>(List.of(callbacks));
        all.add(new EpochTable(lines));
        all.addAll(watchers);
        learner.fitOneCycle(epochs, rate, all.toArray(Callback[]::new));
        return (System.nanoTime() - start) / 1e9;
    }

    private static Outcome outcome(Learner learner, double seconds) {
        try (Scope scope = Scope.open()) {
            return new Outcome(
                    learner.architecture(),
                    learner.validate(Split.TEST).metric("accuracy"),
                    learner.model().parameterCount(),
                    sizeOnDisk(learner),
                    Latency.measure(learner.model(), LATENCY_RUNS, 1, 3, 32, 32).p50(),
                    seconds);
        }
    }

    private static long sizeOnDisk(Learner learner) {
        try {
            Path file = Files.createTempFile("limbeck-demo", ".safetensors");
            try {
                learner.save(file);
                return Files.size(file);
            } finally {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Return the three outcomes as the command's JSON has them. */
    static Map<String, Object> json(Result result) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("seed", result.seed);
        json.put("teacher", result.teacher);
        json.put("alone", result.alone);
        json.put("distilled", result.distilled);
        json.put("gap_closed", Double.isNaN(result.gapClosed()) ? null : result.gapClosed());
        return json;
    }
}
