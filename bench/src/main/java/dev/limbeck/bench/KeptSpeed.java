package dev.limbeck.bench;

import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.image.Datasets;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.distill.cache.CachedTeacher;
import dev.limbeck.distill.cache.Encoding;
import dev.limbeck.distill.loss.SoftTarget;
import dev.limbeck.distill.teacher.ModuleTeacher;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.distill.teacher.TeacherSession;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Scope;
import dev.limbeck.train.Callback;
import dev.limbeck.train.Learner;
import dev.limbeck.train.Mixup;
import dev.limbeck.zoo.Zoo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.commons.io.FileUtils;

/**
 * Compare the steps of a student that learns from outputs cached in a folder with those of the same student without a
 * teacher, in alternating epochs. With {@code --mixup 1}, only the rows of the first one are mixed, as cached views. Prints a JSON line per pair, then the median of the ratios and the fraction of a step
 * spent on reading the cached outputs of its batch.
 */
public final class KeptSpeed {
    private static final int WARM_UP = 3;

    private KeptSpeed() {}

    /** Run the benchmark; options are {@code --data --images --size --batch --student --teacher --mixup --pairs}. */
    public static void main(String... arguments) throws IOException {
        Options options = Options.of(
                Map.of(
                        "data", "shapes",
                        "images", "1024",
                        "size", "64",
                        "batch", "64",
                        "student", "resnet18",
                        "teacher", "resnet34",
                        "mixup", "0",
                        "pairs", "7"),
                arguments);
        Path folder = Files.createTempDirectory("answers");
        try (ImageData data = Datasets.open(options.text("data"))
                        .imageSize(options.number("size"))
                        .batchSize(options.number("batch"))
                        .maxTrainSamples(options.number("images"))
                        .build();
                Learner teacher = learner(data, options.text("teacher"));
                Learner alone = learner(data, options.text("student"));
                Learner taught = learner(data, options.text("student"))) {
            Teacher kept = CachedTeacher.onDisk(
                    ModuleTeacher.of(teacher), folder.resolve("rows"), Encoding.FLOAT32, line -> {});
            List<Callback> mixup = options.text("mixup").equals("0")
                    ? List.of()
                    : List.of(Mixup.blend(Double.parseDouble(options.text("mixup")))
                            .views(1));
            // The first epoch of each fills the cache and warms up.
            epoch(taught, taughtBy(kept, mixup));
            double step = epoch(alone);
            List<Double> ratios = new ArrayList<>();
            for (int pair = 0; pair < options.number("pairs"); pair++) {
                double with = epoch(taught, taughtBy(kept, mixup));
                step = epoch(alone);
                ratios.add(with / step);
                System.out.printf(
                        Locale.ROOT,
                        "{\"ms_with_kept_answers\": %.2f, \"ms_without_teacher\": %.2f, \"ratio\": %.3f}%n",
                        1e3 * with,
                        1e3 * step,
                        with / step);
            }
            double reading = reading(kept, mixup.isEmpty() ? data : mixup.get(0).decorate(data));
            System.out.printf(
                    Locale.ROOT,
                    "{\"median_ratio\": %.3f, \"reading_us\": %.0f, \"reading_share\": %.5f}%n",
                    Medians.of(ratios),
                    1e6 * reading,
                    reading / step);
        } finally {
            FileUtils.deleteDirectory(folder.toFile());
        }
    }

    private static Learner learner(ImageData data, String architecture) {
        return Learner.builder(data, Zoo.byName(architecture)).device("cpu").build();
    }

    private static Callback[] taughtBy(Teacher teacher, List<Callback> before) {
        List<Callback> all = new ArrayList<>(before);
        all.add(KnowledgeDistillation.from(teacher)
                .weight(0.5)
                .loss(new SoftTarget(4))
                .build());
        return all.toArray(Callback[]::new);
    }

    /** Return the median time of a step in seconds. */
    private static double epoch(Learner learner, Callback... more) {
        StepTimes times = new StepTimes(WARM_UP);
        List<Callback> callbacks = new ArrayList<>(List.of(more));
        callbacks.add(times);
        learner.fit(1, 1e-3, callbacks.toArray(Callback[]::new));
        return times.median();
    }

    /** Return the median seconds for reading the cached outputs of a training batch. */
    private static double reading(Teacher kept, Data data) {
        List<Double> seconds = new ArrayList<>();
        try (TeacherSession lesson = kept.open(data, Engine.device("cpu"));
                DataLoader batches = data.train(1)) {
            for (int i = 0; i < batches.batches(); i++) {
                try (Scope scope = Scope.open()) {
                    Batch batch = batches.next();
                    if (batch == null) throw new IllegalStateException("a batch is missing");
                    long begun = System.nanoTime();
                    lesson.logits(batch);
                    seconds.add((System.nanoTime() - begun) / 1e9);
                }
            }
        }
        return Medians.of(seconds);
    }
}
